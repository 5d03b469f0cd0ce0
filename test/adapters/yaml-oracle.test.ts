// lib/model/yaml.ts held against kubectl itself: each file of test/cases/yaml is refused by both, or means the same to both.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { flattened } from '../../lib/desired/manifests.ts';
import { parseJson } from '../../lib/model/json.ts';
import { isRecord, type Manifest } from '../../lib/model/manifest.ts';
import { readYaml } from '../../lib/model/yaml.ts';
import { printedByKubectl, unmarked } from '../support/kubectl-reader.ts';

type Read = readonly unknown[] | 'refused';

const { kubectl } = inject('world');
const FOLDER = join(import.meta.dirname, '..', 'cases', 'yaml');
const files = readdirSync(FOLDER).sort();

const LINE_BREAKS = 'YAML 1.1 takes the next-line, line and paragraph separators for line breaks, we take them for characters';
const KEYS = 'a key that is no scalar becomes text, kubectl refuses it';
const SPLITS = 'kubectl cuts a stream at lines that begin with ---, before YAML is read';
const STRICTER = 'kubectl refuses it, and no text means something else for our taking it';

/** Why some files are read differently. A file that comes to agree must leave the list. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'delete-character.yaml': STRICTER,
  'directive-of-a-later-version.yaml': SPLITS,
  'directive-of-a-tag.yaml': SPLITS,
  'directive-of-the-version.yaml': SPLITS,
  'directive-that-is-unknown.yaml': SPLITS,
  'document-end-and-then-a-bare-one.yaml': `${SPLITS}: it drops the second document without a word`,
  'document-on-its-separator-line.yaml': SPLITS,
  'double-quotes-with-a-surrogate-pair.yaml': STRICTER,
  'double-quotes-with-an-escaped-slash.yaml': STRICTER,
  'flow-with-a-question-mark.yaml': STRICTER,
  'json-documents-one-after-the-other.yaml': 'kubectl reads a stream of JSON, we read YAML: refused',
  'key-that-is-a-list.yaml': KEYS,
  'key-that-is-a-map.yaml': KEYS,
  'key-that-is-a-tilde.yaml': KEYS,
  'key-that-is-null.yaml': KEYS,
  'keys-that-are-large-numbers.yaml': 'Go writes exponents with two digits',
  'line-separator-before-an-indentation.yaml': LINE_BREAKS,
  'line-separator-in-a-block.yaml': LINE_BREAKS,
  'long-key.yaml': STRICTER,
  'next-line-character-in-a-block.yaml': LINE_BREAKS,
  'next-line-character-in-quotes.yaml': LINE_BREAKS,
  'paragraph-separator-in-quotes.yaml': LINE_BREAKS,
  'separators-in-plain-text.yaml': LINE_BREAKS,
  'tabs-in-a-blank-line.yaml': STRICTER,
  'utf-16.yaml': 'files are read as UTF-8',
};

function byKubectl(bytes: Buffer): Read {
  try {
    return printedByKubectl(kubectl, bytes).map((json) => unmarked(JSON.parse(exact(json))));
  } catch (error) {
    if (error instanceof Error && 'status' in error) return 'refused';
    throw error;
  }
}

/** Integers that a double cannot hold as text, so that a lost digit is seen. */
function exact(json: string): string {
  return json.replace(/^(\s*(?:"(?:[^"\\]|\\.)*": )?)(-?\d{16,})(?=,?$)/gm, (whole, before: string, digits: string) =>
    Number.isSafeInteger(Number(digits)) ? whole : `${before}"integer ${digits}"`,
  );
}

/** As manifests are read: a document that is no object or has no kind is refused as kubectl refuses it. */
function byUs(text: string): Read {
  const { documents, fault } = readYaml(text);
  const values = documents.map(({ value }) => value).filter((value) => value !== null);
  if (fault || values.some((value) => !isRecord(value) || typeof value['kind'] !== 'string')) return 'refused';
  const plain = parseJson(JSON.stringify(values)) as readonly Manifest[]; // each has just been looked at
  return flattened(plain, 'the file').map((manifest) => marked(unmarked({ ...manifest, metadata: manifest.metadata ?? {} })));
}

function marked(value: unknown): unknown {
  const whole = typeof value === 'bigint' || (typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(String(value)));
  if (whole) return `integer ${value}`;
  if (Array.isArray(value)) return value.map(marked);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, marked(child)])) : value;
}

describe('reads as kubectl does', () => {
  it.each(files)('%s', (file) => {
    const bytes = readFileSync(join(FOLDER, file));
    const [ours, theirs] = [byUs(bytes.toString('utf8')), byKubectl(bytes)];
    if (file in DIFFERENT) expect(ours).not.toEqual(theirs);
    else expect(ours).toEqual(theirs);
  });

  it('knows of no file that is gone', () => {
    expect(Object.keys(DIFFERENT).filter((file) => !files.includes(file))).toEqual([]);
    expect(files.length).toBeGreaterThan(80);
  });
});
