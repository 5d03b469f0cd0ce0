// Runs a plan in its checkout: reads plain manifests, or starts kustomize or helm and reads what they print.
import { join } from 'node:path';
import type { Manifest } from '../model/manifest.ts';
import { parseManifests } from '../model/yaml.ts';
import type { Checkout, ToolRun, Tools } from '../ports.ts';
import { closureEntries, type Paths } from './closure.ts';
import { readDirectory } from './directory.ts';
import type { HelmPlan } from './helm.ts';
import type { KustomizePlan } from './kustomize.ts';
import type { RenderPlan } from './source.ts';

export interface Checkouts {
  readonly own: Checkout;
  readonly refs: ReadonlyMap<string, Checkout>;
}

const SHOWN = '<path to cached source>';

/** The manifests of a plan as they are rendered. Throws InvalidInput with the file and line, or with what the tool says. */
export async function runPlan(plan: RenderPlan, closure: Paths, checkouts: Checkouts, tools: Tools): Promise<readonly Manifest[]> {
  switch (plan.type) {
    case 'Directory':
      return readDirectory(plan, checkouts.own.files);
    case 'Kustomize':
      return parseManifests(await runKustomize(plan, closure, checkouts.own, tools), 'output of kustomize build');
    case 'Helm':
      return parseManifests(await tools.helm(helmRun(plan, checkouts)), 'output of helm template');
    default:
      return plan satisfies never;
  }
}

/** What a source adds is written into a private copy of the files that kustomize reads: the checkout is shared. */
async function runKustomize(plan: KustomizePlan, closure: Paths, own: Checkout, tools: Tools): Promise<string> {
  const run = (dir: string): ToolRun => ({ cwd: dir, args: [`./${plan.folder}`], hide: { [dir]: SHOWN } });
  if (!plan.edited) return tools.kustomize(run(own.dir));
  const copy = await own.copy(closureEntries(closure, own.files.tree));
  try {
    await copy.write(plan.edited.file, plan.edited.text);
    return await tools.kustomize(run(copy.dir));
  } finally {
    await copy.release();
  }
}

function helmRun(plan: HelmPlan, { own, refs }: Checkouts): ToolRun {
  const dirOf = (ref: string) => (ref === '' ? own : refs.get(ref))?.dir ?? own.dir;
  return {
    cwd: join(own.dir, plan.folder),
    args: plan.args.map((argument) =>
      typeof argument === 'string' ? argument : argument.prefix + join(dirOf(argument.file.ref), argument.file.path),
    ),
    ...(plan.input === undefined ? {} : { input: plan.input }),
    hide: Object.fromEntries([own, ...refs.values()].map(({ dir }) => [dir, SHOWN])),
  };
}
