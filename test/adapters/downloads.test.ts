// Files at URLs: kept by content, bounded on disk, and never from an address that hands out credentials, whatever name leads there.
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDownloads, type DownloadsOptions } from '../../lib/adapters/downloads.ts';
import { InvalidInput, Unavailable } from '../../lib/model/errors.ts';
import { resolver } from '../support/addresses.ts';

const cacheDir = mkdtempSync(join(tmpdir(), 'evk-downloads-'));
const asked: string[] = [];
let server: Server;
let port: number;
let text = 'one';

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/named') response.writeHead(302, { location: `http://creds.example:${port}/creds` }).end();
    else if (request.url === '/half') response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    else response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port; // a listening TCP server has one
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(cacheDir, { recursive: true, force: true });
});

const downloads = (options: Partial<DownloadsOptions> = {}) =>
  createDownloads({
    cacheDir,
    timeoutSeconds: 10,
    dial: { loopback: true, lookup: resolver({ 'creds.example': ['169.254.169.254'] }) },
    ...options,
  });
const url = (path: string, host = '127.0.0.1') => `http://${host}:${port}${path}`;
const fault = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );

describe('a file', () => {
  it('is fetched once, and again for whoever wants a later one; who reads the first goes on reading it', async () => {
    const first = await downloads().download(url('/a'), 0);
    text = 'two';
    expect((await downloads().download(url('/a'), 0)).revision).toBe(first.revision);
    const second = await downloads().download(url('/a'), Date.now() + 60_000);
    expect([first.files.read('file.yaml'), second.files.read('file.yaml')]).toEqual(['one', 'two']);
    expect(second.revision).not.toBe(first.revision);
    expect((await downloads().download(url('/a'), 0)).revision).toBe(second.revision);
  });

  it('goes when files take too much room and nobody used it of late', async () => {
    const { dir } = await downloads().download(url('/old'), 0);
    utimesSync(dir, 1, 1);
    await downloads({ maxBytes: 1 }).download(url('/new'), 0);
    expect(existsSync(dir)).toBe(false);
    expect(readdirSync(join(cacheDir, 'downloads')).some((name) => name.includes('.new-'))).toBe(false);
  });

  it('that comes in half is asked for again later', async () => {
    expect(await fault(downloads().download(url('/half'), 0))).toBeInstanceOf(Unavailable);
  });
});

describe('an address that hands out credentials', () => {
  it.each([
    ['behind a name', () => url('/creds', 'creds.example')],
    ['behind a redirect to a name', () => url('/named')],
    ['as it is', () => 'http://169.254.169.254/latest'],
    ['as IPv6 writes it', () => 'http://[::ffff:169.254.169.254]/latest'],
    ['of pods', () => 'http://[fd00:ec2::23]/v1/credentials'],
  ])('%s is refused, and not asked', async (_how, at) => {
    asked.length = 0;
    const error = await fault(downloads().download(at(), 0));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toMatch(/a link-local or metadata address, which is refused/);
    expect(asked).not.toContain('/creds');
  });

  it('is this machine itself where that has secrets to tell', async () => {
    asked.length = 0;
    for (const host of ['127.0.0.1', 'name.example']) {
      const error = await fault(
        downloads({ dial: { loopback: false, lookup: resolver({ 'name.example': ['127.0.0.1'] }) } }).download(url('/b', host), 0),
      );
      expect(error).toBeInstanceOf(InvalidInput);
    }
    expect(asked).toEqual([]);
  });
});
