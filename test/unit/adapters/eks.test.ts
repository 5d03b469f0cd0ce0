import { describe, expect, it } from 'vitest';
import { eksToken } from '../../../lib/adapters/eks.ts';

// The example key of the AWS documentation; the signatures are those of the AWS SDK's own signer for the same request.
const AWS = { region: 'eu-central-1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('eksToken', () => {
  it.each([
    ['without a session', AWS, 'a6af67b8318e15a8091786f43418d576b151983ed8f7c3c5536b7210aea5674d'],
    [
      'with a session',
      { ...AWS, sessionToken: 'FwoGZXIvYXdzEXAMPLE//+=token' },
      'b02395b7e980625e4fac1b1926092ca93bb32f6e1a02a995f18ef32aba411063',
    ],
  ])('signs as the AWS SDK does, %s', (_, aws, signature) => {
    const url = presigned(eksToken(aws, 'shop', NOW));
    expect(url.searchParams.get('X-Amz-Signature')).toBe(signature);
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
    expect(url.origin).toBe('https://sts.eu-central-1.amazonaws.com');
  });

  it('holds no padding and never the secret key', () => {
    const token = eksToken(AWS, 'shop', NOW);
    expect(token).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
    expect(presigned(token).href).not.toContain(AWS.secretAccessKey);
  });

  it('is of one cluster only', () => {
    expect(eksToken(AWS, 'shop', NOW)).not.toBe(eksToken(AWS, 'other', NOW));
  });
});

function presigned(token: string): URL {
  return new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());
}
