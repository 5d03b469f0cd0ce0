// The installation in another control namespace, so that several hosts can share one cluster without seeing each other's Applications.
import { isRecord, type Manifest } from '../../../lib/model/manifest.ts';
import { type InstallPlan, NAMESPACE } from './install.ts';

/** The plan with `namespace` in place of the usual one. What is bound for the whole cluster gets a name of its own; roles are shared. */
export function relocated(plan: InstallPlan, namespace: string): InstallPlan {
  return namespace === NAMESPACE ? plan : { ...plan, objects: plan.objects.map((manifest) => moved(manifest, namespace)) };
}

function moved(manifest: Manifest, namespace: string): Manifest {
  const { metadata, kind } = manifest;
  if (kind === 'Namespace') return { ...manifest, metadata: { ...metadata, name: namespace } };
  const subjects: unknown = manifest['subjects'];
  return {
    ...manifest,
    metadata: {
      ...metadata,
      ...(metadata.namespace === undefined ? {} : { namespace }),
      ...(kind === 'ClusterRoleBinding' ? { name: `${metadata.name}-${namespace}` } : {}),
    },
    ...(Array.isArray(subjects) ? { subjects: subjects.map((subject) => (isRecord(subject) ? { ...subject, namespace } : subject)) } : {}),
  };
}
