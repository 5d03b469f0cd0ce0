// One HTTP request answered by `git http-backend`: the CGI protocol (RFC 3875) between node:http and git, streamed both ways.
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { gitEnvironment } from './repository.ts';

/** What the request asks of which repository. */
export interface BackendRequest {
  /** Folder that holds the repositories. */
  readonly root: string;
  /** Path as git knows it: `/<name>.git/info/refs`. */
  readonly path: string;
  readonly query: string;
}

const HEADER_LIMIT = 64 * 1024;

/** Runs the backend and answers with what it says. Resolves when git has ended, with its exit code; its complaints go to `complain`. */
export async function serveBackend(
  request: IncomingMessage,
  response: ServerResponse,
  asked: BackendRequest,
  complain: (line: string) => void,
): Promise<number | null> {
  const child = spawn('git', ['http-backend'], { env: cgiEnvironment(request, asked), stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  response.once('close', () => child.kill());
  child.stderr.setEncoding('utf8').on('data', (text: string) => complain(text.trimEnd()));
  // A backend that has refused closes its input early; its answer says why.
  const fed = pipeline(request, child.stdin).catch(() => undefined);
  const answered = answer(child.stdout, response);
  const code = await ended;
  await Promise.all([fed, answered]);
  return code;
}

function cgiEnvironment(request: IncomingMessage, asked: BackendRequest): NodeJS.ProcessEnv {
  const { headers } = request;
  const optional = {
    CONTENT_TYPE: headers['content-type'],
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_PROTOCOL: headers['git-protocol']?.toString(),
  };
  return {
    ...gitEnvironment(),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    GIT_PROJECT_ROOT: asked.root,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REQUEST_METHOD: request.method,
    PATH_INFO: asked.path,
    QUERY_STRING: asked.query,
    REMOTE_ADDR: request.socket.remoteAddress,
  };
}

async function answer(output: NodeJS.ReadableStream, response: ServerResponse): Promise<void> {
  let head = Buffer.alloc(0);
  for await (const chunk of output) {
    const bytes = Buffer.from(chunk);
    if (response.headersSent) {
      await write(response, bytes);
      continue;
    }
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length > HEADER_LIMIT) break;
    if (end < 0) continue;
    response.writeHead(...cgiHead(head.subarray(0, end).toString('latin1')));
    await write(response, head.subarray(end + 4));
  }
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

function cgiHead(text: string): [number, Record<string, string>] {
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
  const { status, ...rest } = headers;
  return [status === undefined ? 200 : Number.parseInt(status, 10), rest];
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> | undefined {
  if (bytes.length === 0 || response.destroyed || response.write(bytes)) return undefined;
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
