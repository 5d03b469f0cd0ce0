// Pushes passed on to the webhook while it is switched on, with a line for the terminal about each.
import { messageOf } from '../../../lib/model/errors.ts';
import { type Answer, type DeliveryTarget, deliver } from './delivery.ts';
import type { Push } from './push.ts';

/** A push and what the webhook said to it; no answer: it was switched off or did not answer. */
export interface Announced {
  readonly push: Push;
  readonly answer: Answer | undefined;
}

export interface Announcer {
  readonly onPush: (push: Push) => Promise<void>;
  /** Where to tell; until then nothing is told. */
  target: DeliveryTarget | undefined;
  /** Off: a push goes unheard, as when a webhook is lost. */
  on: boolean;
  /** The last hundred, oldest first. */
  announced(): readonly Announced[];
}

const KEPT = 100;

export function createAnnouncer(say: (line: string) => void): Announcer {
  const kept: Announced[] = [];
  const announcer: Announcer = {
    target: undefined,
    on: true,
    announced: () => [...kept],
    onPush: async (push) => {
      const { target, on } = announcer;
      const answer = on && target !== undefined ? await attempt(push, target, say) : undefined;
      kept.push({ push, answer });
      if (kept.length > KEPT) kept.shift();
      const what = `push to ${push.repository} ${push.ref.replace(/^refs\/(heads|tags)\//, '')} ${push.after.slice(0, 7)}`;
      if (answer !== undefined) say(`${what}: webhook answered ${answer.status} ${answer.body}`);
      else if (!on) say(`${what}: the webhook is off, nobody was told`);
    },
  };
  return announcer;
}

async function attempt(push: Push, target: DeliveryTarget, say: (line: string) => void): Promise<Answer | undefined> {
  try {
    return await deliver(push, target);
  } catch (thrown) {
    say(`push to ${push.repository}: the webhook did not answer: ${messageOf(thrown)}`);
    return undefined;
  }
}
