// Decides whether this machine can bring up the local host, and says all that is missing at once with the way to get it.
import { InvalidInput } from '../../../lib/model/errors.ts';

/** What is built from source on a first start. */
export type Buildable = 'control plane' | 'renderer';

/** What was found on the machine. A tool's version is undefined when the tool is not there. */
export interface MachineFacts {
  /** `process.version`: `v24.21.0`. */
  readonly node: string;
  /** First line of `git --version`. */
  readonly git: string | undefined;
  /** `go env GOVERSION`, of the installed Go and not of one it would fetch: `go1.22.3`. */
  readonly go: string | undefined;
  /** What is not in the cache yet and will be built first. */
  readonly unbuilt: readonly Buildable[];
  /** The folders that will grow: our cache, and Go's module and build caches when there is a Go. */
  readonly disks: readonly DiskSpace[];
  readonly availableMemoryBytes: number;
}

export interface DiskSpace {
  readonly folder: string;
  readonly freeBytes: number;
}

/** One line of the list. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, and if it will not do, what to do about it. */
  readonly detail: string;
}

const GB = 1024 ** 3;

/** Running keeps data only. Builds fetch modules, fill Go's build cache and keep programs: 4.1 GB and 1.0 GB were seen. */
const DISK_GB = { running: 0.5, 'control plane': 4.5, renderer: 1 } as const;
/** Linking takes most of it; the running programs and functions about 1 GB. One is built after the other. */
const MEMORY_GB = { running: 1.5, 'control plane': 3, renderer: 2 } as const;

/** Everything that is needed, in the order that a person would check it. */
export function preflight(facts: MachineFacts): readonly Finding[] {
  return [nodeFinding(facts.node), gitFinding(facts.git), goFinding(facts.go), diskFinding(facts), memoryFinding(facts)];
}

/** The list as lines for a person. */
export function describeFindings(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ what, ok, detail }) => `${ok ? 'ok     ' : 'MISSING'}  ${what.padEnd(8)}${detail}`);
}

/** InvalidInput with the whole list when anything is missing. */
export function assertReady(facts: MachineFacts): void {
  const findings = preflight(facts);
  if (findings.every(({ ok }) => ok)) return;
  throw new InvalidInput(`this machine is not ready yet:\n${describeFindings(findings).join('\n')}`);
}

function nodeFinding(version: string): Finding {
  const ok = atLeast(version, [20, 0]);
  return {
    what: 'Node',
    ok,
    detail: ok ? version : `${version} is too old: version 20 or newer is needed, see https://nodejs.org/en/download`,
  };
}

function gitFinding(version: string | undefined): Finding {
  if (version !== undefined) return { what: 'git', ok: true, detail: version };
  return { what: 'git', ok: false, detail: 'not found on PATH: apt-get install git, or https://git-scm.com/downloads' };
}

/** Go 1.21 is the first that fetches the toolchain which a module asks for (go.dev/doc/toolchain). */
function goFinding(version: string | undefined): Finding {
  const ok = version !== undefined && atLeast(version, [1, 21]);
  if (ok) return { what: 'Go', ok, detail: version };
  const found = version === undefined ? 'not found on PATH' : `${version} is too old`;
  return { what: 'Go', ok, detail: `${found}: version 1.21 or newer is needed, from https://go.dev/dl (Debian 12's own package is 1.19)` };
}

/** The fullest disk decides: it is not known beforehand which folders share one. */
function diskFinding({ unbuilt, disks }: MachineFacts): Finding {
  const needed = unbuilt.reduce<number>((sum, program) => sum + DISK_GB[program], DISK_GB.running);
  const [fullest] = disks.toSorted((one, other) => one.freeBytes - other.freeBytes);
  const free = fullest?.freeBytes ?? 0;
  const ok = free >= needed * GB;
  const found = `${gigabytes(free)} free for ${fullest?.folder ?? 'the cache'}`;
  const wayOut = 'make room, or point XDG_CACHE_HOME at a bigger disk';
  return { what: 'disk', ok, detail: ok ? found : `${found}, ${neededText(needed, unbuilt)}: ${wayOut}` };
}

function memoryFinding({ unbuilt, availableMemoryBytes }: MachineFacts): Finding {
  const needed = Math.max(MEMORY_GB.running, ...unbuilt.map((program) => MEMORY_GB[program]));
  const ok = availableMemoryBytes >= needed * GB;
  const found = `${gigabytes(availableMemoryBytes)} available`;
  return { what: 'memory', ok, detail: ok ? found : `${found}, ${neededText(needed, unbuilt)}: close other programs` };
}

function neededText(needed: number, unbuilt: readonly Buildable[]): string {
  const purpose = unbuilt.map((program) => `the ${program}`).join(' and ');
  return `${needed} GB are needed${purpose === '' ? '' : ` to build ${purpose}`}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / GB).toFixed(1)} GB`;
}

/** Compares the first two numbers in a version with the least that will do; a text without numbers will not do. */
function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, foundMajor, foundMinor] = /(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  if (foundMajor === undefined) return false;
  const first = Number(foundMajor);
  return first > major || (first === major && Number(foundMinor ?? 0) >= minor);
}
