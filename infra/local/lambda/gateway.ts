// API Gateway's HTTP API on the loopback address: requests become events of payload format 2.0, a function's answer becomes a response.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isRecord } from '../../../lib/model/manifest.ts';
import { type Listening, listen } from '../listen.ts';
import { type HttpEvent, LOCAL } from '../serverless/service.ts';
import type { Outcome } from './worker.ts';

/** A route and the function behind it. */
export interface Route extends HttpEvent {
  readonly invoke: (event: unknown) => Promise<Outcome>;
}

/** API Gateway takes 10 MB of body ("Quotas for HTTP APIs"), Lambda 6 MB of event ("Lambda quotas"). */
const BODY_LIMIT = 10 * 1024 * 1024;
const EVENT_LIMIT = 6 * 1024 * 1024;
const TEXT = /^(text\/|application\/([\w.+-]+\+)?(json|xml|javascript)\b)/;

/** Serves the routes. Throws InvalidInput when the port is taken. */
export async function startGateway(routes: readonly Route[], port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    handle(routes, request, response).catch(() => send(response, failure(500, 'Internal Server Error')));
  });
  return listen(server, port);
}

async function handle(routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const route = routes.find((candidate) => matchRoute(candidate, request.method ?? '', url.pathname));
  if (route === undefined) return send(response, failure(404, 'Not Found'));
  const body = await readBody(request);
  const event = body && httpEvent(request, url, route, body);
  if (event === undefined || JSON.stringify(event).length > EVENT_LIMIT) {
    // The rest of the body is not read: the connection ends with the answer.
    response.setHeader('connection', 'close');
    return send(response, failure(413, 'Request Entity Too Large'));
  }
  send(response, responseOf(await route.invoke(event)));
}

/** The path parameters of a route that takes this request; undefined when it does not. */
export function matchRoute(route: HttpEvent, method: string, path: string): Readonly<Record<string, string>> | undefined {
  if (route.method !== '*' && route.method !== 'ANY' && route.method !== method) return undefined;
  const pattern = route.path
    .split('/')
    .map((part) =>
      part.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/^\{(\w+)\\?(\+?)\}$/, (_, name, rest) => `(?<${name}>${rest ? '.+' : '[^/]+'})`),
    )
    .join('/');
  const match = new RegExp(`^${pattern}$`).exec(path);
  return match === null ? undefined : { ...match.groups };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** "Create AWS Lambda proxy integrations for HTTP APIs", payload format version 2.0. Bodies that are no text are given in base64. */
function httpEvent(request: IncomingMessage, url: URL, route: HttpEvent, body: Buffer): Readonly<Record<string, unknown>> {
  const headers = headersOf(request);
  const binary = body.length > 0 && isBinary(headers);
  const cookies = request.headers.cookie?.split(/; */);
  const query = [...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name).join(',')]);
  const parameters = matchRoute(route, request.method ?? '', url.pathname) ?? {};
  return {
    version: '2.0',
    routeKey: routeKey(route),
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookies && { cookies }),
    headers,
    ...(query.length > 0 && { queryStringParameters: Object.fromEntries(query) }),
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    requestContext: requestContext(request, url, route),
    ...(body.length > 0 && { body: body.toString(binary ? 'base64' : 'utf8') }),
    isBase64Encoded: binary,
  };
}

function isBinary(headers: Readonly<Record<string, string>>): boolean {
  return !TEXT.test(headers['content-type'] ?? '') || (headers['content-encoding'] ?? 'identity') !== 'identity';
}

function routeKey({ method, path }: HttpEvent): string {
  return `${method === '*' ? 'ANY' : method} ${path}`;
}

function requestContext(request: IncomingMessage, url: URL, route: HttpEvent): Readonly<Record<string, unknown>> {
  const now = new Date();
  return {
    accountId: LOCAL.accountId,
    apiId: 'local',
    domainName: '127.0.0.1',
    domainPrefix: 'local',
    http: {
      method: request.method,
      path: url.pathname,
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
      userAgent: request.headers['user-agent'] ?? '',
    },
    requestId: randomUUID(),
    routeKey: routeKey(route),
    stage: '$default',
    time: now.toUTCString(),
    timeEpoch: now.getTime(),
  };
}

function headersOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const entries = Object.entries(request.headersDistinct).filter(([name]) => name !== 'cookie');
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(',')]));
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string | Buffer;
}

function failure(status: number, message: string): Answer {
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body: JSON.stringify({ message }) };
}

/** A result without `statusCode` is the JSON body of a 200; an error's text is for the log, not for the caller. */
export function responseOf(outcome: Outcome): Answer {
  if (!outcome.ok) {
    return outcome.error.errorType === 'Sandbox.Timedout' ? failure(503, 'Service Unavailable') : failure(500, 'Internal Server Error');
  }
  const { result } = outcome;
  if (!isRecord(result) || result['statusCode'] === undefined) {
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: JSON.stringify(result ?? null) };
  }
  const headers = Object.entries(isRecord(result['headers']) ? result['headers'] : {}).map(([name, value]) => [name, String(value)]);
  const body = String(result['body'] ?? '');
  return {
    status: Number(result['statusCode']),
    headers: Object.fromEntries(headers),
    cookies: Array.isArray(result['cookies']) ? result['cookies'].map(String) : [],
    body: result['isBase64Encoded'] === true ? Buffer.from(body, 'base64') : body,
  };
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer.cookies.length > 0) response.setHeader('set-cookie', [...answer.cookies]);
  response.writeHead(answer.status, answer.headers).end(answer.body);
}
