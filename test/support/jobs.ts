// A job of the renderer that a test changes what it is about in.
import type { KustomizeJob } from '../../lib/model/rendering.ts';

/** A kustomization at the root of a repository. */
export const KUSTOMIZE_JOB: KustomizeJob = {
  type: 'kustomize',
  folder: '',
  loadRestrictionsNone: false,
  enableHelm: false,
  helmKubeVersion: '',
  helmApiVersions: [],
  remotes: {},
  charts: {},
};
