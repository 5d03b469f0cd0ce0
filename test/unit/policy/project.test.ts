// What a project permits: the cases are folders in test/cases/policy, each a project's spec, questions and their answers.
import { describe, expect, test } from 'vitest';
import type { ResolvedDestination } from '../../../lib/model/destination.ts';
import type { AppProject, ProjectSpec } from '../../../lib/model/project.ts';
import { permitsDestination, permitsSource, resourceRefusal, serviceAccountFor } from '../../../lib/policy/project.ts';
import { casesOf } from '../../support/cases.ts';

interface Questions {
  readonly sources?: readonly string[];
  /** `server name namespace` */
  readonly destinations?: readonly string[];
  /** `cluster|namespaced group/Kind [namespace/]name` */
  readonly resources?: readonly string[];
  /** `server name namespace` */
  readonly accounts?: readonly string[];
  readonly noDefault?: boolean;
}

const FALLBACK = { namespace: 'deployers', name: 'default-deployer' } as const;
const HERE: ResolvedDestination = { server: 'https://kubernetes.default.svc', clusterName: 'in-cluster', namespace: 'shop' };

function projectOf(spec: unknown): AppProject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'shop' }, spec: spec as ProjectSpec }; // data of the case
}

function destinationOf(question: string): ResolvedDestination {
  const [server = '', clusterName = '', namespace = ''] = question.split(' ');
  return { server, clusterName, namespace };
}

function answers<T>(questions: readonly T[] | undefined, answer: (question: T) => string): Readonly<Record<string, string>> | undefined {
  return questions && Object.fromEntries(questions.map((question) => [String(question), answer(question)]));
}

function resourceAnswer(project: AppProject, question: string): string {
  const [scope = '', type = '', place = ''] = question.split(' ');
  const [group = '', kind = ''] = type.split('/');
  const [namespace = '', name = ''] = place.includes('/') ? place.split('/') : ['', place];
  return resourceRefusal(project, { group, kind, namespace, name }, scope === 'namespaced', HERE) ?? 'permitted';
}

function accountAnswer(project: AppProject, question: string, noDefault: boolean): string {
  const account = serviceAccountFor(project, destinationOf(question), 'apps', noDefault ? undefined : FALLBACK);
  return 'refusal' in account ? account.refusal : `${account.namespace}:${account.name}`;
}

const said = (permitted: boolean) => (permitted ? 'permitted' : 'refused');

describe('a project', () => {
  test.each(casesOf('policy'))('says that $name', ({ read, check }) => {
    const project = projectOf(read('project.yaml'));
    const { sources, destinations, resources, accounts, noDefault = false } = read('questions.yaml') as Questions; // data of the case
    check({
      sources: answers(sources, (url) => said(permitsSource(project, url))),
      destinations: answers(destinations, (question) => said(permitsDestination(project, destinationOf(question)))),
      resources: answers(resources, (question) => resourceAnswer(project, question)),
      accounts: answers(accounts, (question) => accountAnswer(project, question, noDefault)),
    });
  });

  test('never permits a cluster whose name is not known by name', () => {
    const project = projectOf({ destinations: [{ name: '*', namespace: '*' }] });
    expect(permitsDestination(project, { ...HERE, clusterName: '' })).toBe(false);
    expect(permitsDestination(project, HERE)).toBe(true);
  });
});
