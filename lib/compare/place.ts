// Where a comparison stands inside an object: for the rules as a path, for people as text.
import type { Kind, Path } from './schema.ts';

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
  readonly kind: Kind;
  readonly path: Path;
  readonly text: string;
}

export function rootOf(kind: Kind): Place {
  return { kind, path: [], text: '' };
}

export function fieldAt(place: Place, name: string): Place {
  return { kind: place.kind, path: [...place.path, name], text: place.text === '' ? name : `${place.text}.${name}` };
}

/** An item of a list; `label` tells it from the others: its index, its key or its value. */
export function itemAt(place: Place, label: string): Place {
  return { kind: place.kind, path: [...place.path, '[]'], text: `${place.text}[${label}]` };
}

/** How an item is told from the others by its key: `name=web`, `containerPort=80,protocol=TCP`. */
export function keyLabel(key: Readonly<Record<string, unknown>>): string {
  return Object.entries(key)
    .map(([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(',');
}
