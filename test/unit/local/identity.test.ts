// A process is told from a stranger that has its pid.
import { describe, expect, test } from 'vitest';
import { layerUnsupported } from '../../../infra/local/cache/layer.ts';
import { tokenTable } from '../../../infra/local/controlplane/credentials.ts';
import { isRunning, parseIdentity, thisProcess } from '../../../infra/local/processes/identity.ts';

describe('isRunning', () => {
  test('knows this process, also after its identity was written down and read back', () => {
    expect(isRunning(thisProcess())).toBe(true);
    expect(isRunning(parseIdentity(JSON.parse(JSON.stringify(thisProcess()))))).toBe(true);
  });

  test('does not take a process for the one that had its pid before', () => {
    expect(isRunning({ ...thisProcess(), startedAt: '1' })).toBe(false);
  });

  test.each([null, 'x', {}, { pid: '1', startedAt: '' }, { pid: 1 }])('reads %j as nobody', (value) => {
    expect(isRunning(parseIdentity(value))).toBe(false);
  });
});

describe('tokenTable', () => {
  test('is a line of token, user, uid and groups for each of them', () => {
    const table = tokenTable({ admin: 'a', controllerManager: 'c', scheduler: 's', kwok: 'k' });
    expect(table.split('\n')).toEqual([
      'a,evenkeel-admin,evenkeel-admin,"system:masters"',
      'c,system:kube-controller-manager,system:kube-controller-manager,""',
      's,system:kube-scheduler,system:kube-scheduler,""',
      'k,evenkeel-kwok,evenkeel-kwok,"system:masters"',
      '',
    ]);
  });
});

describe('layerUnsupported', () => {
  test('takes Linux on x86-64 only', () => {
    expect(layerUnsupported('linux', 'x64')).toBeUndefined();
    expect(layerUnsupported('darwin', 'arm64')).toMatch(/Linux x86-64 only and this is darwin arm64/);
  });
});
