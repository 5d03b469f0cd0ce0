// Scripts of rounds in test/cases/sync on the simulator: the steps that follow, what is asked of the cluster, the rows that are kept and the
// message.
import { describe, test } from 'vitest';
import type { Step } from '../../../lib/sync/step.ts';
import type { SyncTask } from '../../../lib/sync/task.ts';
import { rowTexts, shortName, simulated, syncScripts } from '../../support/sync-script.ts';

describe('a sync in which', () => {
  test.each(syncScripts().map((script) => ({ name: script.golden.name, script })))('$name', ({ script }) => {
    for (const { round, done, requests } of simulated(script)) {
      const { phase, message } = done.state;
      const steps = done.steps.map(stepText);
      script.golden.check({ steps, requests, phase, message, rows: rowTexts(done.state) }, `${round.name}/expected.yaml`);
    }
  });
});

function namesOf(tasks: readonly SyncTask[]): readonly string[] {
  return tasks.map(({ key }) => shortName(key));
}

/** A step as people would say it. */
function stepText(step: Step): unknown {
  switch (step.kind) {
    case 'run': {
      const tasks = [...step.prune, ...step.apply.flat()];
      const waves = [...new Set(tasks.map(({ phase, wave }) => `${phase} ${wave}`))].join(', ');
      const prune = step.prune.length > 0 ? { prune: namesOf(step.prune) } : {};
      return { run: waves, ...prune, ...(step.apply.length > 0 ? { apply: step.apply.map(namesOf) } : {}) };
    }
    case 'recreate':
      return { recreate: namesOf(step.tasks), message: step.message };
    case 'wait':
      return { wait: step.afterSeconds, message: step.message };
    case 'release':
      return { release: namesOf(step.hooks) };
    case 'deleteHooks':
      return { deleteHooks: namesOf(step.hooks), message: step.message };
    case 'finish':
      return {
        finish: step.phase,
        message: step.message,
        ...(step.deleteHooks.length > 0 ? { deleteHooks: namesOf(step.deleteHooks) } : {}),
        ...(step.release.length > 0 ? { release: namesOf(step.release) } : {}),
      };
  }
}
