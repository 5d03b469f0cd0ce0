// explain: the recorded facts of an Application -> why it is not Synced, not Healthy or not syncing, and what would change that.
import { CASCADE_FINALIZERS, REFRESH, SKIP_RECONCILE } from '../model/annotations.ts';
import type { Application } from '../model/application.ts';
import { annotationOf, keyOfRow, keyText } from '../model/manifest.ts';
import { isApproved } from './deletion.ts';
import { automation } from './explanation/automation.ts';
import { faults } from './explanation/conditions.ts';
import { type Explanation, isLeftAlone, type Surroundings, standingOf } from './explanation/explanation.ts';
import { DIFFERS, drift, restored, unhealthy } from './explanation/objects.ts';
import { underWay } from './explanation/operation.ts';

/** In the order in which a person would ask; empty when it is Synced and Healthy and nothing is on its way. */
export function explain(application: Application, around: Surroundings): readonly Explanation[] {
  const operation = underWay(application, around);
  return [
    ...standstill(application),
    ...faults(application, around),
    ...operation,
    ...outOfSync(application, around, operation),
    ...restored(application),
    ...unhealthy(application),
  ];
}

function standstill(application: Application): readonly Explanation[] {
  const { status, metadata } = application;
  const told = (says: string, next: string): readonly Explanation[] => [{ about: 'reconciliation', says, next }];
  if (isLeftAlone(application)) return told(`it is left alone: annotation ${SKIP_RECONCILE}`, 'remove the annotation');
  if (metadata.deletionTimestamp) return told(`it is being deleted since ${metadata.deletionTimestamp}`, deletionNext(application));
  if (status?.reconciledAt === undefined) {
    const next = 'a worker takes it up after the next sweep; if none does, look at its log and at the dead-letter queue';
    return told('no worker has looked at it yet', next);
  }
  if (annotationOf(application, REFRESH) !== undefined) return told('a refresh is asked for and not answered yet', 'wait for the worker');
  if (status.sync?.status !== 'Unknown' || status.conditions?.some(({ type }) => type.endsWith('Error'))) return [];
  return told('it could not be compared, and no condition says why', `evenkeel app get ${metadata.name} --refresh looks again`);
}

function deletionNext(application: Application): string {
  const { metadata, status } = application;
  const cascades = metadata.finalizers?.some((name) => CASCADE_FINALIZERS.includes(name));
  if (!cascades) return 'its objects stay; it goes when its metadata.finalizers are gone, and its conditions name what they wait for';
  const asks = !isApproved(application) && (status?.resources ?? []).some((row) => row.requiresDeletionConfirmation);
  const confirm = asks ? `; some wait for a confirmation: evenkeel app confirm-deletion ${metadata.name}` : '';
  return `it goes when its objects are gone: their metadata.finalizers, and its conditions, name what they wait for${confirm}`;
}

/** An object that the operation under way waits for is told there, but for the fields that differ. */
function outOfSync(application: Application, around: Surroundings, operation: readonly Explanation[]): readonly Explanation[] {
  if (application.status?.sync?.status !== 'OutOfSync') return [];
  const standing = standingOf(application);
  const told = new Set(standing === 'busy' ? operation.flatMap(({ object }) => (object ? [keyText(keyOfRow(object))] : [])) : []);
  const drifts = drift(application, around).filter(
    ({ object, says }) => !object || says === DIFFERS || !told.has(keyText(keyOfRow(object))),
  );
  return [...drifts, ...(standing === 'idle' ? automation(application, around) : [])];
}
