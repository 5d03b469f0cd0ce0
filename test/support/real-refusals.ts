// What a script says of the API server, as an admission webhook says it.
import { isDeepStrictEqual } from 'node:util';
import { isHeld } from '../../lib/model/hook.ts';
import type { Manifest } from '../../lib/model/manifest.ts';
import type { AdmissionRequest, Refusal } from './refusing-webhook.ts';
import type { Nature } from './simulator.ts';

/** Who binds claims would have its own word on how they do. */
export function refusalOfBinding({ subResource, userInfo }: AdmissionRequest): Refusal | undefined {
  const binds = subResource === 'status' && userInfo.username.endsWith(':persistent-volume-binder');
  return binds ? { code: 403, message: 'the test says how claims do' } : undefined;
}

/** The answer to somebody who is no controller of the control plane. */
export function refusalBy(nature: Nature, asked: AdmissionRequest): Refusal | undefined {
  if (asked.userInfo.username.startsWith('system:') || asked.subResource) return undefined;
  return told(403, nature.refusal) ?? JUDGED[asked.operation](nature, asked);
}

const JUDGED: Readonly<Record<AdmissionRequest['operation'], (nature: Nature, asked: AdmissionRequest) => Refusal | undefined>> = {
  CREATE: ({ uncreatable }) => told(422, uncreatable),
  UPDATE: ({ unreleasable, fixed }, { object, oldObject }) => {
    if (isDeepStrictEqual(essence(object), essence(oldObject))) return undefined;
    return (isLetGo(object, oldObject) ? told(403, unreleasable) : undefined) ?? told(422, fixed);
  },
  DELETE: ({ undeletable }) => told(403, undeletable),
};

function told(code: Refusal['code'], message: string | undefined): Refusal | undefined {
  return message === undefined ? undefined : { code, message };
}

function isLetGo(object: Manifest | null, before: Manifest | null): boolean {
  return before !== null && isHeld(before) && object !== null && !isHeld(object);
}

/** An object without what the API server counts and notes. */
function essence(object: Manifest | null): unknown {
  if (!object) return object;
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata };
}
