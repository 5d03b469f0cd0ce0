// Which kinds an installation leaves alone (spec/diff.md §4).
import { describe, expect, it } from 'vitest';
import { isExcluded } from '../../../lib/model/kind-filters.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';

const SERVER = 'https://kubernetes.default.svc';
const excluded = (data: Readonly<Record<string, string>>, text: string, server = SERVER) => {
  const [group = '', kind = ''] = text.split('/');
  return isExcluded(resourceSettings(data), { group, kind }, server);
};
const exclusions = (text: string) => ({ 'resource.exclusions': text });
const inclusions = (text: string) => ({ 'resource.inclusions': text });

describe('a kind', () => {
  it.each([
    ['events.k8s.io/Event', true],
    ['metrics.k8s.io/PodMetrics', true],
    ['/Event', true],
    ['coordination.k8s.io/Lease', true],
    ['coordination.k8s.io/LeaseCandidate', false],
    ['/Pod', false],
    ['shop.example/Event', false],
  ])('%s is left alone without any setting: %s', (kind, expected) => {
    expect(excluded({}, kind)).toBe(expected);
    if (expected) expect(excluded(inclusions('[{}]'), kind)).toBe(true);
  });

  it.each([
    ['[{apiGroups: [""], kinds: [Endpoints]}]', '/Endpoints', true],
    ['[{apiGroups: [""], kinds: [Endpoints]}]', 'shop.example/Endpoints', false],
    ['[{apiGroups: [""], kinds: [Endpoint]}]', '/Endpoints', false],
    ['[{kinds: [Endpoints]}]', 'shop.example/Endpoints', true],
    ['[{apiGroups: ["*.example"]}]', 'shop.example/Shelf', true],
    ['[{apiGroups: ["*"], kinds: ["*"]}]', 'a.b.c/D', true],
    ['[{apiGroups: ["*"], kinds: ["Po*"]}]', '/Pod', false],
    ['[{apiGroups: ["{shop,till}.example"]}]', 'till.example/Shelf', true],
    ['[{apiGroups: ["["]}]', '[/Shelf', false],
    ['[{kinds: [Pod], clusters: ["https://kubernetes.*"]}]', '/Pod', true],
    ['[{kinds: [Pod], clusters: ["https://other"]}]', '/Pod', false],
    ['[{}]', '/Pod', true],
  ])('is excluded by %s: %s is %s', (text, kind, expected) => {
    expect(excluded(exclusions(text), kind)).toBe(expected);
  });

  it('is left alone when inclusions speak of its cluster and not of it', () => {
    const only = inclusions('[{apiGroups: [apps], clusters: ["https://kubernetes.*"]}]');
    expect(excluded(only, 'apps/Deployment')).toBe(false);
    expect(excluded(only, '/ConfigMap')).toBe(true);
    expect(excluded(only, '/ConfigMap', 'https://other')).toBe(false);
  });

  it('is left alone when it is excluded, included or not', () => {
    expect(excluded({ ...exclusions('[{kinds: [Pod]}]'), ...inclusions('[{kinds: [Pod]}]') }, '/Pod')).toBe(true);
  });
});
