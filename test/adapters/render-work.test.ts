// How much work a push causes: counted in fetches, checkouts and tool runs, never in seconds.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { closureTouches } from '../../lib/desired/closure.ts';
import type { DesiredState } from '../../lib/model/desired.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { folderStore } from '../support/render-store.ts';
import { type RenderPorts, render, renderPorts } from '../support/rendering.ts';

const APPLICATIONS = 100;
const { kubectl, helm, kustomize } = inject('world');
const names = Array.from({ length: APPLICATIONS }, (_, index) => `app-${index}`);
const cm = (value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  value: ${value}\n`;
let remote: GitRemote;
let cacheDir: string;
let ports: RenderPorts;

beforeAll(async () => {
  remote = await startGitRemote();
  const overlay = (name: string) => [`apps/${name}/kustomization.yaml`, `resources: [../../base]\nnamePrefix: ${name}-\n`];
  await remote.commit({
    'base/kustomization.yaml': 'resources: [cm.yaml]\n',
    'base/cm.yaml': cm('one'),
    ...Object.fromEntries(names.map(overlay)),
  });
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-counts-'));
  ports = freshPorts();
  await renderAll();
});
afterAll(async () => {
  await remote.close();
  rmSync(cacheDir, { recursive: true, force: true });
});
beforeEach(() => reset());

function freshPorts(): RenderPorts {
  return renderPorts({ kubectl, helm, kustomize }, cacheDir, folderStore(cacheDir));
}

function reset(): void {
  Object.assign(ports.counts, { checkouts: 0, renders: 0 });
  remote.requests.length = 0;
}

function renderAll(): Promise<DesiredState[]> {
  const now = Date.now();
  return Promise.all(
    names.map((name) => render(name, { source: { repoURL: remote.url, path: `apps/${name}` } }, ports, { notBefore: now })),
  );
}

const fetches = () => remote.requests.filter((request) => request.startsWith('POST')).length;

describe('a hundred Applications on one repository', () => {
  it('ask Git for nothing but the references, and run nothing, when nothing changed', async () => {
    const states = await renderAll();
    expect(states[3]?.manifests[0]?.metadata).toMatchObject({
      name: 'app-3-a',
      annotations: { 'argocd.argoproj.io/tracking-id': 'app-3:/ConfigMap:default-namespace/app-3-a' },
    });
    expect(ports.counts).toEqual({ checkouts: 0, renders: 0 });
  });

  it('run nothing for a commit that changes none of their files', async () => {
    await remote.commit({ README: 'new' });
    await renderAll();
    expect(ports.counts.renders).toBe(0);
    expect(fetches()).toBeLessThanOrEqual(4);
  });

  it('run the one whose overlay changed', async () => {
    await remote.commit({ 'apps/app-7/kustomization.yaml': 'resources: [../../base]\nnamePrefix: seven-\n' });
    const states = await renderAll();
    expect([ports.counts.renders, states[7]?.manifests[0]?.metadata.name]).toEqual([1, 'seven-a']);
    const touched = states.filter(({ closure }) => closureTouches(closure, remote.url, ['apps/app-7/kustomization.yaml']));
    expect(touched).toEqual([states[7]]);
  });

  it('run all of them once, with one fetch, when the base changed', async () => {
    await remote.commit({ 'base/cm.yaml': cm('two') });
    const states = await renderAll();
    expect(ports.counts.renders).toBe(APPLICATIONS);
    expect(states.every(({ manifests }) => JSON.stringify(manifests).includes('"two"'))).toBe(true);
    expect(fetches()).toBeLessThanOrEqual(4);
  });

  it('are found again by a process that starts with the same folder', async () => {
    ports = freshPorts();
    await renderAll();
    expect(ports.counts).toEqual({ checkouts: 0, renders: 0 });
  });

  it('are rendered again where what is stored was tampered with, cut short, or put under another name', async () => {
    const folder = join(cacheDir, 'renders');
    const stored = readdirSync(folder);
    const foreign = readFileSync(join(folder, stored[0] ?? ''));
    for (const [index, name] of stored.entries()) {
      const bytes = readFileSync(join(folder, name));
      const flipped = Buffer.from(bytes).fill((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
      writeFileSync(join(folder, name), [flipped, bytes.subarray(0, -1), index === 0 ? '' : foreign][index % 3] ?? '');
    }
    ports = freshPorts();
    const states = await renderAll();
    expect(ports.counts.renders).toBe(APPLICATIONS);
    expect(states.every(({ manifests }) => JSON.stringify(manifests).includes('"two"'))).toBe(true);
  });
});
