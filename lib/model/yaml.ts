// YAML text <-> data. The only file that parses or prints YAML: it reads as Kubernetes' own tools do (sigs.k8s.io/yaml: YAML 1.1 scalars,
// duplicate keys taken, last wins), so that what Git says means the same here, in kubectl and in helm.
import { CORE_SCHEMA, loadAll, type Schema, type State, Type, YAMLException } from 'js-yaml';
import { Document, visit } from 'yaml';
import { InvalidInput } from './errors.ts';
import { isRecord, type Manifest } from './manifest.ts';
import { merged, mergeKeys } from './yaml-merge.ts';
import { isBoolean, isFloat, isInteger, isNull, looksLikeNumber, readBoolean, readFloat, readInteger } from './yaml-scalar.ts';

/** Text beyond this is refused before it is parsed. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** How many nodes aliases may stand for, written out: more is a bomb, not a manifest. */
const MAX_NODES = 1_000_000;
const MAX_DEPTH = 300;
const OWN_TAG = 'tag:evenkeel.dev,2026:';

const scalar = (name: string, resolve: (text: string) => boolean, construct: (text: string) => unknown): Type =>
  new Type(`tag:yaml.org,2002:${name}`, {
    kind: 'scalar',
    resolve: (text) => resolve(text ?? ''),
    construct: (text) => construct(text ?? ''),
  });

/** Tags that begin so and mean nothing to us are left aside, as go-yaml does: what they stand on is kept, a scalar as text. */
function withoutMeaning(prefix: string): readonly Type[] {
  const kinds = ['scalar', 'sequence', 'mapping'] as const;
  return kinds.map((kind) => new Type(prefix, { kind, multi: true, construct: (data) => data ?? (kind === 'scalar' ? '' : null) }));
}

/** go-yaml leaves timestamps as text when the target is untyped. */
function schemaWith(mergeKey: () => string): Schema {
  return CORE_SCHEMA.extend({
    implicit: [
      scalar('null', isNull, () => null),
      scalar('bool', isBoolean, readBoolean),
      scalar('int', isInteger, readInteger),
      scalar('float', isFloat, readFloat),
      new Type(`${OWN_TAG}merge`, { kind: 'scalar', resolve: (text) => text === '<<', construct: mergeKey }),
    ],
    explicit: [
      scalar(
        'timestamp',
        () => true,
        (text) => text,
      ),
      scalar(
        'binary',
        (text) => /^[A-Za-z0-9+/=\s]*$/.test(text),
        (text) => Buffer.from(text, 'base64').toString('utf8'),
      ),
      ...['!', 'tag:'].flatMap(withoutMeaning),
    ],
  });
}

const SCHEMA = schemaWith(() => '<<');

/** A document of a YAML stream and the line that it begins on, from 1. */
export interface YamlDocument {
  readonly value: unknown;
  readonly line: number;
}

/** What could be read of a stream: all documents, or those before the fault. */
export interface YamlStream {
  readonly documents: readonly YamlDocument[];
  readonly fault: InvalidInput | undefined;
}

/** The one document in a text, beside empty ones; empty text is null. Throws InvalidInput with file and line when the text is no YAML or holds several. */
export function parseYaml(text: string, file?: string): unknown {
  const { documents, fault } = readYaml(text, file);
  if (fault) throw fault;
  const [first, second] = documents.filter(({ value }) => value !== null);
  if (second) throw faultAt(file, second.line, 'a second document begins here, one is expected');
  return first?.value ?? null;
}

/**
 * The objects in a multi-document text, empty documents left out.
 * Throws InvalidInput that names file and line for a syntax error, a document that is no object, or one without kind or apiVersion.
 */
export function parseManifests(text: string, file: string): Manifest[] {
  const { documents, fault } = readYaml(text, file);
  const manifests = documents.filter(({ value }) => value !== null).map(({ value, line }) => manifestFrom(value, file, line));
  if (fault) throw fault;
  return manifests;
}

/** Reads a stream as far as it goes; a fault is returned, not thrown, since some callers forgive one in a file that holds no manifest. */
export function readYaml(text: string, file?: string): YamlStream {
  const documents: YamlDocument[] = [];
  if (text.length > MAX_CHARACTERS) return { documents, fault: faultAt(file, 1, `larger than ${MAX_CHARACTERS} characters`) };
  const hasMerges = text.includes('<<');
  try {
    const schema = hasMerges ? schemaWith(mergeKeys()) : SCHEMA;
    const options = { schema, json: true, maxDepth: MAX_DEPTH, listener: collector(documents) } as object;
    loadAll(withoutMarks(text), undefined as never, options);
    checkExpanded(text, documents, file);
    return { documents: hasMerges ? documents.map((document) => mergedDocument(document, file)) : documents, fault: undefined };
  } catch (cause) {
    if (cause instanceof InvalidInput) return { documents: [], fault: cause };
    if (cause instanceof YAMLException) return { documents, fault: faultAt(file, (cause.mark?.line ?? 0) + 1, cause.reason) };
    if (cause instanceof RangeError) return { documents: [], fault: faultAt(file, 1, 'nested too deeply') };
    throw cause;
  }
}

