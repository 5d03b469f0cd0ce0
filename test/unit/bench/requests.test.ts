import { expect, test } from 'vitest';
import { countRequests, requestKind, totalRequests } from '../../../infra/bench/requests.ts';

test.each([
  { method: 'GET', url: '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web', kind: 'read' },
  { method: 'GET', url: '/api/v1/namespaces/shop/services?limit=500', kind: 'read' },
  { method: 'GET', url: '/api/v1/services?watch=1&resourceVersion=7', kind: 'watch' },
  { method: 'GET', url: '/apis', kind: 'discovery' },
  { method: 'GET', url: '/api/v1', kind: 'discovery' },
  { method: 'GET', url: '/apis/apps/v1', kind: 'discovery' },
  { method: 'GET', url: '/api/v1/namespaces', kind: 'read' },
  { method: 'POST', url: '/api/v1/namespaces/argocd/serviceaccounts/deployer/token', kind: 'token' },
  { method: 'POST', url: '/api/v1/namespaces/argocd/serviceaccounts?fieldManager=evenkeel', kind: 'write' },
  { method: 'PATCH', url: '/apis/apps/v1/namespaces/shop/deployments/web?dryRun=All&force=true', kind: 'dryRun' },
  { method: 'PATCH', url: '/apis/apps/v1/namespaces/shop/deployments/web?force=true', kind: 'write' },
  { method: 'DELETE', url: '/apis/apps/v1/namespaces/shop/deployments/web', kind: 'write' },
])('$method $url is a $kind', ({ method, url, kind }) => {
  expect(requestKind({ method, url })).toBe(kind);
});

test('requests are counted by what they were for', () => {
  const [get, patch] = [
    { method: 'GET', url: '/api/v1/pods', contentType: '' },
    { method: 'PATCH', url: '/api/v1/namespaces/shop/services/web', contentType: 'application/apply-patch+yaml' },
  ];
  const counts = countRequests([get, patch, get]);
  expect(counts).toEqual({ read: 2, watch: 0, discovery: 0, token: 0, dryRun: 0, write: 1 });
  expect(totalRequests(counts)).toBe(3);
});
