// The checked-in CustomResourceDefinitions are what the schemas say, and hold what the wire needs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { definitionFiles } from '../../../infra/kubernetes/crds/generate.ts';

const folder = join(import.meta.dirname, '../../../infra/kubernetes/crds');
/** kubectl keeps the last applied text in an annotation; all annotations of an object may hold so many bytes. */
const ANNOTATION_LIMIT = 262_144;

describe('the CustomResourceDefinitions', () => {
  it.each([...definitionFiles()])('%s is what generate.ts writes', (file, content) => {
    expect(readFileSync(join(folder, file), 'utf8')).toBe(content);
  });

  it.each([...definitionFiles()])('%s fits into the annotation of a client-side apply', (_, content) => {
    expect(JSON.stringify(parse(content)).length).toBeLessThan(ANNOTATION_LIMIT);
  });

  it('only ApplicationSet has a status subresource', () => {
    const withStatus = [...definitionFiles()].filter(([, content]) => parse(content).spec.versions[0].subresources !== undefined);
    expect(withStatus.map(([file]) => file)).toEqual(['applicationset.yaml']);
  });
});
