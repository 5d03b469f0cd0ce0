// A thread in which one interpreter runs users' scripts, one at a time. It is this file that a thread starts from, under whatever name a
// bundle gave it; imported elsewhere it only tells where it is.
import { isMainThread, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { limitMemory } from './memory.ts';

export type Engine = 'lua' | 'jq';

export interface Setup {
  readonly engine: Engine;
  readonly maxBytes: number;
}

/** Where a thread starts. */
export const workerFile = new URL(import.meta.url);

/** What a thread says first; each message after it answers a job. */
export const READY = 'ready';

/** Only the interpreter that is asked for is loaded. */
const ENGINES: Readonly<Record<Engine, () => Promise<(job: never) => unknown>>> = {
  lua: async () => (await import('./lua.ts')).createLua(),
  jq: async () => (await import('./jq.ts')).createJq(),
};

/** What is thrown ends the thread, and whoever started it is told. */
async function serve({ engine, maxBytes }: Setup, port: MessagePort): Promise<void> {
  for (const name of ['debug', 'error', 'info', 'log', 'warn'] as const) console[name] = () => undefined;
  // jq shows them to its programs.
  process.argv.length = 0;
  limitMemory(maxBytes);
  const answer = await ENGINES[engine]();
  port.on('message', (job) => port.postMessage(Reflect.apply(answer, undefined, [job])));
  port.postMessage(READY);
}

function isSetup(data: unknown): data is Setup {
  return typeof data === 'object' && data !== null && 'engine' in data && 'maxBytes' in data;
}

if (!isMainThread && parentPort && isSetup(workerData)) await serve(workerData, parentPort);
