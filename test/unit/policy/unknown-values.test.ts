// Words that mean nothing in options, hooks and waves, told in conditions.
import { describe, it } from 'vitest';
import type { Application } from '../../../lib/model/application.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';
import { unknownValues } from '../../../lib/policy/unknown-values.ts';
import { casesOf } from '../../support/cases.ts';

describe('words that mean nothing', () => {
  it.each(casesOf('unknown-values'))('$name', (golden) => {
    const syncOptions = golden.read('options.yaml') as readonly string[]; // the shapes of case files are theirs to keep
    const spec: Application['spec'] = { project: 'default', destination: {}, syncPolicy: { syncOptions } };
    const metadata = (golden.read('metadata.yaml') ?? { name: 'shop', namespace: 'argocd' }) as Application['metadata'];
    golden.check(unknownValues({ spec, metadata }, golden.readAll('desired.yaml') as Manifest[]));
  });
});