/** One object of a manifest file. `line` is where its document begins; throws InvalidInput that names both. */
export function manifestFrom(value: unknown, file: string, line: number): Manifest {
  if (!isRecord(value)) throw faultAt(file, line, 'the document is no object');
  const { apiVersion, kind } = value;
  if (typeof kind !== 'string' || kind === '') throw faultAt(file, line, "Object 'Kind' is missing");
  if (Array.isArray(value['items'])) return { ...value, apiVersion: String(apiVersion ?? 'v1'), kind, metadata: {} };
  if (typeof apiVersion !== 'string' || apiVersion === '') throw faultAt(file, line, `${kind} has no apiVersion`);
  const metadata = value['metadata'] ?? {};
  if (!isRecord(metadata)) throw faultAt(file, line, `metadata of ${kind} is no object`);
  const fault = metadataFault(metadata);
  if (fault !== undefined) throw faultAt(file, line, `${[kind, metadata['name']].filter(Boolean).join(' ')}: ${fault}`);
  return { ...value, apiVersion, kind, metadata };
}

/** Data as YAML that every reader, YAML 1.1 or 1.2, reads back as the same data. Keys keep their order; no line is folded. */
export function printYaml(value: unknown): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && !printsSafely(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, directives: false });
}

/** Files that were put one after the other may have a byte order mark at the start of each. */
function withoutMarks(text: string): string {
  return text.includes('\uFEFF') ? text.replace(/^(---[^\n]*\n)\uFEFF/gm, '$1') : text;
}

function mergedDocument({ value, line }: YamlDocument, file: string | undefined): YamlDocument {
  try {
    return { value: merged(value), line };
  } catch (cause) {
    throw cause instanceof InvalidInput ? faultAt(file, line, cause.message) : cause;
  }
}

function collector(documents: YamlDocument[]): (event: 'open' | 'close', state: State) => void {
  let depth = 0;
  let line = 1;
  return (event, state) => {
    if (event === 'close') depth -= 1;
    if (depth === 0 && event === 'open') line = state.line + 1;
    if (depth === 0 && event === 'close') documents.push({ value: state.result, line });
    if (event === 'open') depth += 1;
  };
}

/** JSON knows neither infinity nor NaN, and what aliases stand for must stay small and end. Both need signs in the text, so most skip this. */
function checkExpanded(text: string, documents: readonly YamlDocument[], file: string | undefined): void {
  if (!text.includes('&') && !/\.(?:inf|nan)/i.test(text)) return;
  for (const { value, line } of documents) {
    const reason = sizeOrReason(value, new Map());
    if (typeof reason === 'string') throw faultAt(file, line, reason);
  }
}

/** How many values a node stands for, written out; or why it cannot be. `sizes` holds 0 for a node that is being counted. */
function sizeOrReason(value: unknown, sizes: Map<object, number>): number | string {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'infinity and NaN are no numbers that JSON can hold';
  if (typeof value !== 'object' || value === null) return 1;
  const known = sizes.get(value);
  if (known !== undefined) return known === 0 ? 'an alias stands inside what it stands for' : known;
  sizes.set(value, 0);
  let size = 1;
  for (const child of Object.values(value)) {
    const counted = sizeOrReason(child, sizes);
    if (typeof counted === 'string') return counted;
    size += counted;
    if (size > MAX_NODES) return `aliases stand for more than ${MAX_NODES} values`;
  }
  sizes.set(value, size);
  return size;
}

/** Labels and annotations are texts; an unquoted number or boolean is the usual slip, and the API server's own words for it help nobody. */
function metadataFault(metadata: Readonly<Record<string, unknown>>): string | undefined {
  for (const field of ['name', 'generateName', 'namespace']) {
    const value = metadata[field];
    if (value !== undefined && value !== null && typeof value !== 'string') return `metadata.${field} is no text, put it in quotes`;
  }
  for (const field of ['labels', 'annotations']) {
    const values = metadata[field] ?? {};
    if (!isRecord(values)) return `metadata.${field} is no object`;
    const odd = Object.entries(values).find(([, value]) => typeof value !== 'string' && value !== null);
    if (odd) return `metadata.${field}: the value of ${odd[0]} is no text, put it in quotes`;
  }
  return undefined;
}

/** Whether text without quotes, or as a block when it has several lines, comes back as it is. */
function printsSafely(text: string): boolean {
  if (text.includes('\n')) return /^[^\s]/.test(text) && !/^[ \t]+$/m.test(text) && !/[^\n\x20-\x7e\u00a0-\ud7ff]/.test(text);
  return !(isNull(text) || isBoolean(text) || text === '<<' || looksLikeNumber(text));
}

/** Without the parser's own error as cause: it carries the whole text, and that may be a Secret. */
function faultAt(file: string | undefined, line: number, reason: string): InvalidInput {
  const where = file === undefined ? `line ${line}` : `Failed to unmarshal "${file}": line ${line}`;
  return new InvalidInput(`${where}: ${reason}`);
}
