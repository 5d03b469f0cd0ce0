import { describe, expect, it } from 'vitest';
import type { ExplainedDifference } from '../../../lib/cli/app/differences.ts';
import { explainedText } from '../../../lib/cli/view/explained.ts';
import { parseApplication } from '../../../lib/model/application.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';
import { parseProject } from '../../../lib/model/project.ts';
import { explain } from '../../../lib/policy/explain.ts';
import type { Surroundings } from '../../../lib/policy/explanation/explanation.ts';
import { windowsOf } from '../../../lib/policy/sync-windows.ts';
import { casesOf } from '../../support/cases.ts';

/** A Sunday. */
const NOW = Date.parse('2026-11-22T15:10:00Z');

const plain = (text: string) => text;

describe('what explains an Application', () => {
  it.each(casesOf('explain'))('$name', (golden) => {
    const application = parseApplication(golden.read('application.yaml') as Manifest); // the case's author
    const project = golden.read('project.yaml');
    const windows = project ? windowsOf(application, parseProject(project)) : [];
    const special = golden.read('surroundings.yaml') as Partial<Surroundings> | undefined; // the case's author
    const explanations = explain(application, { now: NOW, windows, canDiff: true, ...special });
    golden.check({ explanations, text: explainedText(application, explanations, [], 'wide', plain) });
  });

  it('has the fields of objects that differ below them', () => {
    const status = {
      reconciledAt: 'now',
      sync: { status: 'OutOfSync' },
      resources: [{ version: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'a', status: 'OutOfSync' }],
    };
    const object = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: { project: 'default', source: { repoURL: 'https://x.example/y.git' }, destination: {} },
      status,
    };
    const application = parseApplication(object as Manifest);
    const key = { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'a' };
    const difference: ExplainedDifference = {
      key,
      before: undefined,
      after: undefined,
      patch: [],
      reasons: [{ path: 'data.a', reason: 'changed', owners: ['kubectl-edit'] }],
    };
    const text = explainedText(application, explain(application, { now: NOW, windows: [], canDiff: true }), [difference], 'wide', plain);
    expect(text).toContain('sync: ConfigMap shop/a: not as Git wants it\nwhy:\n  data.a: is not as Git has it; set by kubectl-edit\n');
    expect(
      JSON.parse(explainedText(application, explain(application, { now: NOW, windows: [], canDiff: true }), [difference], 'json', plain))[0]
        .fields,
    ).toEqual(difference.reasons);
  });
});
