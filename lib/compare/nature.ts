// How server-side apply treats a value: by its type where that is known, else by what applies have left in managedFields.
import { type FieldTree, isLeaf, stepsOf } from '../model/managed-fields.ts';
import type { FieldType, ListNature } from './types.ts';

/** Whether a struct or map is merged member by member, so that members which are not named stay. */
export function isMerged(type: FieldType, tree: FieldTree | undefined): boolean {
  if (type.form === 'struct' || type.form === 'map') return type.merged;
  return type.form === 'unknown' && (type.merged || (tree !== undefined && !isLeaf(tree)));
}

/** Lists with a leaf, or with steps that name no key, are taken as one value. */
export function natureAt(type: FieldType, tree: FieldTree | undefined): ListNature {
  if (type.form === 'list') return type.nature;
  const [first] = tree && type.form === 'unknown' ? stepsOf(tree) : [];
  if (first?.kind === 'item') return { kind: 'keyed', fields: Object.keys(first.key).sort() };
  return first?.kind === 'value' ? { kind: 'set' } : { kind: 'atomic' };
}
