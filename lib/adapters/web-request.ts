// One HTTP request by the ways of a repository: its CA, client certificate and proxy. Redirects are not followed, so that nothing that
// proves who asks goes on to another server. Nothing of it is loaded, let alone kept open, where no repository needs it.
import { request as httpRequest, Agent as PlainAgent } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Unavailable } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { connectBySocks } from './socks.ts';

export interface WebReach extends Pick<RepositoryAccess, 'ca' | 'insecure' | 'clientCertificate' | 'proxy'> {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

const TIMEOUT_MS = 20_000;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Any status is an answer. Throws Unavailable, without a word of headers or proxy credentials, when there is none. */
export async function webRequest(address: string, reach: WebReach): Promise<WebAnswer> {
  const url = new URL(address);
  try {
    return await exchange(url, reach);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable(`${url.host} does not answer: ${faultOf(error)}`);
  }
}

async function exchange(url: URL, reach: WebReach): Promise<WebAnswer> {
  const { method, headers } = reach;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const way = await wayTo(url, reach);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(url, { method, headers: { ...headers, connection: 'close' }, signal, ...way }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) sent.destroy(new Error('too large'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, body: Buffer.concat(chunks).toString('utf8'), retryAfter: answered['retry-after'] });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** Options of the request that lead it to the server. */
async function wayTo(url: URL, { ca, insecure, clientCertificate, proxy }: WebReach) {
  const tls = {
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate.cert, key: clientCertificate.key }),
  };
  const by = proxy === undefined ? undefined : new URL(proxy);
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (by?.protocol.startsWith('socks')) {
    const socket = await connectBySocks(by, { host, port: Number(url.port) || (secure ? 443 : 80) }, TIMEOUT_MS);
    const agent = secure ? new TlsAgent() : new PlainAgent();
    agent.createConnection = () => (secure ? connectTls({ ...tls, socket, host, servername: isIP(host) ? '' : host }) : socket);
    return { agent };
  }
  // NO_PROXY has been looked at already, and the process's own variables are not asked.
  const proxyEnv = by ? { HTTP_PROXY: by.href, HTTPS_PROXY: by.href } : {};
  return { agent: secure ? new TlsAgent({ ...tls, proxyEnv }) : new PlainAgent({ proxyEnv }) };
}

/** Words of ours alone: what libraries say may hold a proxy's address with its password. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer within the time limit';
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code))
    return `its certificate is not trusted (${code}): see ConfigMap argocd-tls-certs-cm`;
  if (code === 'ERR_PROXY_TUNNEL') return 'the proxy does not lead there, or refuses the user name and password that its URL holds';
  return code === '' ? 'no answer' : `no connection (${code})`;
}
