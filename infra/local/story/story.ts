// runStory: the Bookstore from the first apply to the last object gone, each step checked against the real cluster.
import { bootstrap } from './bootstrap.ts';
import { crash } from './crash.ts';
import { credential } from './credential.ts';
import { drift } from './drift.ts';
import { failure } from './failure.ts';
import { farewell } from './farewell.ts';
import { guardrails } from './guardrails.ts';
import { prune } from './prune.ts';
import type { Scene, StoryHost } from './scene.ts';
import { ship } from './ship.ts';
import { openShop, type Shop } from './shop.ts';

export interface Step {
  readonly title: string;
  readonly play: (scene: Scene, shop: Shop) => Promise<void>;
}

export const STEPS: readonly Step[] = [bootstrap, drift, ship, failure, prune, guardrails, credential, crash, farewell];

/** Plays all steps; throws at the first that fails, naming it. `print` takes one line at a time. */
export async function runStory(host: StoryHost, print: (line: string) => void, signal: AbortSignal): Promise<void> {
  const scene: Scene = { host, signal, say: (line) => print(`      ${line}`) };
  const began = Date.now();
  const shop = await openShop(scene);
  for (const [index, step] of STEPS.entries()) {
    print(`[${index + 1}/${STEPS.length}] ${step.title}`);
    const start = Date.now();
    try {
      await step.play(scene, shop);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`step ${index + 1} of ${STEPS.length}, "${step.title}", failed: ${reason}`, { cause });
    }
    print(`      done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  }
  print(`The story is told: ${STEPS.length} steps in ${((Date.now() - began) / 1000).toFixed(0)} s.`);
}
