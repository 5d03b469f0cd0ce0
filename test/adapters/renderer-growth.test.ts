// Templates that would fill the machine, in small steps or in one: each ends with an error of its own, and those beside it are rendered.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createRenderer } from '../../lib/adapters/renderer.ts';
import { InvalidInput } from '../../lib/model/errors.ts';
import type { HelmJob } from '../../lib/model/rendering.ts';
import { KUSTOMIZE_JOB } from '../support/jobs.ts';
import { layOut } from '../support/renderer.ts';

const { renderer: program } = inject('world');
const beside = layOut({
  'kustomization.yaml': 'resources: [cm.yaml]\n',
  'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n',
});
const renderer = createRenderer({ program, timeoutSeconds: 20 });
beforeAll(() => expect(neighbour()).resolves.toMatchObject({ kind: 'documents' }));
afterAll(() => beside.remove());

const neighbour = () => renderer.render({ roots: { '': beside.dir }, files: {}, allowed: [], job: KUSTOMIZE_JOB });
const HELM_JOB: HelmJob = {
  type: 'helm',
  folder: '',
  releaseName: 'r',
  namespace: 'default',
  kubeVersion: '',
  apiVersions: [],
  set: [],
  setFiles: [],
  valueFiles: [],
  values: undefined,
  includeCrds: false,
  skipSchemaValidation: false,
  skipTests: false,
  charts: {},
};

async function rendered(template: string, by = renderer): Promise<unknown> {
  const chart = layOut({ 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: 0.1.0\n', 'templates/a.yaml': template });
  try {
    return await by.render({ roots: { '': chart.dir }, files: {}, allowed: [], job: HELM_JOB });
  } catch (error) {
    return error;
  } finally {
    chart.remove();
  }
}

const again = (step: string, begin = '"xxxxxxxxxxxxxxxx"') =>
  `{{ $a := ${begin} }}{{ range until 60 }}{{ $a = ${step} }}{{ end }}a: {{ len $a }}`;

describe('a template that grows', () => {
  it.each([
    ['by cat of what it has', again('cat $a $a')],
    ['by printf of what it has', again('printf "%s%s" $a $a')],
    ['by a list of what it has', again('concat $a $a', 'list 1')],
    ['by a replacement at each place', 'a: {{ regexReplaceAll "" (repeat 10000000 "x") (repeat 10000 "y") | len }}'],
    ['by a replacement in one step', 'a: {{ replace "x" (repeat 10000 "yy") (repeat 30000000 "x") | len }}'],
    ['by joining with a long text', 'a: {{ join (repeat 1000000 "x") (until 1000000) | len }}'],
    ['by splitting a long text', 'a: {{ regexFindAll "" (repeat 60000000 "x") -1 | len }}'],
  ])('%s fails alone', async (_name, template) => {
    const [error, ...others] = await Promise.all([rendered(template), neighbour(), neighbour()]);
    expect(error).toBeInstanceOf(InvalidInput);
    // Which bound is met first depends on how fast the machine is.
    expect(String(error)).toMatch(/failed(: it takes more memory than a render may| timeout after 20s)$/);
    expect(others.map(({ kind }) => kind)).toEqual(['documents', 'documents']);
  });

  it('by work that has no end fails alone', async () => {
    const brief = createRenderer({ program, timeoutSeconds: 3 });
    const template = 'a: {{ range until 10000000 }}{{ $_ := genPrivateKey "rsa" }}{{ end }}';
    const [error, other] = await Promise.all([
      rendered(template, brief),
      brief.render({ roots: { '': beside.dir }, files: {}, allowed: [], job: KUSTOMIZE_JOB }),
    ]);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(String(error)).toMatch(/failed timeout after 3s$/);
    expect(other.kind).toBe('documents');
  });
});
