import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createStockRenderer } from '../../lib/adapters/stock-renderer.ts';
import { InvalidInput } from '../../lib/model/errors.ts';
import type { HelmJob, RenderAnswer, RenderRequest } from '../../lib/model/rendering.ts';
import { KUSTOMIZE_JOB } from '../support/jobs.ts';

const { kubectl, helm, kustomize } = inject('world');
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evk-tools-'));
  writeFileSync(join(dir, 'kustomization.yaml'), 'resources: [cm.yaml]\n');
  mkdirSync(join(dir, 'chart/templates'), { recursive: true });
  writeFileSync(join(dir, 'chart/Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 1.0.0\n');
  writeFileSync(
    join(dir, 'chart/templates/cm.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata: {size: "{{ .Values.size }}"}\n',
  );
  writeFileSync(join(dir, 'cm.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A program that stands for kustomize. */
function script(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const CHART: HelmJob = {
  type: 'helm',
  folder: 'chart',
  releaseName: 'shop',
  namespace: '',
  kubeVersion: '',
  apiVersions: [],
  set: [],
  setFiles: [],
  valueFiles: [],
  values: 'size: 3',
  includeCrds: true,
  skipSchemaValidation: false,
  skipTests: false,
  charts: {},
};

function request(job: RenderRequest['job'] = KUSTOMIZE_JOB): RenderRequest {
  return { roots: { '': dir }, files: {}, allowed: [], job };
}

function textOf(answer: RenderAnswer): string {
  return JSON.stringify(answer.kind === 'documents' ? answer.documents : answer);
}

function toolsWith(text: string, options: { timeoutSeconds?: number; parallel?: number } = {}) {
  return createStockRenderer({ kubectl, helm, kustomize: script('stand-in', text), timeoutSeconds: 10, ...options });
}

function runs(pid: string): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

async function fault(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

describe('createTools', () => {
  it.each([
    ['kubectl', undefined],
    ['kustomize', kustomize],
  ])('builds with %s', async (_name, program) => {
    const tools = createStockRenderer({ kubectl, helm, kustomize: program, timeoutSeconds: 30 });
    expect(textOf(await tools.render(request()))).toContain('"name":"a"');
  });

  it('gives helm the values of the spec on its standard input', async () => {
    const tools = createStockRenderer({ kubectl, helm, timeoutSeconds: 30 });
    expect(textOf(await tools.render(request(CHART)))).toContain('"size":"3"');
  });

  it('names a version that changes with the programs', async () => {
    const versions = [
      { kubectl, helm },
      { kubectl, helm, kustomize },
    ].map((programs) => createStockRenderer({ ...programs, timeoutSeconds: 1 }).version());
    const [one, two] = await Promise.all(versions);
    expect(one).toMatch(/^kubectl:\d+:\d+ helm:\d+:\d+$/);
    expect(two).toMatch(/^kustomize:/);
  });

  it('starts a tool with nothing of ours', async () => {
    process.env['EVENKEEL_CANARY'] = 'canary-env';
    const tools = toolsWith('(/usr/bin/env; /usr/bin/find "$HOME") | sed "s/.*/- \'&\'/"');
    const answer = await tools.render(request());
    const seen = (answer.kind === 'documents' ? answer.documents.flat() : []).join('\n');
    delete process.env['EVENKEEL_CANARY'];
    const names = seen.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
    const expected = ['HOME', 'HTTPS_PROXY', 'HTTP_PROXY', 'LC_ALL', 'NO_PROXY', 'PATH', 'PWD', 'TMPDIR'];
    expect(names.filter((name) => !/^(XDG|HELM)_|^_$/.test(name)).sort()).toEqual(expected.sort());
    expect(seen).not.toContain('canary');
  });

  it('ends a tool and its children at the time limit', async () => {
    const tools = toolsWith(`sleep 60 & echo $! > ${dir}/child.pid\nwait`, { timeoutSeconds: 0.3 });
    const error = await fault(tools.render(request()));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toMatch(/failed timeout after/);
    await expect.poll(() => runs(readFileSync(`${dir}/child.pid`, 'utf8').trim())).toBe(false);
  });

  it('ends a tool that prints without end', async () => {
    const error = await fault(toolsWith('while :; do echo 0123456789012345678901234567890123456789; done').render(request()));
    expect(error.message).toMatch(/printed more than \d+ bytes/);
  });

  it('keeps a long complaint short and hides folders', async () => {
    const tools = toolsWith(`i=0; while [ $i -lt 4000 ]; do echo "at $PWD line $i" >&2; i=$((i+1)); done; exit 3`);
    const { message } = await fault(tools.render(request({ ...KUSTOMIZE_JOB, folder: 'x' })));
    expect(message).toMatch(/^`kustomize build \.\/x` failed exit status 3: at <path to cached source> line 0/);
    expect([message.length < 20_000, message.includes(dir)]).toEqual([true, false]);
  });

  it('runs as many at once as it may, and no more', async () => {
    const tools = toolsWith(`echo x >> ${dir}/now; sleep 0.1; grep -c x ${dir}/now; sed -i 1d ${dir}/now`, { parallel: 2 });
    const seen = await Promise.all(Array.from({ length: 6 }, () => tools.render(request())));
    expect(Math.max(...seen.map((answer) => (answer.kind === 'documents' ? Number(answer.documents[0]) : 99)))).toBeLessThanOrEqual(2);
  });

  it('leaves no folder behind', async () => {
    await toolsWith('exit 1')
      .render(request())
      .catch(() => undefined);
    expect(
      readdirSync(tmpdir()).filter((name) => name.startsWith('evenkeel-tool-') && existsSync(join(tmpdir(), name, 'stand-in'))),
    ).toEqual([]);
  });

  it('says which setting names a program that is not there', async () => {
    const tools = createStockRenderer({ kubectl: 'no-such-kubectl', helm, timeoutSeconds: 1 });
    expect(await fault(tools.render(request()))).toMatchObject({
      name: 'Unavailable',
      message: 'no-such-kubectl is not there: install it, or name its path in EVENKEEL_KUBECTL',
    });
  });
});
