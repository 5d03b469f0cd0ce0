import { describe, expect, it } from 'vitest';
import { mergedKubeconfig } from '../../../lib/cli/kubeconfig.ts';
import { parseYaml } from '../../../lib/model/yaml.ts';

const file = (path: string, text: string) => ({ path, folder: '/home/jane/.kube', text });
const merged = (texts: readonly string[], context?: string) =>
  parseYaml(
    mergedKubeconfig(
      texts.map((text) => file('config', text)),
      context,
    ),
  );

describe('several kubeconfig files', () => {
  it('are one, the first winning', () => {
    const first = '{contexts: [{name: a, context: {cluster: one}}], current-context: a}';
    const second = '{contexts: [{name: a, context: {cluster: two}}], clusters: [{name: one, cluster: {server: s}}], current-context: b}';
    expect(merged([first, second])).toMatchObject({
      contexts: [{ context: { cluster: 'one' } }, { context: { cluster: 'two' } }],
      clusters: [{ name: 'one' }],
      'current-context': 'a',
    });
  });

  it('take the current context from the first that has one', () => {
    expect(merged(['{current-context: ""}', '', '{current-context: c}'])).toMatchObject({ 'current-context': 'c' });
  });

  it('give way to the context that was asked for', () => {
    expect(merged(['{current-context: a}'], 'b')).toMatchObject({ 'current-context': 'b' });
  });

  it('keep pointing at the files that they name', () => {
    const text = `
clusters: [{name: one, cluster: {certificate-authority: ca.pem}}]
users:
  - {name: one, user: {client-certificate: ../x.pem, client-key: /abs/key.pem, tokenFile: token}}
  - {name: two, user: {exec: {command: ./login, args: [./left]}}}
  - {name: three, user: {exec: {command: aws}}}`;
    expect(merged([text])).toMatchObject({
      clusters: [{ cluster: { 'certificate-authority': '/home/jane/.kube/ca.pem' } }],
      users: [
        { user: { 'client-certificate': '/home/jane/x.pem', 'client-key': '/abs/key.pem', tokenFile: '/home/jane/.kube/token' } },
        { user: { exec: { command: '/home/jane/.kube/login', args: ['./left'] } } },
        { user: { exec: { command: 'aws' } } },
      ],
    });
  });

  it('are named when they cannot be read, without what they hold', () => {
    const secret = 'users: [{token: s3cret]';
    expect(() => mergedKubeconfig([file('/etc/broken', secret)], undefined)).toThrow(/^kubeconfig \/etc\/broken: is not valid YAML$/);
    expect(() => mergedKubeconfig([file('/etc/list', '[]')], undefined)).toThrow('kubeconfig /etc/list: holds no object');
  });
});
