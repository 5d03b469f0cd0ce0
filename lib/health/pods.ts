// Health of a Pod (spec/health.md §4): phase, and for pods that are meant to stay what their containers say.
import * as z from 'zod';
import { IGNORE_RESTART_POLICY } from '../model/annotations.ts';
import type { Health } from '../model/application.ts';
import { isHook } from '../model/hook.ts';
import { annotationOf, type LiveObject } from '../model/manifest.ts';
import { condition, count, health, listOf, struct, text, typedRule } from './decode.ts';

const terminated = z.looseObject({ exitCode: count, reason: text, message: text }).nullish();
const containerStatus = struct({
  name: text,
  state: struct({ waiting: z.looseObject({ reason: text, message: text }).nullish(), terminated }),
  lastState: struct({ terminated }),
});

const pod = struct({
  spec: struct({ restartPolicy: text }),
  status: struct({
    phase: text,
    message: text,
    conditions: listOf(condition),
    containerStatuses: listOf(containerStatus),
    initContainerStatuses: listOf(containerStatus),
  }),
});

type Pod = z.output<typeof pod>;
type ContainerStatus = z.output<typeof containerStatus>;

export const podHealth = typedRule(['v1'], pod, (object, live) => {
  const { phase, message } = object.status;
  const lasting = isLasting(object, live);
  const stuck = lasting ? object.status.containerStatuses.filter(isStuck) : [];
  if (stuck.length > 0) return health('Degraded', stuck.map(({ state }) => state.waiting?.message ?? '').join(', '));
  if (phase === 'Pending') return health('Progressing', message);
  if (phase === 'Succeeded') return health('Healthy', message);
  if (phase === 'Failed') return health('Degraded', message || failure(object));
  if (phase === 'Running') return running(object, lasting);
  return health('Unknown', message);
});

function isLasting(object: Pod, live: LiveObject): boolean {
  if (object.spec.restartPolicy === 'Always') return true;
  return annotationOf(live, IGNORE_RESTART_POLICY) === 'true' && !isHook(live);
}

function isStuck({ state: { waiting } }: ContainerStatus): boolean {
  return waiting ? /^Err|(?:Error|BackOff)$/.test(waiting.reason) : false;
}

function running({ spec, status }: Pod, lasting: boolean): Health {
  if (!lasting) {
    const ends = spec.restartPolicy === 'OnFailure' || spec.restartPolicy === 'Never';
    return health(ends ? 'Progressing' : 'Unknown', status.message);
  }
  if (status.conditions.find(({ type }) => type === 'Ready')?.status === 'True') return health('Healthy', status.message);
  const crashed = status.containerStatuses.some(({ lastState }) => lastState.terminated);
  return health(crashed ? 'Degraded' : 'Progressing', status.message);
}

/** What the first failed container says, init containers first. */
function failure({ status }: Pod): string {
  const all = [...status.initContainerStatuses, ...status.containerStatuses];
  return all.map(endOf).find((message) => message !== '') ?? '';
}

function endOf({ name, state: { terminated: end } }: ContainerStatus): string {
  if (!end) return '';
  if (end.message !== '') return end.message;
  if (end.reason === 'OOMKilled') return end.reason;
  return end.exitCode === 0 ? '' : `container "${name}" failed with exit code ${end.exitCode}`;
}
