// What syncs pruned, kept for a day: in a folder with a key in a file, and in a bucket (fauxqs) with keys of KMS (a stand-in of two actions).
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prunedObjects } from '../../functions/wiring/pruned.ts';
import { createLog } from '../../lib/adapters/log.ts';
import { InvalidInput, NotPermitted, Unavailable } from '../../lib/model/errors.ts';
import type { LiveObject } from '../../lib/model/manifest.ts';
import type { PrunedObjects } from '../../lib/ports.ts';
import { type KmsStandIn, startKms } from '../support/kms.ts';

const SHOP = { namespace: 'argocd', name: 'shop' };
const SERVER = 'https://kubernetes.default.svc';
const CANARY = 'canary-4e1f0a';
const BUCKET = 'pruned-of-tests';
const HOUR = 3_600_000;
const BIG = 9_007_199_254_740_993n;

let folder: string;
let s3: FauxqsServer;
let kms: KmsStandIn;
let now = Date.now();

beforeAll(async () => {
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-pruned-'));
  [s3, kms] = await Promise.all([startFauxqs({ port: 0, logger: false }), startKms()]);
  s3.createBucket(BUCKET);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([s3.stop(), kms.close()]);
});

const log = createLog({ level: 'error' });
const clock = () => now;

/** As another container would open it. */
function inFolder(): PrunedObjects {
  return prunedObjects({ renderBucket: undefined, prunedKey: undefined, cacheDir: folder }, clock, log);
}

function inBucket(keyId = 'key-1'): PrunedObjects {
  const renderBucket = { bucket: BUCKET, endpoint: s3.address };
  return prunedObjects({ renderBucket, prunedKey: { keyId, endpoint: kms.url }, cacheDir: folder }, clock, log);
}

function secret(name: string, uid: string): LiveObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop', uid },
    data: { password: btoa(CANARY) },
    spec: { big: BIG },
  };
}

const filesBelow = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

describe.each([
  ['a folder', inFolder],
  ['a bucket', inBucket],
])('pruned objects in %s', (_, open) => {
  it('come back whole, those of one Application and one cluster alone, the newest first', async () => {
    now = Date.now();
    await open().keep(SHOP, SERVER, secret('first', 'u1'));
    now += 1000;
    await open().keep(SHOP, SERVER, secret('second', 'u2'));
    await open().keep(SHOP, 'https://elsewhere.example', secret('elsewhere', 'u3'));
    await open().keep({ ...SHOP, name: 'other' }, SERVER, secret('of-another', 'u4'));
    const { objects: kept } = await open().kept(SHOP, SERVER);
    expect(kept.map(({ object }) => object)).toEqual([secret('second', 'u2'), secret('first', 'u1')]);
    expect(kept[0]?.prunedAt).toBe(now);
    expect(await open().kept({ ...SHOP, name: 'unknown' }, SERVER)).toEqual({ objects: [], unreadable: 0 });
  });

  it('are one where a step is repeated, and the last where a name is used again', async () => {
    const again = { ...SHOP, name: `again-${open.name}` };
    now = Date.now();
    for (const uid of ['u1', 'u1', 'u2']) {
      now += 1000;
      await open().keep(again, SERVER, secret('one', uid));
    }
    expect((await open().kept(again, SERVER)).objects.map(({ object }) => object.metadata.uid)).toEqual(['u2']);
  });

  it('are forgotten after a day', async () => {
    const old = { ...SHOP, name: `old-${open.name}` };
    now = Date.now();
    await open().keep(old, SERVER, secret('old', 'u1'));
    now += 23 * HOUR;
    expect((await open().kept(old, SERVER)).objects).toHaveLength(1);
    now += 2 * HOUR;
    expect((await open().kept(old, SERVER)).objects).toEqual([]);
    now = Date.now();
  });
});

