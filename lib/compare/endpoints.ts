// withSortedSubsets: Endpoints in one order, since whoever keeps them lists addresses and ports in an order of its own (spec/diff.md §7.6).
import { isRecord, type Manifest } from '../model/manifest.ts';

/** Core Endpoints with their subsets, and in these addresses and ports, sorted, and with the protocol that a port has by default. */
export function withSortedSubsets(endpoints: Manifest): Manifest {
  const { subsets } = endpoints;
  return Array.isArray(subsets) ? { ...endpoints, subsets: sorted(subsets.map(subset)) } : endpoints;
}

const ADDRESSES: readonly string[] = ['addresses', 'notReadyAddresses'];

function subset(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const parts = Object.entries(value).map(([name, part]) => {
    if (!Array.isArray(part)) return [name, part];
    if (name === 'ports') return [name, sorted(part.map(port))];
    return [name, ADDRESSES.includes(name) ? sorted(part) : part];
  });
  return Object.fromEntries(parts);
}

function port(value: unknown): unknown {
  return isRecord(value) ? { protocol: 'TCP', ...value } : value;
}

/** By their text, with the fields of each item in one order. */
function sorted(items: readonly unknown[]): readonly unknown[] {
  const texts = items.map((item) => [textOf(item), item] as const);
  return texts.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, item]) => item);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (!isRecord(value)) return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? '');
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${textOf(value[name])}`).join(',')}}`;
}
