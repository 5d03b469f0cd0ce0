// The renderer's charts against the stock helm, source by source: the same objects in the same order, or the same error.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { readYaml } from '../../lib/model/yaml.ts';
import { casesOf } from '../support/cases.ts';
import { run } from '../support/program.ts';
import { type Files, layOut, startRenderer } from '../support/renderer.ts';

const { helm, renderer } = inject('world');
const process = startRenderer(renderer);
afterAll(() => process.close());

interface Place {
  readonly path: string;
}

interface Job {
  readonly folder: string;
  readonly releaseName: string;
  readonly namespace: string;
  readonly kubeVersion: string;
  readonly apiVersions?: readonly string[];
  readonly set?: readonly { readonly name: string; readonly value: string; readonly string?: boolean }[];
  readonly setFiles?: readonly { readonly name: string; readonly file: Place }[];
  readonly valueFiles?: readonly Place[];
  readonly values?: string;
  readonly includeCrds?: boolean;
  readonly skipSchemaValidation?: boolean;
  readonly skipTests?: boolean;
}

function commandLine(job: Job, dir: string): readonly string[] {
  return [
    ...['template', '.', `--name-template=${job.releaseName}`, `--namespace=${job.namespace}`, `--kube-version=${job.kubeVersion}`],
    ...(job.set ?? []).map(({ name, value, string }) => `--set${string ? '-string' : ''}=${name}=${value}`),
    ...(job.setFiles ?? []).map(({ name, file }) => `--set-file=${name}=${join(dir, file.path)}`),
    ...(job.valueFiles ?? []).map(({ path }) => `--values=${join(dir, path)}`),
    ...(job.values === undefined ? [] : ['--values=-']),
    ...(job.apiVersions ?? []).map((version) => `--api-versions=${version}`),
    ...(job.includeCrds ? ['--include-crds'] : []),
    ...(job.skipSchemaValidation ? ['--skip-schema-validation'] : []),
    ...(job.skipTests ? ['--skip-tests'] : []),
  ];
}

/** What the stock program makes of a source: its objects, or what it says after `Error: `. */
async function stock(dir: string, job: Job): Promise<{ readonly documents?: readonly unknown[]; readonly error?: string }> {
  const ran = await run(helm, commandLine(job, dir), { cwd: join(dir, job.folder), env: { HOME: dir }, input: job.values ?? '' });
  if (ran.code !== 0) {
    const error = /(?:^|\n)Error: ([\s\S]*?)\n*$/.exec(ran.stderr)?.[1] ?? ran.stderr;
    return { error: error.replaceAll(dir, '<path to cached source>') };
  }
  const { documents, fault } = readYaml(ran.stdout);
  if (fault) throw fault;
  return { documents: documents.map(({ value }) => value).filter((value) => value !== null) };
}

describe('a chart in the renderer', () => {
  it.concurrent.each(casesOf('renderer/helm').map((golden) => [golden.name, golden.dir] as const))('%s', async (name, dir) => {
    const { files, job }: { files: Files; job: Job } = parse(readFileSync(join(dir, 'case.yaml'), 'utf8'));
    const source = layOut(files);
    const [expected, { documents, error }] = await Promise.all([
      stock(source.dir, job),
      process.ask({ roots: { '': source.dir }, job: { type: 'helm', ...job } }),
    ]);
    source.remove();
    expect({ documents, error }).toEqual({ documents: expected.documents, error: expected.error });
    expect(error !== undefined, String(error)).toBe(name.startsWith('error '));
  });
});
