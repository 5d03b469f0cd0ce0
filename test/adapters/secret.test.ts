// The secret adapter through the real SDK; Secrets Manager is answered from here, as no server of it can be had without an account.
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSecret } from '../../lib/adapters/secret.ts';
import { Unavailable } from '../../lib/model/errors.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:control';
let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { SecretId } = JSON.parse(body);
      const known = request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue' && SecretId.startsWith(ARN);
      response.writeHead(known ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(known ? answerFor(SecretId) : { __type: 'AccessDeniedException', Message: 'not authorized' }));
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${port}`,
  });
});

afterAll(() => {
  delete process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'];
  server.close();
});

function answerFor(id: string) {
  return id.endsWith('-binary') ? { ARN: id, SecretBinary: 'AAAA' } : { ARN: id, SecretString: 'apiVersion: v1' };
}

describe('readSecret', () => {
  test('gives the text of a secret', async () => {
    expect(await readSecret(ARN)).toBe('apiVersion: v1');
  });

  test.each([
    [`${ARN}-binary`, 'holds no text: store the kubeconfig as a plaintext secret'],
    ['arn:aws:secretsmanager:us-east-1:1:secret:other', 'cannot be read: not authorized'],
  ])('is Unavailable and says why for %s', async (arn, reason) => {
    await expect(readSecret(arn)).rejects.toThrow(Unavailable);
    await expect(readSecret(arn)).rejects.toThrow(`secret ${arn} ${reason}`);
  });
});
