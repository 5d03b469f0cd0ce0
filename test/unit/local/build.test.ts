// What a build of our Go modules depends on.
import { describe, expect, test } from 'vitest';
import { buildKey } from '../../../infra/local/cache/build.ts';
import { buildFlags, kubernetesVersion } from '../../../infra/local/cache/control-plane.ts';
import { effectiveGo } from '../../../infra/local/cache/go.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const goMod =
  'module example.test/programs\n\ngo 1.26.0\n\nrequire (\n\tk8s.io/kubectl v0.36.3 // indirect\n\tk8s.io/kubernetes v1.36.3\n)\n';
const inputs = {
  goMod,
  goSum: 'k8s.io/kubernetes v1.36.3 h1:abc=\n',
  go: { version: 'go1.26.8', platform: 'linux/amd64' },
  flags: ['-trimpath'],
  sources: ['main.go', 'package main\n'],
};

describe('buildFlags', () => {
  test('sets the version that go.mod requires', () => {
    expect(kubernetesVersion(goMod)).toBe('v1.36.3');
    const flags = buildFlags(goMod).join(' ');
    for (const setting of ['gitVersion=v1.36.3', 'gitMajor=1', 'gitMinor=36', 'gitTreeState=clean']) {
      expect(flags).toContain(`-X k8s.io/component-base/version.${setting}`);
    }
  });

  test('refuses a go.mod without Kubernetes', () => {
    expect(() => buildFlags('module example.test/programs\n')).toThrow(InvalidInput);
  });
});

describe('buildKey', () => {
  test('stays the same for the same inputs', () => {
    expect(buildKey({ ...inputs })).toBe(buildKey(inputs));
  });

  test.each([
    ['another go.sum', { ...inputs, goSum: 'k8s.io/kubernetes v1.36.3 h1:def=\n' }],
    ['another version', { ...inputs, goMod: goMod.replaceAll('1.36.3', '1.36.4') }],
    ['another Go', { ...inputs, go: { ...inputs.go, version: 'go1.26.9' } }],
    ['other flags', { ...inputs, flags: ['-trimpath', '-race'] }],
    ['another source', { ...inputs, sources: ['main.go', 'package main // changed\n'] }],
    ['another file beside it', { ...inputs, sources: [...inputs.sources, 'more.go', 'package main\n'] }],
    ['another platform', { ...inputs, go: { ...inputs.go, platform: 'linux/arm64' } }],
  ])('differs for %s', (_, other) => {
    expect(buildKey(other)).not.toBe(buildKey(inputs));
  });

  test('is one key for two old Go versions that fetch the same toolchain', () => {
    const old = (version: string) => buildKey({ ...inputs, go: { ...inputs.go, version } });
    expect(old('go1.21.0')).toBe(old('go1.25.9'));
  });
});

describe('effectiveGo', () => {
  test.each([
    ['go1.21.3', 'go1.26.0'],
    ['go1.9.7', 'go1.26.0'],
    ['go1.26.0', 'go1.26.0'],
    ['go1.26.8', 'go1.26.8'],
    ['go1.100.0', 'go1.100.0'],
  ])('an installed %s builds with %s', (installed, expected) => {
    expect(effectiveGo(installed, goMod)).toBe(expected);
  });
});
