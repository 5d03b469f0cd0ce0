import { describe, expect, it } from 'vitest';
import { knownFields, withKnownFields } from '../../../lib/compare/known-fields.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';

/** The value of a field of that type, in the form in which it is compared. */
function compared(type: string, value: unknown): unknown {
  const { overrides } = resourceSettings({ 'resource.customizations.knownTypeFields.x.example_Pool': `[{field: it, type: ${type}}]` });
  const object = { apiVersion: 'x.example/v1', kind: 'Pool', metadata: {}, it: value };
  return (withKnownFields(object, { group: 'x.example', kind: 'Pool' }, knownFields(overrides)) as { readonly it: unknown }).it; // it has one
}

describe('a field of a known type', () => {
  it.each([
    ['90s', '1m30s'],
    ['1.5h', '1h30m0s'],
    ['3600s', '1h0m0s'],
    ['1500ms', '1.5s'],
    ['1500us', '1.5ms'],
    ['0.5us', '500ns'],
    ['-60s', '-1m0s'],
    ['0', '0s'],
    ['60', '60'],
    ['soon', 'soon'],
    [60, 60],
  ])('meta/v1/Duration holds %s as %s', (written, held) => {
    expect(compared('meta/v1/Duration', written)).toBe(held);
  });

  it.each<readonly [type: string, written: unknown, held: unknown]>([
    ['core/Quantity', '1000m', '1'],
    ['core/Quantity', 1, '1'],
    ['core/Quantity', 'much', 'much'],
    ['core/v1/ResourceList', { cpu: 0.5, memory: '1024Mi' }, { cpu: '500m', memory: '1Gi' }],
    ['core/v1/Container', { name: 'web', image: '', tty: false, env: null }, { name: 'web' }],
    ['core/v1/Container', { name: 'web', unheard: false }, { name: 'web', unheard: false }],
    ['core/v1/PodStatus', { phase: '' }, { phase: '' }],
    ['batch/v1/JobSpec', { suspend: false }, { suspend: false }],
    ['core/v1/PodSpec', 'no struct', 'no struct'],
  ])('%s holds %j as %j', (type, written, held) => {
    expect(compared(type, written)).toEqual(held);
  });

  it('is found by the exact kind alone', () => {
    const { overrides } = resourceSettings({ 'resource.customizations.knownTypeFields.x.example_*': '[{field: it, type: core/Quantity}]' });
    const object = { apiVersion: 'x.example/v1', kind: 'Pool', metadata: {}, it: '1000m' };
    expect(withKnownFields(object, { group: 'x.example', kind: 'Pool' }, knownFields(overrides))).toBe(object);
  });
});