describe('a folder of pruned objects', () => {
  it('tells how many cannot be opened', async () => {
    const spoilt = { ...SHOP, name: 'spoilt' };
    now = Date.now();
    const before = new Set(filesBelow(folder));
    await inFolder().keep(spoilt, SERVER, secret('one', 'u1'));
    const added = filesBelow(folder).filter((file) => !before.has(file));
    expect(added).toHaveLength(1);
    await inFolder().keep(spoilt, SERVER, secret('two', 'u2'));
    for (const file of added) writeFileSync(file, 'nonsense');
    const { objects, unreadable } = await inFolder().kept(spoilt, SERVER);
    expect([objects.map(({ object }) => object.metadata.name), unreadable]).toEqual([['two'], 1]);
  });

  it('shows nothing of what it holds, and its key to its owner alone', async () => {
    await inFolder().keep(SHOP, SERVER, secret('hidden', 'u9'));
    const files = filesBelow(folder);
    for (const file of files) {
      expect(statSync(file).mode & 0o077).toBe(0);
      expect(`${file}\n${readFileSync(file, 'latin1')}`).not.toMatch(new RegExp(`${CANARY}|${btoa(CANARY)}|hidden|shop|password`));
    }
    expect(files.length).toBeGreaterThan(1);
  });

  it('gives back nothing that was changed, cut short or moved, and the rest all the same', async () => {
    const app = { ...SHOP, name: 'tampered' };
    const before = new Set(filesBelow(join(folder, 'pruned')));
    for (const name of ['a', 'b', 'c', 'd']) await inFolder().keep(app, SERVER, secret(name, `u-${name}`));
    const [changed = '', cut = '', from = '', to = ''] = filesBelow(join(folder, 'pruned')).filter((file) => !before.has(file));
    const bytes = readFileSync(changed);
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    writeFileSync(changed, bytes);
    writeFileSync(cut, readFileSync(cut).subarray(0, 20));
    writeFileSync(to, readFileSync(from));
    expect((await inFolder().kept(app, SERVER)).objects).toHaveLength(1);
  });

  it('removes what is too old with the next write', async () => {
    const app = { ...SHOP, name: 'aged' };
    const before = new Set(filesBelow(join(folder, 'pruned')));
    await inFolder().keep(app, SERVER, secret('a', 'u1'));
    const [file = ''] = filesBelow(join(folder, 'pruned')).filter((path) => !before.has(path));
    const dayOld = new Date(Date.now() - 25 * HOUR);
    utimesSync(file, dayOld, dayOld);
    await inFolder().keep(SHOP, SERVER, secret('b', 'u2'));
    expect(filesBelow(join(folder, 'pruned'))).not.toContain(file);
  });

  it('has one key, however many begin at once', async () => {
    const cacheDir = mkdtempSync(join(folder, 'begin-'));
    const begun = Array.from({ length: 16 }, () => prunedObjects({ renderBucket: undefined, prunedKey: undefined, cacheDir }, clock, log));
    await Promise.all(begun.map((each, index) => each.keep(SHOP, SERVER, secret(`s${index}`, `u${index}`))));
    expect((await begun[0]?.kept(SHOP, SERVER))?.objects).toHaveLength(16);
    expect(readdirSync(cacheDir).sort()).toEqual(['pruned', 'pruned.key']);
  });

  it('is not used with a key that others can read', async () => {
    const key = join(folder, 'pruned.key');
    chmodSync(key, 0o644);
    const kept = inFolder().keep(SHOP, SERVER, secret('a', 'u1'));
    await expect(kept).rejects.toThrow(`${key}: others can read this key: chmod 600, or remove it and lose what it closed`);
    await expect(kept).rejects.toBeInstanceOf(InvalidInput);
    chmodSync(key, 0o600);
  });
});

describe('a bucket of pruned objects', () => {
  it('asks KMS for one key a container, and shows nothing of what it holds', async () => {
    const container = inBucket();
    kms.asked.length = 0;
    for (const name of ['a', 'b', 'c']) await container.keep({ ...SHOP, name: 'counted' }, SERVER, secret(name, `u-${name}`));
    expect(kms.asked).toEqual(['GenerateDataKey']);
    const listed = await (await fetch(`${s3.address}/${BUCKET}?list-type=2`)).text();
    const keys = [...listed.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) {
      expect(key).toMatch(/^pruned\/[0-9a-f]{40}\/[0-9a-f]{40}$/);
      const text = Buffer.from(await (await fetch(`${s3.address}/${BUCKET}/${key}`)).arrayBuffer()).toString('latin1');
      expect(text).not.toMatch(new RegExp(`${CANARY}|${btoa(CANARY)}|password`));
    }
  });

  it.each([
    [{ status: 400, type: 'AccessDeniedException' }, NotPermitted, "KMS refuses the function's role"],
    [{ status: 400, type: 'NotFoundException' }, InvalidInput, 'cannot be used'],
    [{ status: 400, type: 'ThrottlingException' }, Unavailable, 'KMS does not answer'],
    [{ status: 500, type: 'KMSInternalException' }, Unavailable, 'KMS does not answer'],
  ] as const)('keeps nothing when KMS answers %j', async (answer, kind, words) => {
    kms.refuse(answer);
    const kept = inBucket().keep(SHOP, SERVER, secret('a', 'u1'));
    await expect(kept).rejects.toBeInstanceOf(kind);
    await expect(kept).rejects.toThrow(words);
    kms.refuse(undefined);
  });
});
