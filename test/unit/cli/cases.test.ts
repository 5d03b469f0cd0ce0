import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applicationText, printList } from '../../../lib/cli/app/printing.ts';
import { parsed } from '../../../lib/cli/app/store.ts';
import { resourceFilters } from '../../../lib/cli/app/wait.ts';
import { Exit } from '../../../lib/cli/exit.ts';
import { buildProgram } from '../../../lib/cli/program.ts';
import { applicationFromFlags, applicationsFromFile, type CreateRequest } from '../../../lib/cli/request/manifest.ts';
import { stateRefusal, syncOperation, syncRefusal } from '../../../lib/cli/request/operation.ts';
import { requestRefusal } from '../../../lib/cli/request/revisions.ts';
import { deploymentAsked, olderId, rollbackOperation, rollbackRefusal, waysBack } from '../../../lib/cli/request/rollback.ts';
import { type SyncFlags, syncRequest } from '../../../lib/cli/request/sync-flags.ts';
import { historyIds, historyText } from '../../../lib/cli/view/deployments.ts';
import type { RevisionHistory } from '../../../lib/model/application.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';
import { parseProject } from '../../../lib/model/project.ts';
import { windowsOf } from '../../../lib/policy/sync-windows.ts';
import { casesOf } from '../../support/cases.ts';
import { recordingShell } from './shell.ts';

const NOW = Date.parse('2026-11-22T15:06:05Z');

describe('what is shown of an Application', () => {
  it.each(casesOf('cli/view'))('$name', (golden) => {
    const found = parsed(golden.read('application.yaml') as Manifest); // the case's author
    const list = recordingShell(NOW);
    printList(list.shell, [found], 'wide');
    const project = parseProject(golden.read('project.yaml') ?? { metadata: { name: 'default' }, spec: {} });
    const known = { windows: windowsOf(found.application, project), now: NOW };
    const get = applicationText(list.shell, found, known, { operation: true, parameters: true, sourcePosition: 1 });
    const history = found.application.status?.history ?? [];
    golden.check({ list: list.written(), get, history: historyText(history, 'UTC'), ids: historyIds(history) });
  });
});

describe('a comparison without a cluster', () => {
  it.each(casesOf('cli/compare'))('$name', async (golden) => {
    const there = (option: string, file: string) => (golden.files.includes(file) ? [option, join(golden.dir, file)] : []);
    const files = [...there('--application', 'application.yaml'), ...there('--argocd-cm-path', 'argocd-cm.yaml')];
    const sides = ['--desired', join(golden.dir, 'desired.yaml'), '--live', join(golden.dir, 'live.yaml')];
    const shown = async (...more: readonly string[]) => {
      const { shell, written, noted } = recordingShell(NOW);
      await buildProgram(shell).parseAsync(['admin', 'compare', ...sides, ...files, ...more], { from: 'user' });
      return { written: written(), noted: noted() };
    };
    const { written: wide, noted } = await shown();
    expect(wide + (await shown('-o', 'yaml')).written).not.toContain('canary');
    golden.check({ noted, rows: JSON.parse((await shown('-o', 'json')).written), names: (await shown('-o', 'name')).written, wide });
  });
});

describe('what the settings make of objects', () => {
  it.each(casesOf('cli/overrides'))('$name', async (golden) => {
    const settings = golden.files.includes('argocd-cm.yaml') ? ['--argocd-cm-path', join(golden.dir, 'argocd-cm.yaml')] : [];
    const shown = async (command: string, output: string) => {
      const { shell, written } = recordingShell(NOW);
      const args = ['admin', 'settings', 'resource-overrides', command, join(golden.dir, 'objects.yaml'), ...settings, '-o', output];
      await buildProgram(shell).parseAsync(args, { from: 'user' });
      return written();
    };
    const answers = { health: await shown('health', 'text'), ignored: await shown('ignore-differences', 'text') };
    const data = { health: JSON.parse(await shown('health', 'json')), ignored: JSON.parse(await shown('ignore-differences', 'json')) };
    expect(JSON.stringify([answers, data])).not.toMatch(/canary|Y2FuYXJ5/);
    golden.check({ ...answers, data });
  });
});

describe('what is created', () => {
  it.each(casesOf('cli/create'))('$name', (golden) => {
    const given = golden.read('flags.yaml') as Partial<CreateRequest>; // the case's author
    const request: CreateRequest = {
      name: undefined,
      namespace: 'argocd',
      spec: {},
      labels: [],
      annotations: [],
      setFinalizer: false,
      ...given,
    };
    const documents = golden.readAll('documents.yaml') as readonly Manifest[];
    golden.check(
      answerOf(() =>
        documents.length === 0 ? applicationFromFlags({ ...request, name: request.name ?? '' }) : applicationsFromFile(documents, request),
      ),
    );
  });
});

describe('the operation of a sync', () => {
  it.each(casesOf('cli/operation'))('$name', (golden) => {
    const { application } = parsed(golden.read('application.yaml') as Manifest); // the case's author
    const { resource = [], ...given } = golden.read('flags.yaml') as Partial<SyncFlags> & { resource?: readonly string[] };
    const flags = { revisions: [], sourcePositions: [], sourceNames: [], info: [], ...given };
    golden.check(
      answerOf(() => {
        const request = { ...syncRequest(flags), resources: resourceFilters(resource) };
        const refused = requestRefusal(request) ?? syncRefusal(application, request) ?? stateRefusal(application, request);
        return refused === undefined ? syncOperation(application, request, 'jane') : { refused };
      }),
    );
  });
});

describe('the operation of a rollback', () => {
  it.each(casesOf('cli/rollback'))('$name', (golden) => {
    const { application } = parsed(golden.read('application.yaml') as Manifest); // the case's author
    const { id, older } = (golden.read('flags.yaml') ?? {}) as { readonly id?: string; readonly older?: readonly RevisionHistory[] };
    const refused = rollbackRefusal(application);
    const deployment = deploymentAsked(application, id, older);
    const operation = 'refusal' in deployment ? deployment : rollbackOperation(application, deployment, true, 'jane');
    golden.check({ refused, asksFor: olderId(application, id), operation, ways: waysBack(application) });
  });
});

/** What a rule gives, or the words with which it refuses; any other error fails the test. */
function answerOf(rule: () => unknown): unknown {
  try {
    return rule();
  } catch (thrown) {
    expect(thrown instanceof InvalidInput || thrown instanceof Exit).toBe(true);
    return { refused: (thrown as Error).message };
  }
}
