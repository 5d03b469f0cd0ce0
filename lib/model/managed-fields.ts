// managedFields: who set which fields of a live object (Kubernetes API reference, FieldsV1), and how its lists are keyed.
import { ARGOCD_MANAGER, FIELD_MANAGER, KUBECTL_MANAGER, LAST_APPLIED, REPLACE_MANAGER } from './annotations.ts';
import { parseJson } from './json.ts';
import { isRecord, type LiveObject, type ManagedFieldsEntry } from './manifest.ts';

/** A tree of `f:<field>`, `k:<key of a list item>`, `v:<value of a set>`; `.` stands for the node itself. An empty node is a leaf. */
export type FieldTree = Readonly<Record<string, unknown>>;

/** One step down a tree. `text` is the step as the tree has it. */
export type FieldStep =
  | { readonly kind: 'field'; readonly text: string; readonly name: string }
  | { readonly kind: 'item'; readonly text: string; readonly key: Readonly<Record<string, unknown>> }
  | { readonly kind: 'value'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'unknown'; readonly text: string };

/** The entries of a manager for the object itself, not for a subresource. */
export function entriesOf(live: LiveObject, manager: string, operation: 'Apply' | 'Update'): readonly ManagedFieldsEntry[] {
  const entries = live.metadata.managedFields ?? [];
  return entries.filter((entry) => entry.manager === manager && entry.operation === operation && !entry.subresource);
}

/** Which fields a record tells of, in the names of one version of the kind. */
export interface FieldRecord {
  readonly apiVersion: string;
  readonly fields: FieldTree;
}

/**
 * What our server-side applies set; none when we never applied the object. The API server keeps one record; should there be more, each
 * counts: what one of them names and Git does not must not go unseen.
 */
export function appliedRecords(live: LiveObject): readonly FieldRecord[] {
  return entriesOf(live, FIELD_MANAGER, 'Apply').map(({ apiVersion = '', fieldsV1 = {} }) => ({ apiVersion, fields: fieldsV1 }));
}

/** What our applies set, if that can be told in the names that the object itself uses; undefined when we never applied it. */
export function appliedFields(live: LiveObject): FieldTree | undefined {
  const records = appliedRecords(live);
  if (records.length === 0 || records.some(({ apiVersion }) => apiVersion !== live.apiVersion)) return undefined;
  return records.map(({ fields }) => fields).reduce(mergedTrees, {});
}

/** The node below a step, or undefined when the tree does not hold it. */
export function childOf(tree: FieldTree | undefined, text: string): FieldTree | undefined {
  const child = tree && Object.hasOwn(tree, text) ? tree[text] : undefined;
  return isRecord(child) ? child : undefined;
}

/** Whether nothing below the node is told apart: a scalar, an atomic list or map, or an empty one. */
export function isLeaf(tree: FieldTree): boolean {
  return Object.keys(tree).every((text) => text === '.');
}

export function stepsOf(tree: FieldTree): readonly FieldStep[] {
  return Object.keys(tree)
    .filter((text) => text !== '.')
    .map(stepOf);
}

