// The CPU that pods are said to use, as a ConfigMap says it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IDLE_MILLICORES, loadKey, millicoresOf, parseLoads, parseMillicores, podMetrics } from '../../../infra/local/controlplane/load.ts';

describe('parseMillicores', () => {
  test.each([
    ['400m', 400],
    ['2', 2000],
    ['0.25', 250],
    [' 1m ', 1],
    ['0', 0],
    ['', undefined],
    ['fast', undefined],
    ['-1', undefined],
    ['1Gi', undefined],
  ])('reads %j as %s', (text, expected) => {
    expect(parseMillicores(text)).toBe(expected);
  });
});

describe('parseLoads', () => {
  test('takes namespace and prefix apart at the first dot and leaves out what is no quantity', () => {
    const data = { 'shop.catalog': '400m', 'shop.v1.2-catalog': '1', 'shop.': '5m', nonsense: '1', 'shop.orders': 'much' };
    expect(parseLoads(data)).toEqual([
      { namespace: 'shop', prefix: 'catalog', millicores: 400 },
      { namespace: 'shop', prefix: 'v1.2-catalog', millicores: 1000 },
      { namespace: 'shop', prefix: '', millicores: 5 },
    ]);
  });

  test('reads back every load that a key was made for', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
    const prefix = fc.stringMatching(/^[a-z0-9.-]{0,20}$/);
    fc.assert(
      fc.property(label, prefix, fc.nat(100_000), (namespace, name, millicores) => {
        expect(parseLoads({ [loadKey(namespace, name)]: `${millicores}m` })).toEqual([{ namespace, prefix: name, millicores }]);
      }),
    );
  });
});

describe('millicoresOf', () => {
  const loads = parseLoads({ 'shop.catalog': '400m', 'shop.catalog-canary': '900m', 'shop.': '20m' });

  test.each([
    ['shop', 'catalog-7d9-x', 400],
    ['shop', 'catalog-canary-1', 900],
    ['shop', 'orders-1', 20],
    ['elsewhere', 'catalog-7d9-x', IDLE_MILLICORES],
  ])('in %s gives %s the load of the longest prefix: %s', (namespace, name, expected) => {
    expect(millicoresOf({ namespace, name }, loads)).toBe(expected);
  });
});

describe('podMetrics', () => {
  test('spreads a pod’s load over its containers', () => {
    const pod = { namespace: 'shop', name: 'catalog-1', labels: { app: 'catalog' }, containers: ['main', 'proxy'] };
    const metrics = podMetrics(pod, parseLoads({ 'shop.catalog': '300m' }), '2026-11-01T00:00:00Z');
    expect(metrics).toMatchObject({
      metadata: { namespace: 'shop', name: 'catalog-1', labels: { app: 'catalog' } },
      containers: [
        { name: 'main', usage: { cpu: '150000000n' } },
        { name: 'proxy', usage: { cpu: '150000000n' } },
      ],
    });
  });
});
