// The renderer's kustomizations against the stock kustomize, source by source: the same objects in the same order, or the same error.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { readYaml } from '../../lib/model/yaml.ts';
import { casesOf } from '../support/cases.ts';
import { run } from '../support/program.ts';
import { type Files, layOut, startRenderer } from '../support/renderer.ts';

const { helm, kustomize, renderer } = inject('world');
const process = startRenderer(renderer);
afterAll(() => process.close());

interface Case {
  readonly job: { readonly folder: string; readonly loadRestrictionsNone?: boolean; readonly enableHelm?: boolean };
  readonly files: Files;
}

/** What the stock program makes of a source: its objects, or what it says after `Error: `. */
async function stock(dir: string, job: Case['job']): Promise<{ readonly documents?: readonly unknown[]; readonly error?: string }> {
  const restrictions = job.loadRestrictionsNone ? ['--load-restrictor=LoadRestrictionsNone'] : [];
  const charts = job.enableHelm ? ['--enable-helm', `--helm-command=${helm}`] : [];
  const args = ['build', join(dir, job.folder), ...restrictions, ...charts];
  const { code, stdout, stderr } = await run(kustomize, args, { cwd: dir, env: job.enableHelm ? { HOME: dir } : {} });
  const error = /(?:^|\n)Error: ([\s\S]*?)\n*$/.exec(stderr)?.[1] ?? '';
  if (code !== 0) return { error: error.replaceAll(dir, '<path to cached source>').replace(/0x[0-9a-f]{6,}/g, '0x…') };
  const { documents, fault } = readYaml(stdout);
  if (fault) throw fault;
  return { documents: documents.map(({ value }) => value) };
}

describe('a kustomization in the renderer', () => {
  it.concurrent.each(casesOf('renderer/kustomize').map((golden) => [golden.name, golden.dir] as const))('%s', async (name, dir) => {
    const { files, job }: Case = parse(readFileSync(join(dir, 'case.yaml'), 'utf8'));
    const source = layOut(files);
    const [expected, { documents, error }] = await Promise.all([
      stock(source.dir, job),
      process.ask({ roots: { '': source.dir }, job: { type: 'kustomize', ...job } }),
    ]);
    source.remove();
    expect({ documents, error }).toEqual({ documents: expected.documents, error: expected.error });
    expect(error !== undefined, String(error)).toBe(name.startsWith('error '));
  });
});
