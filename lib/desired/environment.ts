// The build environment of a source and its substitution in parameters (spec/rendering.md §2).
import { withoutUserinfo } from '../model/git-url.ts';

export type BuildEnvironment = Readonly<Record<string, string>>;

export interface BuildFacts {
  readonly instanceName: string;
  readonly destinationNamespace: string;
  readonly project: string;
  readonly revision: string;
  readonly repoURL: string;
  readonly path: string;
  readonly targetRevision: string;
}

const REFERENCE = /\$(?:\$|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|[0-9*#@!?-])/g;

export function buildEnvironment(facts: BuildFacts): BuildEnvironment {
  return {
    ARGOCD_APP_NAME: facts.instanceName,
    ARGOCD_APP_NAMESPACE: facts.destinationNamespace,
    ARGOCD_APP_PROJECT_NAME: facts.project,
    ARGOCD_APP_REVISION: facts.revision,
    ARGOCD_APP_REVISION_SHORT: facts.revision.slice(0, 7),
    ARGOCD_APP_REVISION_SHORT_8: facts.revision.slice(0, 8),
    ARGOCD_APP_SOURCE_REPO_URL: withoutUserinfo(facts.repoURL),
    ARGOCD_APP_SOURCE_PATH: facts.path,
    ARGOCD_APP_SOURCE_TARGET_REVISION: facts.targetRevision,
  };
}

/** `$VAR` and `${VAR}` by their values; unknown names and shell specials become empty, `$$` is `$`, any other lone `$` stays. */
export function substituted(text: string, environment: BuildEnvironment): string {
  return text.replace(REFERENCE, (whole: string, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    return Object.hasOwn(environment, name) ? (environment[name] ?? '') : '';
  });
}
