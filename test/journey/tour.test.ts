// Promise: every command that the host prints for going on by hand does what the line above it says, typed as it is printed.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheFolder } from '../../infra/local/cache/cache.ts';
import { guideLines, hints } from '../../infra/local/guide.ts';
import { type Host, startHost } from '../../infra/local/host.ts';
import { recordHost } from '../../infra/local/processes/host-record.ts';
import { storyHost } from '../../infra/local/story/cast.ts';
import { openShop } from '../../infra/local/story/shop.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { succeed } from '../support/program.ts';
import { eventually } from '../world/world.ts';

const ROOT = join(import.meta.dirname, '../..');

let folder: string;
let host: Host;
let forget: () => Promise<void>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-tour-'));
  host = await startHost({ progress: () => undefined, factor: 60 });
  forget = await recordHost({ kubeconfig: host.kubeconfigPath }, ownCache());
  // What the story leaves behind: the shop's repository on the Git server.
  const scene = {
    host: storyHost(host, { sweepSeconds: 1, resyncSeconds: 180 }),
    say: () => undefined,
    signal: new AbortController().signal,
  };
  await openShop(scene);
});

afterAll(async () => {
  await forget?.();
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A cache folder with everything that was built and none of the hosts that run beside this one. */
function ownCache(): string {
  const root = join(folder, 'cache', 'evenkeel');
  mkdirSync(root, { recursive: true });
  for (const name of ['layer', 'programs', 'renderer']) symlinkSync(join(cacheFolder(), name), join(root, name));
  return root;
}

/** Types commands into one terminal in the project's folder; fails with what they printed when one fails. */
function typed(commands: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') };
  return succeed('sh', ['-ec', commands.join('\n')], { cwd: ROOT, env });
}

async function stateOf(name: string): Promise<unknown> {
  const application: unknown = JSON.parse(await host.kubectl(['get', 'application', name, '-n', host.namespace, '-o', 'json']));
  const status = isRecord(application) && isRecord(application['status']) ? application['status'] : {};
  return [status['sync'], status['health']].map((part) => (isRecord(part) ? part['status'] : undefined));
}

test('what is printed names every part, and every hint', () => {
  const lines = guideLines(host, true);
  for (const part of [host.kubeconfigPath, host.gitUrl, host.webhookUrl, host.webhookSecret, host.queueUrl, host.logs]) {
    expect(
      lines.filter((line) => line.includes(part)),
      part,
    ).not.toEqual([]);
  }
  const printed = lines.filter((line) => line.startsWith('    ')).map((line) => line.trim());
  expect(printed).toEqual(hints(host, true).flatMap(({ commands }) => commands));
});

test('the commands to look with show the Applications of this host', async () => {
  const [look] = hints(host, true);
  const output = await typed(look?.commands ?? []);
  expect(output).toMatch(/NAME +CLUSTER/);
});

test('the commands to bring the Bookstore up bring it up, and a push from that clone goes live', async () => {
  const [look, bookstore] = hints(host, true);
  const [setting = ''] = look?.commands ?? [];
  const output = await typed([setting, ...(bookstore?.commands ?? [])]);
  expect(output).toMatch(/^argocd\/bookstore-root /m);
  await eventually(async () => expect(await stateOf('bookstore-dev')).toEqual(['Synced', 'Healthy']), 60_000);
  const clone = join(host.dir, 'by-hand');
  const season = 'sed -i "s/^data:/data:\\n  season: winter/" base/announcement.yaml';
  const identity = 'git -c user.name=Robin -c user.email=robin@example.com';
  await typed([`cd ${clone}`, season, `${identity} commit -q -a -m "announce winter"`, 'git push -q origin main']);
  const maps = async () => host.kubectl(['get', 'configmaps', '-n', 'bookstore-dev', '-o', 'yaml']);
  await host.told();
  const { answer } = host.pushes().at(-1) ?? {};
  expect(answer).toMatchObject({ status: 202, body: expect.stringContaining('argocd/bookstore-dev') });
  await eventually(async () => expect(await maps(), JSON.stringify(await stateOf('bookstore-dev'))).toContain('season: winter'), 30_000);
});
