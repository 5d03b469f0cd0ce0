// What requests to the API server were for, told by method and path.
import type { Intercepted } from '../local/interceptor.ts';

export type RequestKind = 'read' | 'watch' | 'discovery' | 'token' | 'dryRun' | 'write';
export type RequestCounts = Readonly<Record<RequestKind, number>>;

export const NO_REQUESTS: RequestCounts = { read: 0, watch: 0, discovery: 0, token: 0, dryRun: 0, write: 0 };

export function requestKind({ method, url }: Pick<Intercepted, 'method' | 'url'>): RequestKind {
  const { pathname, searchParams } = new URL(url, 'https://localhost');
  if (method === 'POST' && /\/serviceaccounts\/[^/]+\/token$/.test(pathname)) return 'token';
  if (method !== 'GET') return searchParams.get('dryRun') === null ? 'write' : 'dryRun';
  if (searchParams.has('watch')) return 'watch';
  return /^\/(api|apis)(\/[^/]+){0,2}$/.test(pathname) && !/^\/api\/v1\/[^/]+$/.test(pathname) ? 'discovery' : 'read';
}

export function countRequests(requests: readonly Intercepted[]): RequestCounts {
  const byKind = Map.groupBy(requests, requestKind);
  const counted = [...byKind].map(([kind, of]) => [kind, of.length] as const);
  return { ...NO_REQUESTS, ...Object.fromEntries(counted) };
}

export function totalRequests(counts: RequestCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
