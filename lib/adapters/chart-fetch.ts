// The renderer's mode `fetch` as a process: one request with its credentials on the standard input, one answer on the standard output.
// Nothing of a credential is in its arguments, its environment or on disk.
import { tmpdir } from 'node:os';
import * as z from 'zod';
import type { ChartSource } from '../model/chart-source.ts';
import { InvalidInput, NotPermitted, Unavailable } from '../model/errors.ts';
import { refusedAddresses } from '../model/refused-address.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import type { DialRules } from './dialed-address.ts';
import { DiskFull } from './local-fault.ts';
import { findProgram, ranOutOfMemory, runProcess } from './process.ts';

/** What is taken from a server at most, and what the program may take of the machine. */
export interface FetchLimits {
  readonly memoryBytes: number;
  readonly indexBytes: number;
  readonly archiveBytes: number;
  readonly totalBytes: number;
  readonly fileBytes: number;
  readonly files: number;
  readonly tags: number;
}

export interface FetchOptions {
  /** Path of the program. */
  readonly renderer: string;
  readonly timeoutSeconds: number;
  readonly limits: FetchLimits;
  readonly dial: Pick<DialRules, 'loopback'>;
}

export interface FetchRequest {
  readonly action: 'versions' | 'resolve' | 'pull';
  readonly source: ChartSource;
  readonly access: RepositoryAccess;
  readonly passCredentials?: boolean;
  readonly version?: string;
  /** An empty folder. */
  readonly into?: string;
}

const MEBIBYTE = 1024 * 1024;

export const FETCH_LIMITS: FetchLimits = {
  memoryBytes: 320 * MEBIBYTE,
  indexBytes: 64 * MEBIBYTE,
  archiveBytes: 256 * MEBIBYTE,
  totalBytes: 1024 * MEBIBYTE,
  fileBytes: 64 * MEBIBYTE,
  files: 20_000,
  tags: 100_000,
};

const MAX_ANSWER_BYTES = 32 * MEBIBYTE;
/** The program keeps its time limit itself, and says what it waited for; this is for one that does not. */
const GRACE_SECONDS = 10;

const ANSWER = z.object({
  versions: z.array(z.object({ version: z.string() })).default([]),
  digest: z.string().default(''),
  pulled: z.object({ digest: z.string(), files: z.number(), bytes: z.number() }).optional(),
  error: z.object({ kind: z.enum(['invalid', 'unavailable', 'forbidden', 'full']), message: z.string() }).optional(),
});

export type FetchAnswer = Omit<z.infer<typeof ANSWER>, 'error'>;

const ERRORS = { invalid: InvalidInput, unavailable: Unavailable, forbidden: NotPermitted, full: DiskFull };

/**
 * Runs the program once. Throws InvalidInput for what asking again does not change, NotPermitted for what the server or our own guards
 * refuse, Unavailable for a server that does not answer, and when the program is not there, DiskFull for a disk that is.
 */
export async function fetchRemote(options: FetchOptions, request: FetchRequest): Promise<FetchAnswer> {
  const result = await runProcess({
    program: findProgram(options.renderer, 'EVENKEEL_RENDERER'),
    args: ['fetch'],
    cwd: tmpdir(),
    env: { HOME: '/nonexistent', LC_ALL: 'C.UTF-8' },
    input: JSON.stringify(requestLine(options, request)),
    timeoutSeconds: options.timeoutSeconds + GRACE_SECONDS,
    maxOutputBytes: MAX_ANSWER_BYTES,
  });
  if (ranOutOfMemory(result.code, result.stderr)) {
    const limit = `${options.limits.memoryBytes / MEBIBYTE} MiB`;
    throw new InvalidInput(`${shownURL(request.source.url)}: reading what it serves takes more than ${limit} of memory`);
  }
  if (result.code !== 0 || result.overflow) {
    const how = result.overflow
      ? 'it answered too much'
      : result.timedOut
        ? 'it did not end in time'
        : `it ended with ${result.code ?? result.signal}`;
    throw new Unavailable(`fetching from ${shownURL(request.source.url)} failed: ${how}`);
  }
  const answer = ANSWER.parse(JSON.parse(result.stdout.toString('utf8')));
  if (answer.error) throw new ERRORS[answer.error.kind](answer.error.message);
  return answer;
}

function requestLine({ timeoutSeconds, limits, dial }: FetchOptions, request: FetchRequest): unknown {
  const { access, source } = request;
  return {
    action: request.action,
    kind: source.kind,
    chart: source.chart,
    version: request.version ?? '',
    into: request.into ?? '',
    timeoutSeconds,
    limits,
    refused: refusedAddresses(dial),
    access: {
      url: source.url,
      credential: access.credential.kind === 'ssh' ? { kind: 'none' } : access.credential,
      clientCertificate: access.clientCertificate,
      ca: access.ca,
      insecure: access.insecure,
      proxy: access.proxy,
      forceBasic: access.forceBasic,
      passCredentials: request.passCredentials ?? false,
      plainHttp: access.plainHttp,
    },
  };
}

/** A URL for people: without user name and password. */
export function shownURL(url: string): string {
  return url.replace(/^([^/]*\/\/)?[^/]+@/, '$1');
}
