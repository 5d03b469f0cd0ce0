// Health scripts of all kinds, each with the object that it is asked about, in the real interpreter.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createScripts } from '../../../lib/adapters/scripts/scripts.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { casesOf, type GoldenCase } from '../../support/cases.ts';

const scripts = createScripts();

/** One check for each object of the case. */
function checksIn(golden: GoldenCase) {
  const openLibs = golden.read('options.yaml') !== undefined;
  const script = readFileSync(join(golden.dir, 'script.lua'), 'utf8');
  return golden.readAll('object.yaml').map((object) => ({ script, object: object as LiveObject, openLibs }));
}

describe('a health script', () => {
  it.each(casesOf('lua'))('holds that $name', async (golden) => {
    const outcomes = await scripts.health(checksIn(golden));
    golden.check(outcomes.length === 1 ? outcomes[0] : outcomes);
  });

  it('says the same among others, and again', async () => {
    const checks = casesOf('lua')
      .filter(({ name }) => !name.startsWith('an endless loop'))
      .flatMap(checksIn);
    const together = await scripts.health([...checks, ...checks]);
    const alone = await Promise.all(checks.map(async (check) => (await scripts.health([check]))[0]));
    expect(together).toEqual([...alone, ...alone]);
  });
});
