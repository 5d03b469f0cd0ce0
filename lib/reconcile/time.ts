// Times as the API has them.
import type { Clock } from '../ports.ts';

/** Now, in RFC 3339 to the second. */
export function timeOf(ports: { readonly clock: Clock }): string {
  return new Date(ports.clock()).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
