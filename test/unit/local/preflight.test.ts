// Which machines may bring up the local host, and what the others are told.
import { describe, expect, test } from 'vitest';
import { assertReady, describeFindings, type MachineFacts, preflight } from '../../../infra/local/preflight/preflight.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const GB = 1024 ** 3;

const ready: MachineFacts = {
  node: 'v24.21.0',
  git: 'git version 2.39.5',
  go: 'go1.26.8',
  unbuilt: ['control plane', 'renderer'],
  disks: [{ folder: '/home/ada/.cache/evenkeel', freeBytes: 50 * GB }],
  availableMemoryBytes: 8 * GB,
};

function missing(facts: Partial<MachineFacts>): readonly string[] {
  return preflight({ ...ready, ...facts }).flatMap(({ what, ok, detail }) => (ok ? [] : [`${what}: ${detail}`]));
}

function disk(gigabytes: number) {
  return [{ folder: '/cache', freeBytes: gigabytes * GB }];
}

describe('preflight', () => {
  test('finds nothing missing on a machine that has everything', () => {
    expect(missing({})).toEqual([]);
  });

  test.each(['v20.0.0', 'v22.11.0', 'v24.21.0'])('takes Node %s', (node) => {
    expect(missing({ node })).toEqual([]);
  });

  test('refuses a Node before 20 and says where to get one', () => {
    expect(missing({ node: 'v18.20.4' })).toEqual([expect.stringMatching(/^Node: v18\.20\.4 is too old: .*20.*nodejs\.org/)]);
  });

  test.each(['go1.21', 'go1.21.0', 'go1.22rc1', 'go1.26.8', 'go2.0', 'devel go1.27-3a5f7c1'])('takes %s', (go) => {
    expect(missing({ go })).toEqual([]);
  });

  test.each(['go1.19.8', 'go1.20.14', 'go1.9', 'go1.15 or older'])('refuses %s and says where to get a newer one', (go) => {
    expect(missing({ go })).toEqual([expect.stringMatching(/^Go: .* is too old: version 1\.21 or newer .*go\.dev\/dl.*Debian 12.*1\.19/)]);
  });

  test('says where to get Go and git when they are missing', () => {
    const [git, go] = missing({ git: undefined, go: undefined });
    expect(git).toMatch(/^git: not found on PATH: apt-get install git/);
    expect(go).toMatch(/^Go: not found on PATH: .*go\.dev\/dl/);
  });

  test.each<[number, MachineFacts['unbuilt'], string[]]>([
    [5.9, ['control plane', 'renderer'], ['5.9 GB free for /cache, 6 GB are needed to build the control plane and the renderer']],
    [6, ['control plane', 'renderer'], []],
    [4.9, ['control plane'], ['4.9 GB free for /cache, 5 GB are needed to build the control plane']],
    [1.4, ['renderer'], ['1.4 GB free for /cache, 1.5 GB are needed to build the renderer']],
    [1.5, ['renderer'], []],
    [0.4, [], ['0.4 GB free for /cache, 0.5 GB are needed']],
    [0.6, [], []],
  ])('with %s GB of free disk and %j to build reports %j', (free, unbuilt, expected) => {
    const wayOut = 'make room, or point XDG_CACHE_HOME at a bigger disk';
    expect(missing({ disks: disk(free), unbuilt })).toEqual(expected.map((found) => `disk: ${found}: ${wayOut}`));
  });

  test('looks at the fullest of the disks', () => {
    const disks = [...disk(100), { folder: '/home/ada/go/pkg/mod', freeBytes: 1 * GB }];
    expect(missing({ disks })).toEqual([expect.stringContaining('1.0 GB free for /home/ada/go/pkg/mod')]);
  });

  test.each<[number, MachineFacts['unbuilt'], string[]]>([
    [2.9, ['control plane', 'renderer'], ['2.9 GB available, 3 GB are needed to build the control plane and the renderer']],
    [1.9, ['renderer'], ['1.9 GB available, 2 GB are needed to build the renderer']],
    [2, ['renderer'], []],
    [1, [], ['1.0 GB available, 1.5 GB are needed']],
    [2, [], []],
  ])('with %s GB of memory and %j to build reports %j', (available, unbuilt, expected) => {
    const reported = expected.map((found) => `memory: ${found}: close other programs`);
    expect(missing({ availableMemoryBytes: available * GB, unbuilt })).toEqual(reported);
  });

  test('lists what is there beside what is missing, all of it at once', () => {
    const facts = { ...ready, git: undefined, go: 'go1.19.8', disks: disk(1) };
    const lines = describeFindings(preflight(facts));
    expect(lines.map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual([
      'ok Node',
      'MISSING git',
      'MISSING Go',
      'MISSING disk',
      'ok memory',
    ]);
    expect(() => assertReady(facts)).toThrow(InvalidInput);
    expect(() => assertReady(facts)).toThrow(lines.join('\n'));
  });

  test('lets a machine pass that has everything', () => {
    expect(() => assertReady(ready)).not.toThrow();
  });
});
