// What a push changed: references before and after it, and the commits with their files, as data.

/** A reference that a push moved. `before` or `after` is forty zeros when it was created or deleted. */
export interface RefChange {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

/** One commit of a push, with the paths that it touched against its first parent. */
export interface PushedCommit {
  readonly id: string;
  readonly tree: string;
  readonly message: string;
  readonly timestamp: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly committer: { readonly name: string; readonly email: string };
  readonly added: readonly string[];
  readonly modified: readonly string[];
  readonly removed: readonly string[];
}

/** A push as `onPush` gets it: one for each reference that moved. */
export interface Push extends RefChange {
  /** Name without `.git`. */
  readonly repository: string;
  /** Address of the repository without `.git`; the clone URL is this and `.git`. */
  readonly url: string;
  readonly defaultBranch: string;
  /** Oldest first, the newest 2048 of them, as GitHub limits them. */
  readonly commits: readonly PushedCommit[];
  readonly created: boolean;
  readonly deleted: boolean;
  readonly forced: boolean;
}

export const NO_COMMIT = '0'.repeat(40);

/** Reads `git for-each-ref --format=%(objectname) %(refname)`. */
export function parseRefs(output: string): ReadonlyMap<string, string> {
  const lines = output.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

/** Branches and tags that differ between two readings, by name. */
export function refChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly RefChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((ref) => /^refs\/(heads|tags)\//.test(ref)).sort();
  return names
    .map((ref) => ({ ref, before: before.get(ref) ?? NO_COMMIT, after: after.get(ref) ?? NO_COMMIT }))
    .filter((change) => change.before !== change.after);
}

const FIELDS = ['%H', '%T', '%an', '%ae', '%cn', '%ce', '%cI', '%B'];

/** Arguments of `git log` that `parseLog` reads: headers between STX and ETX, names ended by NUL so that any path survives. */
export const LOG_FORMAT = [
  'log',
  '-z',
  '--no-renames',
  '--name-status',
  '--diff-merges=first-parent',
  '--max-count=2048',
  `--format=%x02${FIELDS.join('%x1f')}%x03`,
];

/** The commits in the output of `git log` with LOG_FORMAT, oldest first. */
export function parseLog(output: string): readonly PushedCommit[] {
  const commits: { header: string; files: (readonly [string, string])[] }[] = [];
  const tokens = output.split('\0');
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? '';
    if (token.startsWith('\x02')) commits.push({ header: token.slice(1, -1), files: [] });
    else if (token.trim() !== '') commits.at(-1)?.files.push([token.trim(), tokens[++at] ?? '']);
  }
  return commits.map(({ header, files }) => commit(header, files)).reverse();
}

function commit(header: string, files: readonly (readonly [string, string])[]): PushedCommit {
  const [id = '', tree = '', name = '', email = '', committerName = '', committerEmail = '', timestamp = '', ...message] =
    header.split('\x1f');
  const withStatus = (wanted: (status: string) => boolean) => files.filter(([status]) => wanted(status)).map(([, path]) => path);
  return {
    id,
    tree,
    message: message.join('\x1f').trimEnd(),
    timestamp,
    author: { name, email },
    committer: { name: committerName, email: committerEmail },
    added: withStatus((status) => status === 'A'),
    modified: withStatus((status) => status !== 'A' && status !== 'D'),
    removed: withStatus((status) => status === 'D'),
  };
}