function stepOf(text: string): FieldStep {
  const rest = text.slice(2);
  if (text.startsWith('f:')) return { kind: 'field', text, name: rest };
  const value = text.startsWith('k:') || text.startsWith('v:') ? parsed(rest) : undefined;
  if (text.startsWith('k:') && isRecord(value)) return { kind: 'item', text, key: value };
  if (text.startsWith('v:') && value !== undefined) return { kind: 'value', text, value };
  return { kind: 'unknown', text };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Two trees laid over each other: every step that either has. */
export function mergedTrees(left: FieldTree, right: FieldTree): FieldTree {
  const both = new Map<string, unknown>(Object.entries(left));
  for (const [text, node] of Object.entries(right)) {
    const there = both.get(text);
    both.set(text, isRecord(there) && isRecord(node) ? mergedTrees(there, node) : node);
  }
  return Object.fromEntries(both);
}

/** What all clients have set in that version of the kind: it shows how its lists are keyed and which structs are merged. */
export function shapeOf(live: LiveObject, apiVersion: string): FieldTree {
  const entries = (live.metadata.managedFields ?? []).filter((entry) => entry.apiVersion === apiVersion);
  return entries.map((entry) => entry.fieldsV1 ?? {}).reduce(mergedTrees, {});
}

/** What an Application says of taking over (spec/sync.md §4.2). */
export interface TakeOver {
  /** `ClientSideApplyMigration=false`: nothing is taken over. */
  readonly off: boolean;
  /** One more client whose fields become ours: all that it set. */
  readonly manager: string | undefined;
}

export const TAKE_OVER: TakeOver = { off: false, manager: undefined };

/** Everybody keeps what is theirs. */
export const NO_TAKE_OVER: TakeOver = { off: true, manager: undefined };

/**
 * What clients before us set on purpose: Argo CD by server-side apply, and both Argo CD and kubectl by client-side apply, whose entries
 * hold API defaults too, so that only what their last-applied annotation names counts.
 */
export function inheritedFields(live: LiveObject, takeOver = TAKE_OVER): readonly FieldTree[] {
  return predecessors(live, takeOver).map(({ fields }) => fields);
}

export interface Predecessor {
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldTree;
  /** What stays that client's. */
  readonly left?: FieldTree | undefined;
}

/** The entries that `inheritedFields` reads, each with what counts of it. What Helm and kubectl applied counts until we have applied. */
export function predecessors(live: LiveObject, { off }: TakeOver = TAKE_OVER): readonly Predecessor[] {
  if (off) return [];
  const managers = [ARGOCD_MANAGER, ...(isOurs(live) ? [] : ['helm', 'kubectl'])];
  const applied = managers.flatMap((manager) => entriesOf(live, manager, 'Apply')).map(predecessorOf);
  const text = live.metadata.annotations?.[LAST_APPLIED];
  const document = text ? parsed(text) : undefined;
  if (!isRecord(document)) return applied;
  const updated = [ARGOCD_MANAGER, KUBECTL_MANAGER].flatMap((manager) => entriesOf(live, manager, 'Update'));
  return [...applied, ...updated.map((entry) => ({ entry, fields: named(entry.fieldsV1 ?? {}, document) }))];
}

/** Clients that make objects whole; those that edit them (kubectl edit, patch, scale …) are others whose fields stay theirs. */
const MAKERS = ['helm', 'kubectl-create', 'kubectl-replace'];

/**
 * The entries of whoever made an object that we have not applied yet, of the client that `takeOver` names, and of a replacement of ours
 * whose worker was lost before it was known as applied. They hold API defaults too, and nothing tells which: those come back by themselves
 * when an apply takes them away.
 */
export function makers(live: LiveObject, { off, manager }: TakeOver = TAKE_OVER): readonly Predecessor[] {
  const others = off ? [] : [...(isOurs(live) ? [] : MAKERS), ...(manager ? [manager] : [])];
  const managers = [REPLACE_MANAGER, ...others];
  return managers.flatMap((name) => entriesOf(live, name, 'Update')).map(predecessorOf);
}

function isOurs(live: LiveObject): boolean {
  return entriesOf(live, FIELD_MANAGER, 'Apply').length > 0;
}

/** By these Helm knows its own: they stay, so that its commands go on working, and are no difference. */
const HELM_MARKS: readonly (readonly string[])[] = [
  ['f:metadata', 'f:annotations', 'f:meta.helm.sh/release-name'],
  ['f:metadata', 'f:annotations', 'f:meta.helm.sh/release-namespace'],
  ['f:metadata', 'f:labels', 'f:app.kubernetes.io/managed-by'],
];

/** Helm keeps its marks; the status that was there was only carried along when we replaced the object, and becomes nobody's. */
function predecessorOf(entry: ManagedFieldsEntry): Predecessor {
  const all: FieldTree = entry.fieldsV1 ?? {};
  if (entry.manager === REPLACE_MANAGER) return { entry, fields: withoutNode(all, ['f:status']) };
  if (entry.manager !== 'helm') return { entry, fields: all };
  const marks = HELM_MARKS.filter((path) => path.reduce<FieldTree | undefined>(childOf, all) !== undefined);
  const fields = marks.reduce(withoutNode, all);
  const left = marks.map((path) => path.reduceRight<FieldTree>((below, step) => ({ [step]: below }), {}));
  return { entry, fields, left: left.length === 0 ? undefined : left.reduce(mergedTrees, {}) };
}

/** A tree without a node, and without the nodes above it that held nothing else. */
function withoutNode(tree: FieldTree, [step = '', ...rest]: readonly string[]): FieldTree {
  const { [step]: node, ...others } = tree;
  if (rest.length === 0 || !isRecord(node)) return others;
  const below = withoutNode(node, rest);
  return isLeaf(below) ? others : { ...others, [step]: below };
}

/** The part of a tree that a document has too. */
function named(tree: FieldTree, document: unknown): FieldTree {
  const kept = Object.entries(tree).flatMap(([text, node]) => {
    if (text === '.') return [[text, node]];
    const member = memberOf(document, stepOf(text));
    if (member === undefined || !isRecord(node)) return [];
    return [[text, isLeaf(node) ? node : named(node, member)]];
  });
  return Object.fromEntries(kept);
}

function memberOf(value: unknown, step: FieldStep): unknown {
  if (step.kind === 'field') return isRecord(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
  if (!Array.isArray(value)) return undefined;
  if (step.kind === 'value') return value.includes(step.value) ? step.value : undefined;
  if (step.kind !== 'item') return undefined;
  // A key field that the document leaves out is one that the API filled in.
  const holds = (item: unknown) => isRecord(item) && Object.entries(step.key).every(([field, part]) => (item[field] ?? part) === part);
  return value.find(holds);
}
