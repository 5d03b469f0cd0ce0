// An entry of a kustomization that is not in the repository: which repository, folder and ref it names, or which file
// (kustomize, "remote targets" and its URL forms).
import { InvalidInput } from '../model/errors.ts';
import { withoutUserinfo } from '../model/git-url.ts';

export type Remote =
  | { readonly kind: 'folder'; readonly repoURL: string; readonly path: string; readonly ref: string }
  | { readonly kind: 'file'; readonly url: string; readonly fixed: boolean };

const FILE = /^https?:\/\/[^?#]+\.(?:ya?ml|json)(?:[?#]|$)/i;
/** A segment that names a commit or a version: what is there is not expected to change. */
const FIXED = /\/(?:[0-9a-f]{40}|v?\d+\.\d+(?:\.\d+)?(?:[-+.][\w.+-]*)?)(?=\/)/i;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const HOST = /^([\w.-]+(?::\d+)?\/)(.*)$/;
const SCP = /^([^/@\s]+@[^/:\s]+):(.*)$/;

/** Throws InvalidInput for a form that kustomize knows and that is not fetched here. */
export function parseRemote(text: string): Remote {
  if (FILE.test(text) && !/[?&]ref=/.test(text) && !/[^:]\/\//.test(text)) {
    return { kind: 'file', url: text, fixed: isFixedUrl(text) };
  }
  const [target = '', query = ''] = withoutPrefix(text).split('?', 2);
  const { host, path } = hostAndPath(target);
  const { repository, folder } = splitPath(path);
  if (repository === '') throw new InvalidInput(`${shownRemote(text)}: no repository can be read from it`);
  const parameters = new URLSearchParams(query);
  return { kind: 'folder', repoURL: host + repository, path: folder, ref: parameters.get('ref') ?? parameters.get('version') ?? '' };
}

/** Whether a file's URL names a commit or a version. */
export function isFixedUrl(url: string): boolean {
  return FIXED.test(URL.parse(url)?.pathname ?? '');
}

/** An entry as messages may show it. */
export function shownRemote(text: string): string {
  return withoutUserinfo(text).replace(/[?&](?!ref=|version=)[^&]*/g, '');
}

function withoutPrefix(text: string): string {
  return text.replace(/^git::/, '').replace(/^gh:/i, 'https://github.com/');
}

/** The part that says where, as a URL begins, and what comes after it. */
function hostAndPath(target: string): { readonly host: string; readonly path: string } {
  const scheme = SCHEME.exec(target)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https' || scheme === 'ssh') {
    const slash = target.indexOf('/', scheme.length + 3);
    return slash < 0 ? { host: target, path: '' } : { host: target.slice(0, slash + 1), path: target.slice(slash + 1) };
  }
  if (scheme !== undefined)
    throw new InvalidInput(`${shownRemote(target)}: kustomizations at ${scheme} URLs are refused; use https or ssh`);
  const [, user, rest] = SCP.exec(target) ?? [];
  if (user !== undefined && rest !== undefined) return { host: `${user}:`, path: rest.replace(/^\//, '') };
  const [, host, path] = HOST.exec(target) ?? [];
  return { host: `https://${host ?? ''}`, path: path ?? '' };
}

/** `//` parts the repository from the folder, else `.git` or `_git/NAME` ends it, else it has two names. */
function splitPath(path: string): { readonly repository: string; readonly folder: string } {
  const doubled = path.indexOf('//');
  if (doubled >= 0) return { repository: path.slice(0, doubled), folder: trimmed(path.slice(doubled + 2)) };
  const [ended = ''] = /^.*?\.git(?=\/|$)|^.*?_git\/[^/]+/.exec(path) ?? /^[^/]+\/[^/]+/.exec(path) ?? [path];
  return { repository: trimmed(ended), folder: trimmed(path.slice(ended.length)) };
}

function trimmed(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
