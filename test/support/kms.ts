// A stand-in for two of KMS's actions, GenerateDataKey and Decrypt, by its JSON protocol: keys of its own, an encryption context that counts.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KmsStandIn {
  readonly url: string;
  /** Actions that were asked for, oldest first. */
  readonly asked: string[];
  /** What every further request is answered with, instead of a key. */
  refuse(with_: { readonly status: number; readonly type: string } | undefined): void;
  close(): Promise<void>;
}

export async function startKms(): Promise<KmsStandIn> {
  const master = randomBytes(32);
  const asked: string[] = [];
  let refusal: { readonly status: number; readonly type: string } | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      asked.push(action);
      const answer = refusal ?? answerOf(master, action, JSON.parse(Buffer.concat(chunks).toString()) as Asked); // the SDK's own request
      const status = 'status' in answer ? answer.status : 200;
      const body = 'status' in answer ? { __type: answer.type, message: 'refused by the stand-in' } : answer;
      response.writeHead(Number(status), { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    refuse: (next) => {
      refusal = next;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Asked {
  readonly KeyId: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext: Readonly<Record<string, string>>;
}

type Answer = Readonly<Record<string, string>> | { readonly status: number; readonly type: string };

function answerOf(master: Buffer, action: string, { KeyId, CiphertextBlob = '', EncryptionContext }: Asked): Answer {
  const context = Buffer.from(JSON.stringify(EncryptionContext));
  if (action === 'GenerateDataKey') {
    const [plain, iv] = [randomBytes(32), randomBytes(12)];
    const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(context);
    const sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { KeyId, Plaintext: plain.toString('base64'), CiphertextBlob: sealed.toString('base64') };
  }
  try {
    const sealed = Buffer.from(CiphertextBlob, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', master, sealed.subarray(0, 12)).setAAD(context).setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    return { KeyId, Plaintext: plain.toString('base64') };
  } catch {
    return { status: 400, type: 'InvalidCiphertextException' };
  }
}
