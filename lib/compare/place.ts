// Where a comparison stands inside an object: for the rules as a type, for people as text.
import type { Manifest } from '../model/manifest.ts';
import { type FieldType, itemType, memberType, objectType } from './types.ts';

/** What makes live differ from desired at a place. */
export interface Difference {
  /** `spec.template.spec.containers[name=web].image` */
  readonly path: string;
  /**
   * `changed`: live holds something else. `removed`: we set it once, Git no longer does. `inherited`: an earlier client set it
   * (Argo CD, kubectl apply), Git does not, and only taking that client's fields over makes it go.
   */
  readonly reason: 'changed' | 'removed' | 'inherited';
}

export interface Place {
  readonly type: FieldType;
  /** A member of a map rather than a field or an item. */
  readonly inMap: boolean;
  readonly text: string;
}

/** `assume`: what is unknown of the kind counts as merged. */
export function rootOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>, assume = false): Place {
  return { type: objectType(apiVersion, kind, assume), inMap: false, text: '' };
}

export function fieldAt(place: Place, name: string): Place {
  const { type, text } = place;
  return { type: memberType(type, name), inMap: type.form === 'map', text: text === '' ? name : `${text}.${name}` };
}

/** An item of a list; `label` tells it from the others: its index, its key or its value. */
export function itemAt(place: Place, label: string): Place {
  return { type: itemType(place.type), inMap: false, text: `${place.text}[${label}]` };
}

/** How an item is told from the others by its key: `name=web`, `containerPort=80,protocol=TCP`. */
export function keyLabel(key: Readonly<Record<string, unknown>>): string {
  return Object.entries(key)
    .map(([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(',');
}
