// What the functions do to the world, written down as they do it: requests to the API server, and runs of programs, and what is
// asked of the renderer.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Intercepted, startInterceptor } from '../../infra/local/interceptor.ts';
import type { Journey } from './journey.ts';

export interface Traffic {
  /** Requests since the last `clear`, oldest first. */
  readonly requests: readonly Intercepted[];
  clear(): void;
  /** Called for each request before it is passed on; false swallows it. */
  onRequest: (request: Intercepted) => boolean;
  /** After the journey has ended: its functions know no other way. */
  close(): Promise<void>;
}

/** Sends the functions' requests through a stop that counts them. New workers are started for that. */
export async function watchTraffic(journey: Journey): Promise<Traffic> {
  const requests: Intercepted[] = [];
  const traffic: Traffic = {
    requests,
    clear: () => {
      requests.length = 0;
    },
    onRequest: () => true,
    close: () => interceptor.close(),
  };
  const interceptor = await startInterceptor(journey, (request) => {
    requests.push(request);
    return traffic.onRequest(request);
  });
  await journey.host.route(interceptor.url);
  return traffic;
}

export interface ProgramRuns {
  /** Path of the program that writes each run down and then is the real one. */
  readonly path: string;
  /** The arguments of each run until now, joined by blanks. */
  arguments(): readonly string[];
  /** Everything written down, the environment of each run included. */
  text(): string;
  clear(): void;
}

/** A wrapper around the program at `real`, which may be started without any PATH. */
export function recordedProgram(folder: string, name: string, real: string): ProgramRuns {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, `${name}.log`);
  const path = join(folder, name);
  const script = `#!/bin/sh\n{ echo "run $*"; /usr/bin/env; } >> '${log}'\nexec '${real}' "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  const text = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  return {
    path,
    text,
    arguments: () => [...text().matchAll(/^run (.*)$/gm)].map(([, line]) => line ?? ''),
    clear: () => writeFileSync(log, ''),
  };
}

export interface RenderRequests {
  /** Path of the program that writes down each request and hands it to the real one. */
  readonly path: string;
  /** What was asked until now: type and folder of each job. */
  jobs(): readonly string[];
  clear(): void;
}

/** A wrapper around the renderer at `real`. */
export function recordedRenderer(folder: string, real: string): RenderRequests {
  const log = join(folder, 'renderer.log');
  const path = join(folder, 'renderer');
  const script = `#!/bin/sh\n[ "$1" = fetch ] && exec '${real}' "$@"\n/usr/bin/tee -a '${log}' | '${real}' "$@"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return {
    path,
    jobs: () => {
      const lines = (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n').filter((line) => line !== '');
      const asked = lines.map((line) => JSON.parse(line) as { job: { type: string; folder: string } }); // requests of ours
      return asked.map(({ job }) => `${job.type} ${job.folder}`);
    },
    clear: () => writeFileSync(log, ''),
  };
}
