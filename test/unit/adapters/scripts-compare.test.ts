// Users' scripts in a comparison, with the real interpreters: an Application's rows with a health check in Lua and a rule in jq.
import { describe, expect, it } from 'vitest';
import { createScripts } from '../../../lib/adapters/scripts/scripts.ts';
import { type ComparisonRules, compare, comparedObjects, healthChecks, suspects } from '../../../lib/compare/compare.ts';
import { jqEdits } from '../../../lib/compare/ignore.ts';
import { pairObjects } from '../../../lib/compare/pair.ts';
import { differenceOf } from '../../../lib/compare/patch.ts';
import type { Kind } from '../../../lib/compare/schema.ts';
import type { Comparison, Pair } from '../../../lib/model/comparison.ts';
import { keyOf, keyText, type LiveObject, type Manifest } from '../../../lib/model/manifest.ts';
import type { HealthScript } from '../../../lib/model/script.ts';

const scripts = createScripts();

const OVERRIDES: Readonly<Record<string, HealthScript>> = {
  'example.com/Widget': {
    script: `
      local hs = {}
      if obj.status == nil then return { status = "Progressing", message = "not seen yet" } end
      if obj.status.phase == "Broken" then return { status = "Degraded", message = obj.status.problem.text } end
      if obj.status.phase ~= "Odd" then hs.status, hs.message = "Healthy", obj.status.phase end
      return hs`,
    openLibs: false,
  },
  '/ConfigMap': { script: 'return { status = "Suspended", message = obj.data.colour }', openLibs: false },
};
const scriptOf = ({ group, kind }: Kind) => OVERRIDES[`${group}/${kind}`];

const base = {
  application: 'argocd/shop',
  instanceName: 'shop',
  syncOptions: [],
  ignoreDifferences: [{ kind: 'ConfigMap', jqPathExpressions: ['.data | .[keys[] | select(startswith("tmp-"))]'] }],
};

/** Both phases, as a shell does them. */
async function compared(
  pairs: readonly Pair[],
  rules: ComparisonRules,
  predicted: readonly LiveObject[] = [],
): Promise<Comparison & { rules: ComparisonRules }> {
  const edits = jqEdits([...comparedObjects(pairs, rules), ...predicted], rules.ignoreDifferences);
  const made = await scripts.without(edits);
  const edited = new Map(edits.map(({ object }, index) => [object, made[index] ?? object]));
  const checks = healthChecks(pairs, rules, scriptOf);
  const said = await scripts.health([...checks.values()]);
  const scripted = new Map([...checks.keys()].map((key, index) => [key, said[index] ?? { fault: 'nothing was said' }]));
  const full = { ...rules, edited, scripted };
  return { ...compare(pairs, new Map(predicted.map((object) => [keyText(keyOf(object)), object])), full), rules: full };
}

const map = (name: string, data: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data,
});
const widget = (name: string, status?: object, more?: object): Manifest => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name, namespace: 'shop', ...more } },
  ...(status && { status }),
});
const live = (manifest: Manifest): LiveObject => ({
  ...manifest,
  metadata: {
    ...manifest.metadata,
    name: manifest.metadata.name ?? '',
    uid: `uid-${manifest.metadata.name}`,
    annotations: {
      ...manifest.metadata.annotations,
      'argocd.argoproj.io/tracking-id': `shop:${manifest.kind === 'Widget' ? 'example.com/Widget' : '/ConfigMap'}:shop/${manifest.metadata.name}`,
    },
  },
});
const tracked = (manifest: Manifest): Manifest => {
  const { uid: _uid, ...metadata } = live(manifest).metadata;
  return { ...manifest, metadata };
};

function paired(targets: readonly Manifest[], lives: readonly Manifest[]): readonly Pair[] {
  return pairObjects(targets.map(tracked), lives.map(live));
}

