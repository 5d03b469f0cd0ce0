import { describe, expect, it } from 'vitest';
import { type ComparisonRules, compare, suspects } from '../../../lib/compare/compare.ts';
import { differences } from '../../../lib/compare/differences.ts';
import { knownFields } from '../../../lib/compare/known-fields.ts';
import { pairObjects } from '../../../lib/compare/pair.ts';
import { ignoreRules } from '../../../lib/compare/system-rules.ts';
import type { ResourceComparison } from '../../../lib/model/comparison.ts';
import { isRecord, keyOf, keyText, type Manifest } from '../../../lib/model/manifest.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';
import { casesOf, type GoldenCase } from '../../support/cases.ts';

const objectsIn = (golden: GoldenCase, file: string) => golden.readAll(file) as readonly Manifest[];

function rulesOf(golden: GoldenCase): ComparisonRules {
  const written = golden.read('rules.yaml');
  const { permitted, ignoreDifferences = [], ...rules } = isRecord(written) ? written : {};
  const settings = resourceSettings((golden.read('argocd-cm.yaml') ?? {}) as Record<string, string>); // its data, as the cases say
  const { ignoreAggregatedRoles } = settings.compareOptions;
  const all = {
    application: 'argocd/bookstore',
    instanceName: 'bookstore',
    syncOptions: [],
    ...{ tracking: settings.tracking, ignoreAggregatedRoles, knownFields: knownFields(settings.overrides) },
    ...rules,
    ignoreDifferences: [...(ignoreDifferences as ComparisonRules['ignoreDifferences']), ...ignoreRules(settings)], // as the cases say
  };
  return permitted === undefined ? all : { ...all, permitted: () => permitted === true };
}

/** What a row says beside its two sides; what is false or empty is left out. */
function told({ target: _target, live: _live, key, ...row }: ResourceComparison): object {
  const entries = Object.entries({ key: keyText(key), ...row });
  return Object.fromEntries(
    entries.filter(([name, value]) => name === 'status' || (value !== false && value !== 0 && value !== undefined)),
  );
}

describe('compare', () => {
  it.each(casesOf('compare'))('holds that $name', (golden) => {
    const rules = rulesOf(golden);
    const pairs = pairObjects(objectsIn(golden, 'desired.yaml'), objectsIn(golden, 'live.yaml'));
    const predicted = new Map(objectsIn(golden, 'predicted.yaml').map((object) => [keyText(keyOf(object)), object]));
    const both = pairs.flatMap(({ target, live }) => (target && live ? [differences(target, live, rules, rules.alone)] : []));
    const { status, health, resources, conditions } = compare(pairs, predicted, rules);
    golden.check({
      status,
      health,
      suspects: suspects(pairs, rules).map(({ key }) => keyText(key)),
      differences: both.flat(),
      rows: resources.map(told),
      ...(conditions.length > 0 ? { conditions } : {}),
    });
  });

  it('asks about nothing that it has not paired', () => {
    expect(suspects([], { application: '', instanceName: 'bookstore', ignoreDifferences: [], syncOptions: [] })).toEqual([]);
  });
});
