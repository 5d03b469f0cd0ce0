// A server over HTTPS on this machine that the API server asks about objects (Kubernetes API, `admission.k8s.io/v1` AdmissionReview).
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from './certificates.ts';

export interface AdmissionServer {
  /** How a webhook's configuration names it. */
  readonly clientConfig: { readonly url: string; readonly caBundle: string };
  /** Whether it was asked yet: the API server hears of a configuration a little after it was made. */
  wasAsked(): boolean;
  close(): Promise<void>;
}

/** `answer`: what is answered to a request beside its uid. */
export async function startAdmissionServer<Request>(answer: (request: Request) => object): Promise<AdmissionServer> {
  let asked = false;
  const authority = createAuthority('webhooks');
  const server = createServer(authority.issue('localhost'), (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString()) as { request: Request & { uid: string } }; // the API server sends one
      asked = true;
      const body = { uid: review.request.uid, ...answer(review.request) };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: body }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server
  return {
    clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(authority.ca).toString('base64') },
    wasAsked: () => asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
