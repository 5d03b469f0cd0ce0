// The keys that are carried are those whose fingerprints the services publish.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { STOCK_KNOWN_HOSTS } from '../../../lib/adapters/known-hosts.ts';

const PUBLISHED = {
  'github.com,[ssh.github.com]:443 ssh-ed25519': '+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
  'github.com,[ssh.github.com]:443 ecdsa-sha2-nistp256': 'p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM',
  'github.com,[ssh.github.com]:443 ssh-rsa': 'uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s',
  'gitlab.com ssh-ed25519': 'eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8',
  'gitlab.com ecdsa-sha2-nistp256': 'HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw',
  'gitlab.com ssh-rsa': 'ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ',
  'bitbucket.org ssh-ed25519': 'ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM',
  'bitbucket.org ecdsa-sha2-nistp256': 'FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0',
  'ssh.dev.azure.com,vs-ssh.visualstudio.com ssh-rsa': 'ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og',
};

test('every line has the published fingerprint', () => {
  const lines = STOCK_KNOWN_HOSTS.trimEnd().split('\n');
  const fingerprints = lines.map((line) => {
    const [hosts = '', type = '', key = ''] = line.split(' ');
    return [`${hosts} ${type}`, createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')];
  });
  expect(Object.fromEntries(fingerprints)).toEqual(PUBLISHED);
});
