// One form for the many ways to write a Git URL (spec/credentials.md §2). Every comparison of repository URLs goes through here,
// except the matching of webhook payloads, which spec/webhook.md §6.1 keeps apart.

const SSH_FORM = /^(?:ssh:\/\/)?[^/:]*?@[^@]+$/;
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/;

/** Lower-cased, one trailing `.git` off, scp style turned into a path; `''` for what is no URL. https and ssh forms stay different. */
export function normalizeGitUrl(repoURL: string): string {
  const text = repoURL.trim().toLowerCase();
  const withScheme = SSH_FORM.test(text) && !text.startsWith('ssh://') ? `ssh://${text.replace(':', '/')}` : text;
  const bare = withScheme.endsWith('.git') ? withScheme.slice(0, -'.git'.length) : withScheme;
  if (!readsAsUrl(bare)) return '';
  const escaped = escapePath(bare);
  return escaped.startsWith('ssh://') ? escaped.slice('ssh://'.length) : escaped;
}

/** Whether two texts name one repository; what is no URL is compared as it stands. */
export function sameGitUrl(left: string, right: string): boolean {
  const normalized = normalizeGitUrl(left) || left;
  return normalized !== '' && normalized === (normalizeGitUrl(right) || right);
}

/** A text in which no URL names a user or a password any more: what people, rendered text and children of ours see. */
export function withoutUserinfo(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^/?#\s"']*@/gi, '$1');
}

/** What Go's url.Parse refuses: control characters, a broken percent escape, a port that is not a number. */
function readsAsUrl(text: string): boolean {
  if ([...text].some((character) => character < ' ' || character === '\u007f')) return false;
  if (/%(?![0-9a-f]{2})/.test(text)) return false;
  const host = AUTHORITY.exec(text)?.[1]?.replace(/^.*@/, '') ?? '';
  return !/\s/.test(host) && /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/.test(host);
}

function escapePath(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, (character) => encodeURIComponent(character));
}
