import { describe, expect, it } from 'vitest';
import { changeRows, changesSince } from '../../../../lib/cli/view/changes.ts';
import type { ResourceState } from '../../../../lib/cli/view/resources.ts';

const catalog: ResourceState = {
  group: 'apps',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'catalog',
  status: 'OutOfSync',
  health: 'Missing',
  hook: '',
  message: '',
};

describe('changes between two looks', () => {
  it('shows every row at the first look', () => {
    expect(changesSince(new Map(), [catalog]).changed).toEqual([catalog]);
  });

  it('shows nothing when nothing has changed', () => {
    const { shown } = changesSince(new Map(), [catalog]);
    expect(changesSince(shown, [catalog]).changed).toEqual([]);
  });

  it.each([
    ['status', { status: 'Synced' }],
    ['health', { health: 'Progressing' }],
    ['message', { message: 'configured' }],
  ])('shows a row again when its %s has changed', (_field, change) => {
    const { shown } = changesSince(new Map(), [catalog]);
    expect(changesSince(shown, [{ ...catalog, ...change }]).changed).toEqual([{ ...catalog, ...change }]);
  });

  it('keeps what a row said last when it says nothing now', () => {
    const told = { ...catalog, message: 'configured' };
    const { shown } = changesSince(new Map(), [told]);
    expect(changesSince(shown, [{ ...catalog, status: 'Synced' }]).changed).toEqual([{ ...told, status: 'Synced' }]);
  });

  it('keeps a hook that runs in two phases apart', () => {
    const { shown } = changesSince(new Map(), [{ ...catalog, hook: 'PreSync' }]);
    expect(changesSince(shown, [{ ...catalog, hook: 'PostSync' }]).changed).toHaveLength(1);
  });

  it.each([
    ['Healthy', { from: 'Healthy' }],
    ['Progressing', { from: 'Progressing' }],
    ['Unknown', undefined],
    ['Degraded', undefined],
  ])('tells of a resource that turned Degraded from %s', (health, degraded) => {
    const { shown } = changesSince(new Map(), [{ ...catalog, health }]);
    expect(changesSince(shown, [{ ...catalog, health: 'Degraded', message: 'new' }]).degraded).toEqual(degraded);
  });

  it('does not count what is Degraded at the first look as a turn', () => {
    expect(changesSince(new Map(), [{ ...catalog, health: 'Degraded' }]).degraded).toBeUndefined();
  });

  it('stamps each row', () => {
    expect(changeRows([catalog], 'now')).toEqual([['now', 'apps', 'Deployment', 'shop', 'catalog', 'OutOfSync', 'Missing', '', '']]);
  });
});
