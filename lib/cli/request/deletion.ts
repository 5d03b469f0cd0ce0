// `app delete`: which finalizers an Application needs before it is deleted (spec/api.md §4.2, spec/application.md §9).
import { CASCADE_FINALIZERS, RESOURCES_FINALIZER } from '../../model/annotations.ts';

export interface DeletionRequest {
  readonly cascade: boolean;
  /** Only when it was asked for; `''` is the plain finalizer. */
  readonly policy: string;
}

const CASCADE: ReadonlyMap<string, string> = new Map([
  ['', RESOURCES_FINALIZER],
  ['foreground', `${RESOURCES_FINALIZER}/foreground`],
  ['background', `${RESOURCES_FINALIZER}/background`],
]);

/** Why a deletion cannot be asked for like this; undefined when it can. */
export function deletionRefusal(request: DeletionRequest): string | undefined {
  if (!CASCADE.has(request.policy)) return `invalid propagation policy: ${request.policy}`;
  if (!request.cascade && request.policy !== '') return 'cannot set propagation policy when cascading is disabled';
  return undefined;
}

/** The finalizers to write before the deletion; undefined when they are right as they are. */
export function finalizersFor(present: readonly string[], request: DeletionRequest): readonly string[] | undefined {
  if (!request.cascade) return present.some(isCascade) ? present.filter((each) => !isCascade(each)) : undefined;
  const wanted = CASCADE.get(request.policy) ?? RESOURCES_FINALIZER;
  return present.includes(wanted) ? undefined : [...present, wanted];
}

function isCascade(finalizer: string): boolean {
  return CASCADE_FINALIZERS.includes(finalizer);
}