describe('a comparison with scripts', () => {
  it('shows what they say, for the live objects of their kinds alone', async () => {
    const names = ['well', 'broken', 'new', 'odd', 'leaving'];
    const states = [{ phase: 'Fine' }, { phase: 'Broken' }, undefined, { phase: 'Odd' }, { phase: 'Fine' }];
    const lives = names.map((name, index) =>
      widget(name, states[index], name === 'leaving' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    );
    const service: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'colours', namespace: 'shop' },
      data: { colour: 'red' },
    };
    const targets = [...names.map((name) => widget(name)), service, widget('missing')];
    const { resources, health, conditions } = await compared(paired(targets, [...lives, service]), base);
    const fault = "<string>:4: attempt to index a nil value (field 'problem')";
    expect(Object.fromEntries(resources.map((row) => [row.key.name, row.health]))).toEqual({
      well: { status: 'Healthy', message: 'Fine' },
      broken: { status: 'Unknown', message: fault },
      new: { status: 'Progressing', message: 'not seen yet' },
      odd: undefined,
      leaving: { status: 'Progressing', message: 'Pending deletion' },
      colours: { status: 'Suspended', message: 'red' },
      missing: { status: 'Missing' },
    });
    expect(health).toEqual({ status: 'Unknown', message: 'Caused by example.com/Widget:shop/broken' });
    expect(conditions.find(({ type }) => type === 'ComparisonError')?.message).toBe(
      `error setting app health: failed to get resource health for "Widget" with name "broken" in namespace "shop": failed to get resource health for shop/broken: ${fault}`,
    );
  });

  it('asks no script about what asks to have no health, and about what is missing; of hooks a sync wants to know', () => {
    const hook = widget('hook', {}, { annotations: { 'argocd.argoproj.io/hook': 'PreSync' } });
    const unchecked = widget('unchecked', {}, { annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } });
    const pairs = paired([hook, unchecked, widget('missing'), widget('here')], [hook, unchecked, widget('here')]);
    expect([...healthChecks(pairs, base, scriptOf).keys()]).toEqual(['example.com/Widget/shop/hook', 'example.com/Widget/shop/here']);
  });

  it('ignores what jq takes away, in Git, live and in the answer of the dry run', async () => {
    const target = map('colours', { colour: 'red', 'tmp-a': 'git' });
    const now = map('colours', { colour: 'red', 'tmp-b': 'live' });
    const pairs = paired([target], [now]);
    expect((await compared(pairs, { ...base, ignoreDifferences: [] })).resources[0]?.status).toBe('OutOfSync');
    const { resources, rules } = await compared(pairs, base);
    expect(resources[0]).toMatchObject({ status: 'Synced', settled: true });
    expect(suspects(pairs, rules)).toEqual([]);

    const changed = paired([map('colours', { colour: 'green', 'tmp-a': 'git' })], [now]);
    const answer = live(map('colours', { colour: 'green', 'tmp-a': 'git', 'tmp-b': 'live' }));
    const different = await compared(changed, base, [answer]);
    expect(different.resources[0]).toMatchObject({ status: 'OutOfSync' });
    const [row] = different.resources;
    if (!row) throw new Error('there is a row');
    const patch = [{ op: 'replace', path: '/data/colour', value: 'green' }];
    expect(differenceOf(row, answer, different.rules).patch).toEqual(patch);
    expect(differenceOf(row, undefined, different.rules).patch).toEqual(patch);
    const same = live(map('colours', { colour: 'red', 'tmp-c': 'webhook' }));
    expect((await compared(changed, base, [same])).resources[0]).toMatchObject({ status: 'Synced' });
  });

  it('names the field of a rule that is no expression, the Application’s own and others', async () => {
    const pairs = paired([map('a', {})], [map('a', {})]);
    const rule = { kind: 'ConfigMap', jqPathExpressions: ['.data.x', '.data['] };
    const failing = (field?: string) =>
      compared(pairs, { ...base, ignoreDifferences: [...base.ignoreDifferences, { ...rule, ...(field && { field }) }] });
    await expect(failing()).rejects.toThrow(/^spec\.ignoreDifferences\[1\]\.jqPathExpressions\[1\]: "\.data\[" is no jq path expression: /);
    await expect(failing('resource.customizations.ignoreDifferences.ConfigMap')).rejects.toThrow(
      /^resource\.customizations\.ignoreDifferences\.ConfigMap\.jqPathExpressions\[1\]: /,
    );
  });
});
