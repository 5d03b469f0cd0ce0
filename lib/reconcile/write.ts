// writeApplication: one merge patch for status, operation, annotations and finalizers, fenced by resourceVersion.
import { isDeepStrictEqual } from 'node:util';
import { REFRESH, REFRESH_TIMESTAMP } from '../model/annotations.ts';
import { type Application, type ApplicationStatus, parseApplication } from '../model/application.ts';
import { Conflict, InvalidInput } from '../model/errors.ts';
import type { LiveObject } from '../model/manifest.ts';
import { mergePatch, withoutUndefined } from '../model/merge-patch.ts';
import type { Operation } from '../model/operation.ts';
import type { Control } from '../ports.ts';

export interface Change {
  readonly status?: ApplicationStatus;
  /** Null ends the request that it stands for. */
  readonly operation?: Operation | null;
  /** Null takes an annotation away. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly finalizers?: readonly string[];
}

/** Somebody else's write that does not concern us is read and written upon; more of them in a row is a fight. */
const REBASES = 3;

/**
 * Writes what differs, and nothing when nothing does. Returns the Application as it is now, without a refresh that was asked for meanwhile.
 * Throws Conflict when the operation is no longer the one that `application` was read with: whoever is slower stops.
 */
export async function writeApplication(control: Control, application: Application, change: Change): Promise<Application> {
  let base = application;
  for (let tries = 0; ; tries += 1) {
    const patch = patchOf(base, change, application);
    if (!patch) return unasked(base, application);
    try {
      const resourceVersion = base.metadata.resourceVersion ?? '';
      return unasked(reread(await control.patchApplication(base.metadata, patch, { resourceVersion }), application), application);
    } catch (error) {
      if (!(error instanceof Conflict) || tries >= REBASES) throw error;
      base = await rebased(control, application, error);
    }
  }
}

function patchOf(base: Application, change: Change, read: Application): Record<string, unknown> | undefined {
  const status = change.status && mergePatch({ ...base.status }, { ...change.status });
  const annotations = changedAnnotations(base, read, change.annotations ?? {});
  const finalizers = changedFinalizers(base, read, change.finalizers);
  const metadata = { ...(annotations ? { annotations } : {}), ...(finalizers ? { finalizers } : {}) };
  const operation = change.operation === undefined || (change.operation === null && !base.operation) ? {} : { operation: change.operation };
  const patch = {
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    ...operation,
    ...(status ? { status } : {}),
  };
  return Object.keys(patch).length > 0 ? (withoutUndefined(patch) as Record<string, unknown>) : undefined; // an object stays one
}

function changedAnnotations(
  base: Application,
  read: Application,
  wanted: Readonly<Record<string, string | null>>,
): Record<string, string | null> | undefined {
  const changed = Object.entries(wanted).filter(([name, value]) => (base.metadata.annotations?.[name] ?? null) !== value);
  const ours = isNewRefresh(base, read) ? changed.filter(([name]) => name !== REFRESH && name !== REFRESH_TIMESTAMP) : changed;
  return ours.length > 0 ? Object.fromEntries(ours) : undefined;
}

/** As it is now, but for a refresh that was asked for meanwhile: no write that follows may take it for answered. */
function unasked(now: Application, read: Application): Application {
  if (!isNewRefresh(now, read)) return now;
  const { [REFRESH]: _refresh, [REFRESH_TIMESTAMP]: _time, ...annotations } = now.metadata.annotations ?? {};
  return { ...now, metadata: { ...now.metadata, annotations } };
}

/** A refresh that was asked for after `read` has not been answered (spec/application.md §8). */
function isNewRefresh(base: Application, read: Application): boolean {
  return [REFRESH, REFRESH_TIMESTAMP].some((name) => base.metadata.annotations?.[name] !== read.metadata.annotations?.[name]);
}

/**
 * What we take away goes, what we add comes; what somebody else put there meanwhile stays. Of an Application whose deletion began after it
 * was read they are the deletion's: the API server takes no new ones any more.
 */
function changedFinalizers(base: Application, read: Application, wanted: readonly string[] | undefined): readonly string[] | undefined {
  if (!wanted || (base.metadata.deletionTimestamp && !read.metadata.deletionTimestamp)) return undefined;
  const before = read.metadata.finalizers ?? [];
  const left = (base.metadata.finalizers ?? []).filter((name) => wanted.includes(name) || !before.includes(name));
  const added = wanted.filter((name) => !before.includes(name) && !left.includes(name));
  const next = [...left, ...added];
  return isDeepStrictEqual(next, base.metadata.finalizers ?? []) ? undefined : next;
}

async function rebased(control: Control, application: Application, conflict: Conflict): Promise<Application> {
  const object = await control.application(application.metadata);
  if (!object) throw conflict;
  const fresh = reread(object, application);
  const same = fresh.metadata.uid === application.metadata.uid;
  if (same && isSameOperation(application, fresh)) return fresh;
  throw new Conflict(`${application.metadata.name}: its operation was changed by someone else`, { cause: conflict });
}

/** A spec that does not parse must not keep its condition from being written: the one at hand stands for it. */
function reread(object: LiveObject, read: Application): Application {
  try {
    return parseApplication(object);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return parseApplication({ ...object, spec: read.spec });
  }
}

/** Its whole record counts: another worker may have come further in the same phase, or begun the next attempt. */
function isSameOperation(ours: Application, theirs: Application): boolean {
  const same = isDeepStrictEqual(ours.status?.operationState, theirs.status?.operationState);
  return same && Boolean(ours.operation) === Boolean(theirs.operation);
}
