// The same commit gives the same objects, even where a chart would not: what was rendered first is kept, and the condition tells.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { DesiredState } from '../../lib/model/desired.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { folderStore } from '../support/render-store.ts';
import { type RenderOptions, render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, renderer } = inject('world');
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-determinism-'));
const secret = (value: string) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: ${value}\n`;
let remote: GitRemote;

beforeAll(async () => {
  remote = await startGitRemote();
  await remote.commit({
    'random/Chart.yaml': 'apiVersion: v2\nname: random\nversion: 1.0.0\n',
    'random/templates/all.yaml': `${secret('{{ randAlphaNum 20 }}')}---\n${secret('fixed').replace('name: db', 'name: same')}`,
    'fixed/Chart.yaml': 'apiVersion: v2\nname: fixed\nversion: 1.0.0\n',
    'fixed/templates/all.yaml': secret('{{ .Release.Name }}'),
    'plain/all.yaml': secret('plain'),
    'overlay/kustomization.yaml': 'resources: [../plain]\nsecretGenerator: [{name: made, literals: [a=b]}]\n',
    'plain/kustomization.yaml': 'resources: [all.yaml]\n',
  });
});
afterAll(async () => {
  await remote.close();
  rmSync(cacheDir, { recursive: true, force: true });
});

const known = () => renderPorts({ kubectl, helm, renderer }, cacheDir, folderStore(cacheDir));
const forgetful = () => renderPorts({ kubectl, helm, renderer }, mkdtempSync(join(cacheDir, 'fresh-')));
const look = (path: string, ports = known(), options: RenderOptions = {}) =>
  render('shop', { source: { repoURL: remote.url, path } }, ports, options);
const told = ({ conditions }: DesiredState) => conditions.map(({ type, message }) => `${type}: ${message}`);

describe('a chart that uses random functions', () => {
  it('keeps its first output; a hard refresh names the objects that would differ, and no value of them', async () => {
    const first = await look('random');
    expect(told(first)).toEqual([]);
    const refreshed = await look('random', known(), { fresh: true });
    expect(refreshed.manifests).toEqual(first.manifests);
    expect(told(refreshed)).toEqual([
      'NonDeterministicRenderWarning: source 1 of 1 renders differently each time (random or time functions?): Secret/db; what was rendered first is kept',
    ]);
    const later = await look('random');
    expect([later.manifests, told(later)]).toEqual([first.manifests, told(refreshed)]);
  });

  it('is told from what the Application itself remembers, when the store was lost', async () => {
    const first = await look('random', forgetful());
    const again = await look('random', forgetful(), { before: first.closure });
    expect(again.manifests).not.toEqual(first.manifests);
    expect(told(again)[0]).toContain('what it rendered to before is not known any more');
  });
});

describe.each(['fixed', 'overlay', 'plain'])('%s', (path) => {
  it('renders to the same bytes in every process, and nothing is told', async () => {
    const first = await look(path, forgetful());
    const again = await look(path, forgetful(), { before: first.closure });
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    expect(told(await look(path, known(), { fresh: true }))).toEqual([]);
  });
});
