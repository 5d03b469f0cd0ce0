import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Headers, verifyPush } from '../../../lib/intake/verify.ts';
import { InvalidInput, NotPermitted } from '../../../lib/model/errors.ts';

const secrets = { github: 'canary-secret', allowUnsigned: false };
const body = Buffer.from('{"ref":"refs/heads/main","note":"ä"}');
const sign = (bytes: Buffer, secret = secrets.github) => `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
const headers = (more: Headers = {}): Headers => ({
  'x-github-event': 'push',
  'x-github-delivery': 'd-1',
  'x-hub-signature-256': sign(body),
  ...more,
});

describe('verifyPush', () => {
  test('knows a delivery that is signed with the secret', async () => {
    expect(await verifyPush(headers(), body, secrets)).toEqual({ provider: 'github', event: 'push', delivery: 'd-1' });
  });

  test.each([
    ['a changed byte', headers(), Buffer.from(body.toString().replace('main', 'maim'))],
    ['another secret', headers({ 'x-hub-signature-256': sign(body, 'guess') }), body],
    ['no signature', headers({ 'x-hub-signature-256': undefined }), body],
    ['an empty signature', headers({ 'x-hub-signature-256': '' }), body],
    ['the older SHA-1 signature', headers({ 'x-hub-signature-256': undefined, 'x-hub-signature': 'sha1=00' }), body],
    ['half a signature', headers({ 'x-hub-signature-256': sign(body).slice(0, 30) }), body],
    ['an empty body', headers({ 'x-hub-signature-256': sign(Buffer.alloc(0)) }), Buffer.alloc(0)],
  ])('refuses %s, and tells no secret', async (_, given, bytes) => {
    const refused = verifyPush(given, bytes, secrets);
    await expect(refused).rejects.toThrow(NotPermitted);
    await expect(refused).rejects.not.toThrow('canary');
  });

  test('verifies the bytes, not a text that they could be read as', async () => {
    const invalid = Buffer.from([0x7b, 0xff, 0x7d]);
    const given = headers({ 'x-hub-signature-256': sign(Buffer.from(invalid.toString('utf8'))) });
    await expect(verifyPush(given, invalid, secrets)).rejects.toThrow(NotPermitted);
  });

  test('refuses every other signature and never fails otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (signature) => {
        await expect(verifyPush(headers({ 'x-hub-signature-256': signature }), body, secrets)).rejects.toThrow(NotPermitted);
      }),
    );
  });

  test('refuses unsigned deliveries where no secret is configured, unless they are allowed', async () => {
    const unsigned = headers({ 'x-hub-signature-256': undefined });
    await expect(verifyPush(unsigned, body, { allowUnsigned: false })).rejects.toThrow('set EVENKEEL_WEBHOOK_GITHUB_SECRET');
    expect(await verifyPush(unsigned, body, { allowUnsigned: true })).toMatchObject({ event: 'push' });
  });

  test('asks for a signature where a secret is configured, even if unsigned ones are allowed', async () => {
    const unsigned = headers({ 'x-hub-signature-256': undefined });
    await expect(verifyPush(unsigned, body, { ...secrets, allowUnsigned: true })).rejects.toThrow(NotPermitted);
  });

  test.each([
    ['nobody', {}],
    ['Gitea, which sends GitHub headers beside its own', headers({ 'x-gogs-event': 'push' })],
    ['the container registry', headers({ 'x-github-event': 'package' })],
    ['GitLab', { 'x-gitlab-event': 'Push Hook' }],
    ['Azure DevOps', headers({ 'x-vss-activityid': 'a' })],
  ])('does not know the headers of %s', async (_, given) => {
    await expect(verifyPush(given, body, secrets)).rejects.toThrow(InvalidInput);
    await expect(verifyPush(given, body, secrets)).rejects.toThrow('unknown webhook event');
  });
});
