// One running renderer: lines in, lines out, and how it ended. It has a private folder, no environment of ours, and does not keep us alive.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { Unavailable } from '../model/errors.ts';
import { endGroup, guarded, ranOutOfMemory, unguarded } from './process.ts';
import { sealedEnvironment } from './sealed-environment.ts';

/** `orderly`: it ended by itself, to give memory back, or because we ended it. */
export interface Ending {
  readonly orderly: boolean;
  readonly reason: string | Unavailable;
}

export interface RendererProcessOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly onLine: (line: string) => void;
  readonly onEnd: (ending: Ending) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const MAX_STDERR = 8 * 1024;
/** Its exit code when a render grew too large. */
const TOO_LARGE = 3;
/** It says once that it is ready. */
const GREETING_LINES = 1;

/** Folders of those that run now, so that none outlives this process when it ends in order. */
const homes = new Set<string>();
process.once('exit', () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

export class RendererProcess {
  readonly #child: Child;
  readonly #home: string;
  #complaint = '';
  #killed = false;

  constructor({ program, args, onLine, onEnd }: RendererProcessOptions) {
    this.#home = mkdtempSync(join(tmpdir(), 'evenkeel-renderer-'));
    homes.add(this.#home);
    const env = sealedEnvironment(this.#home);
    const child: Child = spawn(program, args, { cwd: this.#home, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    guarded(child.pid);
    let lines = 0;
    readLines(child.stdout, (line) => {
      lines += 1;
      onLine(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // A crash says why before it says where.
      this.#complaint = (this.#complaint + text).slice(0, MAX_STDERR);
    });
    child.stdin.on('error', () => undefined); // How it ended says why.
    child.once('error', (cause) => {
      const reason = new Unavailable(`${program} could not be started: ${cause.message}`, { cause });
      this.#end({ orderly: false, reason }, onEnd);
    });
    // One that ends before it has answered anything would do so again and again.
    child.once('close', (code, signal) => {
      const orderly = this.#killed || (code === 0 && lines > GREETING_LINES);
      this.#end({ orderly, reason: this.#reason(code, signal) }, onEnd);
    });
    this.hold(false);
  }

  write(line: string): void {
    this.#child.stdin.write(line);
  }

  /** Whether this process is to stay for as long as the child is at work. */
  hold(busy: boolean): void {
    for (const part of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      if (part instanceof Socket || part === this.#child) busy ? part.ref() : part.unref();
    }
  }

  /** Whoever was at work in it is not to blame for that. */
  kill(): void {
    this.#killed = true;
    endGroup(this.#child.pid);
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): string {
    if (code === TOO_LARGE || ranOutOfMemory(code, this.#complaint)) return 'failed: it takes more memory than a render may';
    const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
    return `failed: the renderer ${how}${this.#complaint === '' ? '' : `: ${this.#complaint.split('\n')[0]}`}`;
  }

  #end(ending: Ending, onEnd: (ending: Ending) => void): void {
    if (!homes.delete(this.#home)) return;
    unguarded(this.#child.pid);
    rmSync(this.#home, { recursive: true, force: true });
    onEnd(ending);
  }
}

/** Whole lines of any length: an answer holds all manifests of an Application. */
function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  stream.on('data', (chunk: Buffer) => {
    const [first = '', ...rest] = decoder.write(chunk).split('\n');
    parts.push(first);
    for (const next of rest) {
      onLine(parts.join(''));
      parts = [next];
    }
  });
}
