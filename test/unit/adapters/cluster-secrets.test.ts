import { describe, expect, it } from 'vitest';
import { connectionOf, type RegisteredCluster, readClusterSecret } from '../../../lib/adapters/cluster-secrets.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const AWS = { region: 'eu-central-1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'canary' };
const now = () => Date.UTC(2026, 0, 2);
const pem = (name: string) => Buffer.from(`PEM of ${name}`).toString('base64');

function registered(config: string, data: Readonly<Record<string, string>> = {}): RegisteredCluster {
  const texts = { name: 'shop', server: 'https://shop.example/', config, ...data };
  const cluster = readClusterSecret({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'shop', namespace: 'argocd', uid: 'u', resourceVersion: '1' },
    data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  });
  if (cluster === undefined) throw new Error('the Secret names no server');
  return cluster;
}

describe('readClusterSecret', () => {
  it('trims the server and names the Secret', () => {
    expect(registered('')).toMatchObject({ name: 'shop', server: 'https://shop.example', secret: 'Secret argocd/shop', config: {} });
  });

  it('takes the server for the name where there is none', () => {
    expect(registered('', { name: '' }).name).toBe('https://shop.example');
  });

  it('leaves out a Secret without a server', () => {
    expect(readClusterSecret({ apiVersion: 'v1', kind: 'Secret', metadata: {} })).toBeUndefined();
  });
});

describe('connectionOf', () => {
  it('reads a token and TLS settings', async () => {
    const config = { bearerToken: 'abc', tlsClientConfig: { serverName: 'api', caData: pem('ca') } };
    const connection = connectionOf(registered(JSON.stringify(config)), undefined, now);
    expect(connection).toMatchObject({ server: 'https://shop.example', caPem: 'PEM of ca', serverName: 'api' });
    expect(await connection.token?.()).toBe('abc');
  });

  it('reads a client certificate, and a user with password', () => {
    const tlsClientConfig = { certData: pem('cert'), keyData: pem('key') };
    expect(connectionOf(registered(JSON.stringify({ tlsClientConfig })), undefined, now)).toMatchObject({
      certPem: 'PEM of cert',
      keyPem: 'PEM of key',
    });
    expect(connectionOf(registered(JSON.stringify({ username: 'me', password: 'pw' })), undefined, now).basic).toEqual({
      username: 'me',
      password: 'pw',
    });
  });

  it('makes an EKS token, keeps it for ten minutes and makes another when it is refused', async () => {
    let at = 0;
    const connection = connectionOf(registered('{"awsAuthConfig":{"clusterName":"shop"}}'), AWS, () => at);
    const first = await connection.token?.();
    expect(first).toMatch(/^k8s-aws-v1\./);
    at = 599_000;
    expect(await connection.token?.()).toBe(first);
    const second = await connection.token?.(first);
    expect(second).not.toBe(first);
    at += 600_000;
    expect(await connection.token?.()).not.toBe(second);
  });

  it.each([
    ['{"execProviderConfig":{"command":"canary"}}', 'execProviderConfig is not supported'],
    ['{"proxyUrl":"http://me:canary@proxy"}', 'proxyUrl is not supported'],
    ['{"awsAuthConfig":{"clusterName":"shop","roleARN":"arn:canary"}}', 'awsAuthConfig.roleARN is not supported'],
    ['{"awsAuthConfig":{"clusterName":"shop","profile":"canary"}}', 'awsAuthConfig.profile is not supported'],
    ['{"awsAuthConfig":{}}', 'awsAuthConfig.clusterName is missing'],
    ['{"tlsClientConfig":{"insecure":true,"caData":"Y2FuYXJ5"}}', 'tlsClientConfig.insecure and caData exclude each other'],
    ['{"tlsClientConfig":{"certData":"Y2FuYXJ5"}}', 'tlsClientConfig.certData and keyData need each other'],
    ['{"bearerToken":"canary"', 'is not the JSON that is expected'],
    ['{"bearerToken":{"canary":1}}', 'is not the JSON that is expected'],
  ])('refuses %s and names the Secret and the field, never a value', (config, fault) => {
    const connect = () => connectionOf(registered(config), AWS, now);
    expect(connect).toThrow(InvalidInput);
    expect(connect).toThrow(`cluster https://shop.example: config of Secret argocd/shop: ${fault}`);
    expect(connect).not.toThrow(/canary/);
  });

  it('needs an AWS identity for an EKS token', () => {
    expect(() => connectionOf(registered('{"awsAuthConfig":{"clusterName":"shop"}}'), undefined, now)).toThrow('needs an AWS identity');
  });
});
