// What a script says of the API server, as an admission webhook says it.
import { isDeepStrictEqual } from 'node:util';
import type { Manifest } from '../../lib/model/manifest.ts';
import type { AdmissionRequest, Refusal } from './refusing-webhook.ts';
import type { Nature } from './simulator.ts';

/** Who binds claims would have its own word on how they do. */
export function refusalOfBinding({ subResource, userInfo }: AdmissionRequest): Refusal | undefined {
  const binds = subResource === 'status' && userInfo.username.endsWith(':persistent-volume-binder');
  return binds ? { code: 403, message: 'the test says how claims do' } : undefined;
}

/** The answer to somebody who is no controller of the control plane. */
export function refusalBy(nature: Nature, { operation, userInfo, object, oldObject, subResource }: AdmissionRequest): Refusal | undefined {
  if (userInfo.username.startsWith('system:') || subResource) return undefined;
  const { refusal, undeletable, uncreatable, fixed } = nature;
  if (refusal !== undefined) return { code: 403, message: refusal };
  if (operation === 'DELETE') return undeletable === undefined ? undefined : { code: 403, message: undeletable };
  if (operation === 'CREATE') return uncreatable === undefined ? undefined : { code: 422, message: uncreatable };
  const changes = fixed !== undefined && !isDeepStrictEqual(essence(object), essence(oldObject));
  return changes ? { code: 422, message: fixed } : undefined;
}

/** An object without what the API server counts and notes. */
function essence(object: Manifest | null): unknown {
  if (!object) return object;
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata };
}
