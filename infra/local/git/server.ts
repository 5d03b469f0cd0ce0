// A Git server over HTTP on the loopback address: clone, fetch and push; a push to an unknown name makes the repository.
// After a push the references are compared with those before it, and `onPush` hears of each that moved; no hook script runs.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf } from '../../../lib/model/errors.ts';
import { listen } from '../listen.ts';
import { serveBackend } from './backend.ts';
import { type Push, refChanges } from './push.ts';
import { createRepository, defaultBranch, pushedCommits, readRefs, repositoryDir, repositoryName } from './repository.ts';

export interface GitServerOptions {
  /** Folder that holds the bare repositories, `<name>.git` each. */
  readonly dir: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Hears of a push once git has answered the client, one after the other for a repository. */
  readonly onPush?: (push: Push) => Promise<void> | void;
  readonly log?: (line: string) => void;
}

export interface GitServer {
  /** `http://127.0.0.1:PORT`; a repository is at `<url>/<name>.git`. */
  readonly url: string;
  /** Resolves when every push until now has been heard. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

interface Asked {
  readonly name: string;
  readonly endpoint: string;
  readonly query: string;
  readonly push: boolean;
}

const ROUTE = /^\/(.+?)\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Which repository and service a request asks for; undefined for anything that is not smart HTTP (gitprotocol-http). */
export function askedOf(method: string, target: string): Asked | undefined {
  const [path = '', query = ''] = target.split('?', 2);
  const [, rawName = '', endpoint = ''] = ROUTE.exec(path) ?? [];
  const name = repositoryName(rawName);
  const service = endpoint === 'info/refs' ? new URLSearchParams(query).get('service') : endpoint;
  const known = service === 'git-upload-pack' || service === 'git-receive-pack';
  const fits = method === (endpoint === 'info/refs' ? 'GET' : 'POST');
  return name === undefined || !known || !fits ? undefined : { name, endpoint, query, push: service === 'git-receive-pack' };
}

/** Starts the server. Throws InvalidInput that names a port which is taken. */
export async function startGitServer(options: GitServerOptions): Promise<GitServer> {
  await mkdir(options.dir, { recursive: true });
  const served = new Repositories(options);
  const server = createServer((request, response) => {
    served.handle(request, response).catch((thrown: unknown) => {
      options.log?.(`git: ${messageOf(thrown)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  // A large push may take long; the server is for this machine alone.
  server.requestTimeout = 0;
  const listening = await listen(server, options.port ?? 0);
  served.url = listening.url;
  return { url: listening.url, settled: () => served.settled(), close: () => listening.close().then(() => served.settled()) };
}

class Repositories {
  url = '';
  readonly #options: GitServerOptions;
  readonly #pushes = new Map<string, Promise<void>>();
  readonly #heard = new Map<string, Promise<void>>();

  constructor(options: GitServerOptions) {
    this.#options = options;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#pushes.values());
    await Promise.all(this.#heard.values());
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = askedOf(request.method ?? '', request.url ?? '');
    if (asked === undefined) return refuse(response, 'not a Git request');
    const there = existsSync(repositoryDir(this.#options.dir, asked.name));
    if (!there && !asked.push) return refuse(response, `repository ${asked.name} does not exist; a push to it creates it`);
    if (!there) await createRepository(this.#options.dir, asked.name);
    if (!asked.push || asked.endpoint === 'info/refs') return this.#serve(request, response, asked);
    await inTurn(this.#pushes, asked.name, () => this.#receive(request, response, asked));
  }

  async #serve(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
    const path = `/${asked.name}.git/${asked.endpoint}`;
    const complain = (line: string) => this.#options.log?.(`git: ${asked.name}: ${line}`);
    await serveBackend(request, response, { root: this.#options.dir, path, query: asked.query }, complain);
  }

  /** Pushes to one repository follow each other, so that the references read before and after belong to this push. */
  async #receive(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
    const dir = repositoryDir(this.#options.dir, asked.name);
    const before = await readRefs(dir);
    await this.#serve(request, response, asked);
    const after = await readRefs(dir);
    const changes = refChanges(before, after);
    if (changes.length === 0) return;
    const branch = await defaultBranch(dir, after, changes);
    const hear = async () => {
      for (const change of changes) {
        const commits = await pushedCommits(dir, change, before);
        const url = `${this.url}/${asked.name}`;
        await this.#options.onPush?.({ repository: asked.name, url, defaultBranch: branch, ...change, ...commits });
      }
    };
    inTurn(this.#heard, asked.name, hear).catch((thrown: unknown) => this.#options.log?.(`git: ${asked.name}: ${messageOf(thrown)}`));
  }
}

/** Runs `work` after what is already queued under the name, whether that succeeded or not. */
function inTurn(queues: Map<string, Promise<void>>, name: string, work: () => Promise<void>): Promise<void> {
  const turn = (queues.get(name) ?? Promise.resolve()).then(work);
  queues.set(
    name,
    turn.catch(() => undefined),
  );
  return turn;
}

function refuse(response: ServerResponse, why: string): void {
  response.writeHead(404, { 'content-type': 'text/plain' }).end(`${why}\n`);
}
