import { describe, expect, it } from 'vitest';
import { resourceHealth } from '../../../lib/health/health.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { casesOf } from '../../support/cases.ts';

const isState = (file: string) => file.endsWith('.yaml') && file !== 'expected.yaml';

describe('resourceHealth', () => {
  it.each(casesOf('health'))('judges every state of $name', (golden) => {
    const states = golden.files.filter(isState);
    golden.check(Object.fromEntries(states.map((file) => [file, resourceHealth(golden.read(file) as LiveObject) ?? 'none'])));
  });

  it.each(casesOf('health'))('begins each file of $name with the code that it stands for', (golden) => {
    if (golden.name === 'kinds without a check') return;
    for (const file of golden.files.filter(isState)) {
      const status = resourceHealth(golden.read(file) as LiveObject)?.status ?? 'none';
      expect(file.split(/[-.]/)[0], file).toBe(status.toLowerCase());
    }
  });
});
