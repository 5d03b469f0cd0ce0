// What the README says of the code is true of the code.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEPS } from '../../../infra/local/story/story.ts';
import { CONFIG_VARIABLES } from '../../../lib/adapters/config.ts';
import { HEALTH_RULES } from '../../../lib/health/health.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

describe('the README', () => {
  it('has one row for each setting, as the code has it', () => {
    const rows = README.split('\n').filter((line) => line.startsWith('| `EVENKEEL_'));
    expect(rows).toEqual(CONFIG_VARIABLES.map(({ name, default: standard, meaning }) => `| \`${name}\` | ${standard} | ${meaning} |`));
  });

  it('names the steps of the story in their words', () => {
    const told = README.split('\n').filter((line) => /^\[\d+\/\d+\] /.test(line));
    expect(told).toEqual(STEPS.map(({ title }, index) => `[${index + 1}/${STEPS.length}] ${title}`));
  });

  it('names files and functions that are there', () => {
    const rows = [...README.matchAll(/^\| \d+ \| (.+?) \| (.+?) \|/gm)];
    expect(rows).toHaveLength(14);
    for (const [, files = '', functions = ''] of rows) {
      const [first = '', ...others] = [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
      const folder = first.slice(0, first.lastIndexOf('/') + 1);
      const paths = [first, ...others.map((file) => folder + file)].map((file) => join(ROOT, file));
      expect(paths.filter((path) => !existsSync(path))).toEqual([]);
      const text = paths.map((path) => readFileSync(path, 'utf8')).join('\n');
      for (const [, name = ''] of functions.matchAll(/`([^`]+)`/g)) expect(text).toContain(`function ${name}(`);
    }
  });

  it('names the kinds whose health is built in', () => {
    const row = README.split('\n').find((line) => line.startsWith('| Health of custom resources is built in')) ?? '';
    const limit = README.slice(README.indexOf('- Health is built in for')).split('\n- ')[0] ?? '';
    const words = new Set(`${row} ${limit}`.match(/\w+/g));
    expect([...HEALTH_RULES.keys()].map((key) => key.slice(key.indexOf('/') + 1)).filter((kind) => !words.has(kind))).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const named = [...README.matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => name);
    expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
  });
});
