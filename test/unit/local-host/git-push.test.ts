// What a push changed, read from git's own output.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pushPayload, signature } from '../../../infra/local/git/delivery.ts';
import { NO_COMMIT, type Push, parseLog, parseRefs, refChanges } from '../../../infra/local/git/push.ts';
import { repositoryName } from '../../../infra/local/git/repository.ts';
import { askedOf } from '../../../infra/local/git/server.ts';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];

describe('references before and after a push', () => {
  test('give what was created, moved and deleted, branches and tags alone', () => {
    const before = parseRefs(`${one} refs/heads/main\n${one} refs/heads/old\n${one} refs/heads/same\n${one} refs/notes/x\n`);
    const after = parseRefs(`${two} refs/heads/main\n${one} refs/heads/same\n${two} refs/notes/x\n${two} refs/tags/v1\n`);
    expect(refChanges(before, after)).toEqual([
      { ref: 'refs/heads/main', before: one, after: two },
      { ref: 'refs/heads/old', before: one, after: NO_COMMIT },
      { ref: 'refs/tags/v1', before: NO_COMMIT, after: two },
    ]);
  });

  test('that are the same give nothing, whatever they are', () => {
    const refs = fc.dictionary(fc.constantFrom('refs/heads/a', 'refs/heads/b/c', 'refs/tags/d'), fc.constantFrom(one, two));
    fc.assert(
      fc.property(refs, (names) => {
        const map = new Map(Object.entries(names));
        expect(refChanges(map, new Map(map))).toEqual([]);
      }),
    );
  });
});

/** As `git log -z --name-status` prints it. */
function logOf(
  commits: readonly { readonly id: string; readonly message: string; readonly files: readonly (readonly [string, string])[] }[],
): string {
  const entry = ({ id, message, files }: (typeof commits)[number]) => {
    const header = `\x02${[id, 'tree', 'Robin', 'robin@example.com', 'Sam', 'sam@example.com', '2026-01-02T03:04:05Z', `${message}\n`].join('\x1f')}\x03`;
    return [header, ...files.flatMap(([status, path], index) => [index === 0 ? `\n${status}` : status, path])].join('\0');
  };
  return commits.length === 0 ? '' : `${commits.map(entry).join('\0')}\0`;
}

describe("git's log", () => {
  test('gives commits oldest first with their files by what became of them', () => {
    const log = logOf([
      {
        id: two,
        message: 'second',
        files: [
          ['M', 'a'],
          ['T', 'link'],
        ],
      },
      {
        id: one,
        message: 'first\n\nbody',
        files: [
          ['A', 'a'],
          ['D', 'gone'],
        ],
      },
    ]);
    expect(parseLog(log)).toMatchObject([
      {
        id: one,
        message: 'first\n\nbody',
        added: ['a'],
        modified: [],
        removed: ['gone'],
        author: { name: 'Robin' },
        committer: { name: 'Sam' },
      },
      { id: two, message: 'second', added: [], modified: ['a', 'link'], removed: [] },
    ]);
  });

  test('survives any path and any message', () => {
    const path = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !text.includes('\0'));
    const message = fc
      .string({ unit: 'binary' })
      .filter((text) => !text.includes('\0') && !text.includes('\x03'))
      .map((text) => text.trim());
    const file = fc.tuple(fc.constantFrom('A', 'M', 'D'), path);
    const commits = fc.array(fc.record({ id: fc.constant(one), message, files: fc.array(file) }));
    fc.assert(
      fc.property(commits, (all) => {
        const parsed = parseLog(logOf(all)).toReversed();
        expect(parsed.map((commit) => [commit.message, [...commit.added, ...commit.modified, ...commit.removed].length])).toEqual(
          all.map((commit) => [commit.message, commit.files.length]),
        );
      }),
    );
  });
});

const push: Push = {
  repository: 'team/shop',
  url: 'http://127.0.0.1:1/team/shop',
  ref: 'refs/heads/main',
  before: one,
  after: two,
  defaultBranch: 'main',
  created: false,
  deleted: false,
  forced: false,
  commits: [],
};

test('a payload of a push without commits has no head commit', () => {
  expect(pushPayload(push)).toMatchObject({ commits: [], head_commit: null, repository: { owner: { login: 'team' }, name: 'shop' } });
});

test('the signature is the one of the example in the documentation of GitHub', () => {
  const documented = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  expect(signature("It's a Secret to Everybody", 'Hello, World!')).toBe(documented);
});

describe('a request', () => {
  test.each([
    ['GET', '/shop.git/info/refs?service=git-upload-pack', { name: 'shop', endpoint: 'info/refs', push: false }],
    ['GET', '/shop/info/refs?service=git-receive-pack', { name: 'shop', endpoint: 'info/refs', push: true }],
    ['POST', '/team/shop.git/git-receive-pack', { name: 'team/shop', endpoint: 'git-receive-pack', push: true }],
  ])('%s %s is understood', (method, target, asked) => {
    expect(askedOf(method, target)).toMatchObject(asked);
  });

  test('names a repository only by letters, digits, dots, dashes and one slash', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const name = repositoryName(text);
        expect(name === undefined || /^[\w.-]+(\/[\w.-]+)?$/.test(name)).toBe(true);
        expect(name?.split('/').some((part) => part.startsWith('.') || part.includes('..')) ?? false).toBe(false);
      }),
    );
  });
});
