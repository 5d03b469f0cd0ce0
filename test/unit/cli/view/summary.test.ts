import { describe, expect, it } from 'vitest';
import { isListed, summaryRows } from '../../../../lib/cli/view/summary.ts';
import type { Application } from '../../../../lib/model/application.ts';

const shop: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { namespace: 'argocd', name: 'shop' },
  spec: {
    project: 'bookstore',
    sources: [
      { repoURL: 'https://git.example/a.git', path: 'a' },
      { repoURL: 'https://git.example/b.git', path: 'b' },
    ],
    destination: { name: 'in-cluster' },
  },
};

describe('which Applications are listed', () => {
  it.each([
    ['nothing is asked for', { projects: [] }, true],
    ['one of the projects is its own', { projects: ['default', 'bookstore'] }, true],
    ['the project is another', { projects: ['default'] }, false],
    ['any of its sources has the repository', { projects: [], repo: 'https://git.example/b.git' }, true],
    ['no source has the repository', { projects: [], repo: 'https://git.example/c.git' }, false],
    ['any of its sources has the path', { projects: [], path: 'b' }, true],
    ['no source has the path', { projects: [], path: 'c' }, false],
    ['the cluster is named', { projects: [], cluster: 'in-cluster' }, true],
    ['the cluster is another', { projects: [], cluster: 'https://kubernetes.default.svc' }, false],
    ['one of two filters does not fit', { projects: ['bookstore'], path: 'c' }, false],
  ])('when %s', (_case, filter, listed) => {
    expect(isListed(shop, filter)).toBe(listed);
  });

  it('counts an Application without project to the default one', () => {
    expect(isListed({ ...shop, spec: { ...shop.spec, project: '' } }, { projects: ['default'] })).toBe(true);
  });

  it('shows them sorted by name', () => {
    const named = (name: string) => ({ ...shop, metadata: { ...shop.metadata, name } });
    expect(summaryRows([named('b'), named('a')]).map((row) => row[0])).toEqual(['NAME', 'argocd/a', 'argocd/b']);
  });
});
