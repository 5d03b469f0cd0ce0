// Orphaned resources: objects of the destination namespace that belong to no Application (spec/project.md §5).
import { globMatches } from '../model/glob.ts';
import { annotationOf, groupVersionOf, keyOf, keyText, type LiveObject } from '../model/manifest.ts';
import type { AppProject, OrphanFilter } from '../model/project.ts';
import { hasOwner } from '../model/tracking.ts';
import { permitsKind } from './project.ts';

/** What every namespace has without anybody's doing. */
const GIVEN: readonly OrphanFilter[] = [
  { group: '', kind: 'ServiceAccount', name: 'default' },
  { group: '', kind: 'ConfigMap', name: 'kube-root-ca.crt' },
];

/**
 * Those of a namespace's objects that are top level, permitted by the project and not excused by it, and not in `managed` (`keyText`).
 * Of the objects nothing but metadata is read. Whose marks they carry is not looked at.
 */
export function orphansAmong(objects: readonly LiveObject[], managed: ReadonlySet<string>, project: AppProject): readonly LiveObject[] {
  const excused = [...GIVEN, ...(project.spec.orphanedResources?.ignore ?? [])];
  const sets = objects.filter(({ apiVersion, kind }) => kind === 'StatefulSet' && apiVersion.startsWith('apps/'));
  return objects.filter((object) => {
    const key = keyOf(object);
    if (managed.has(keyText(key)) || isMade(object, sets) || !permitsKind(project, key, true)) return false;
    if (key.kind === 'Service' && key.group === '' && key.namespace === 'default' && key.name === 'kubernetes') return false;
    return !excused.some((filter) => covers(filter, object));
  });
}

function covers({ group = '', kind = '', name = '' }: OrphanFilter, { apiVersion, kind: its, metadata }: LiveObject): boolean {
  const inGroup = globMatches(group, groupVersionOf(apiVersion).group);
  return inGroup && (kind === '' || globMatches(kind, its)) && (name === '' || globMatches(name, metadata.name ?? ''));
}

/** By a controller: it says so, or its kind and name do, of which metadata alone tells. */
function isMade(object: LiveObject, sets: readonly LiveObject[]): boolean {
  if (hasOwner(object)) return true;
  if (object.kind === 'Secret') return annotationOf(object, 'kubernetes.io/service-account.name') !== undefined;
  if (object.kind !== 'PersistentVolumeClaim') return false;
  const { name = '' } = object.metadata;
  const [, owner = ''] = /^(.*)-\d+$/.exec(name) ?? [];
  return sets.some(({ metadata }) => owner.endsWith(`-${metadata.name}`));
}

/** The condition for so many orphans, where the project wants a warning. */
export function orphanWarning(project: AppProject, count: number): readonly { type: 'OrphanedResourceWarning'; message: string }[] {
  if (project.spec.orphanedResources?.warn !== true || count === 0) return [];
  return [{ type: 'OrphanedResourceWarning', message: `Application has ${count} orphaned resources` }];
}
