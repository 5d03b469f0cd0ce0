// Drives the built renderer: one process, requests by line, answers by id. And lays out the sources that it is asked about.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseJson } from '../../lib/model/json.ts';

export interface Answer {
  readonly id: string;
  readonly reads: Readonly<Record<string, readonly string[]>>;
  readonly documents?: readonly unknown[];
  readonly files?: readonly FileAnswer[];
  readonly needs?: readonly Readonly<Record<string, string>>[];
  readonly error?: string;
}

export interface FileAnswer {
  readonly path: string;
  readonly documents: readonly { readonly line: number; readonly value: unknown }[];
  readonly fault?: { readonly line: number; readonly message: string };
}

export interface Request {
  readonly roots: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly job: Readonly<Record<string, unknown>>;
}

export interface RendererProcess {
  readonly pid: number;
  /** What it says first. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  /** Rejects when the process ends without an answer. */
  readonly ask: (request: Request) => Promise<Answer>;
  /** Writes text as it is. */
  readonly write: (text: string) => void;
  /** Every line so far, as it came. */
  readonly lines: readonly string[];
  /** Ends its input, and gives the exit code. */
  readonly close: () => Promise<number | null>;
  /** Its exit code, whenever it ends. */
  readonly ended: Promise<number | null>;
}

/** The renderer with an environment that holds nothing of ours beside what the test adds. */
export function startRenderer(program: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): RendererProcess {
  const child = spawn(program, args, { env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {}); // it may end before it has read everything
  const waiting = new Map<string, PromiseWithResolvers<Answer>>();
  const ready = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const message = parseJson(line) as Answer & Readonly<Record<string, unknown>>;
    if (message['ready'] === true) ready.resolve(message);
    else waiting.get(message.id)?.resolve(message);
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  void ended.then((code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the renderer ended with ${code}`));
  });
  let count = 0;
  return {
    pid: child.pid ?? 0,
    ready: ready.promise,
    lines,
    ended,
    write: (text) => void child.stdin.write(text),
    ask: (request) => {
      count += 1;
      const id = `request-${count}`;
      const answer = Promise.withResolvers<Answer>();
      waiting.set(id, answer);
      child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
      return answer.promise;
    },
    close: async () => {
      child.stdin.end();
      return ended;
    },
  };
}

export type Files = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

/** A folder with these files and symbolic links, and how to be rid of it. */
export function layOut(files: Files): { readonly dir: string; readonly remove: () => void } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'evk-renderer-')));
  for (const [path, content] of Object.entries(files)) {
    const at = join(dir, path);
    mkdirSync(dirname(at), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(at, content);
    else symlinkSync(content.link, at);
  }
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
