// What a watch delivers (Kubernetes API concepts, "Efficient detection of changes").
import type { LiveObject } from './manifest.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: LiveObject;
}
