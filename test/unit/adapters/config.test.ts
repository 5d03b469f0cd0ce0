import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CONFIG_VARIABLES, describeConfig, loadConfig } from '../../../lib/adapters/config.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const least = {
  EVENKEEL_KUBECONFIG: '/etc/kubeconfig',
  EVENKEEL_RECONCILE_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/reconcile.fifo',
  EVENKEEL_LATER_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/1/later',
};
const nowhere = () => false;
const load = (env: Readonly<Record<string, string>>) => loadConfig({ ...least, ...env }, nowhere);

describe('loadConfig', () => {
  test('has a default for all but the control cluster and the queues', () => {
    expect(loadConfig({ ...least, TMPDIR: '/elsewhere' }, nowhere)).toMatchObject({
      namespace: 'argocd',
      kubeconfig: { path: '/etc/kubeconfig' },
      defaultServiceAccount: undefined,
      webhook: { github: undefined, allowUnsigned: false },
      queue: { endpoint: undefined },
      renderBucket: undefined,
      resyncSeconds: 180,
      sweepCheckpoint: 'evenkeel-sweep',
      programs: { git: 'git', ssh: 'ssh', kubectl: 'kubectl', helm: 'helm', kustomize: undefined, renderer: undefined },
      toolTimeoutSeconds: 90,
      cacheMiB: 6144,
      logLevel: 'info',
    });
  });

  test('collects every fault and throws once', () => {
    const env = {
      EVENKEEL_DEFAULT_SERVICE_ACCOUNT: 'deployer',
      EVENKEEL_WEBHOOK_ALLOW_UNSIGNED: 'yes',
      EVENKEEL_LATER_QUEUE_URL: 'later',
      EVENKEEL_RESYNC_SECONDS: '0',
      EVENKEEL_TOOL_TIMEOUT_SECONDS: '1.5',
      EVENKEEL_CACHE_MIB: '2 GiB',
      EVENKEEL_SQS_ENDPOINT: 'ftp://host',
      EVENKEEL_S3_ENDPOINT: 'host:9000',
      EVENKEEL_LOG_LEVEL: 'loud',
    };
    const attempt = () => loadConfig(env, nowhere);
    expect(attempt).toThrow(InvalidInput);
    for (const name of [...Object.keys(env), 'EVENKEEL_KUBECONFIG', 'EVENKEEL_RECONCILE_QUEUE_URL']) expect(attempt).toThrow(`${name} `);
  });

  test('takes an empty text for not set', () => {
    expect(load({ EVENKEEL_NAMESPACE: ' ', EVENKEEL_WEBHOOK_GITHUB_SECRET: '' })).toMatchObject({
      namespace: 'argocd',
      webhook: { github: undefined },
    });
  });

  test('takes a secret in place of a kubeconfig file, and refuses both', () => {
    const arn = 'arn:aws:secretsmanager:eu-west-1:1:secret:control';
    const { EVENKEEL_KUBECONFIG: _, ...queues } = least;
    expect(loadConfig({ ...queues, EVENKEEL_KUBECONFIG_SECRET_ARN: arn }).kubeconfig).toEqual({ secretArn: arn });
    expect(() => load({ EVENKEEL_KUBECONFIG_SECRET_ARN: arn })).toThrow('are both set: keep one');
  });

  test('reads a service account as namespace and name', () => {
    const { defaultServiceAccount } = load({ EVENKEEL_DEFAULT_SERVICE_ACCOUNT: 'deployers:shop' });
    expect(defaultServiceAccount).toEqual({ namespace: 'deployers', name: 'shop' });
  });

  test('knows the bucket of renders, with an endpoint of its own or without', () => {
    expect(load({ EVENKEEL_RENDER_BUCKET: 'renders' }).renderBucket).toEqual({ bucket: 'renders', endpoint: undefined });
    const endpoint = 'http://127.0.0.1:4566';
    expect(load({ EVENKEEL_RENDER_BUCKET: 'renders', EVENKEEL_S3_ENDPOINT: endpoint }).renderBucket).toEqual({
      bucket: 'renders',
      endpoint,
    });
  });

  test('prefers the programs of a layer to those on PATH, and what is set to both', () => {
    const programs = loadConfig({ ...least, EVENKEEL_HELM: '/my/helm' }, (path) => path.startsWith('/opt/')).programs;
    expect(programs).toEqual({
      git: '/opt/git/bin/git',
      ssh: '/opt/git/bin/ssh',
      kubectl: '/opt/kubectl/kubectl',
      helm: '/my/helm',
      kustomize: undefined,
      renderer: '/opt/renderer/renderer',
    });
  });
});

describe('this machine itself', () => {
  const aws = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

  test('may be fetched from, but not on AWS unless a setting says so', () => {
    expect(load({}).loopback).toBe(true);
    expect(load(aws).loopback).toBe(false);
    expect(load({ ...aws, EVENKEEL_LOOPBACK: 'allowed' }).loopback).toBe(true);
    expect(load({ EVENKEEL_LOOPBACK: 'refused' }).loopback).toBe(false);
    expect(() => load({ EVENKEEL_LOOPBACK: 'yes' })).toThrow('EVENKEEL_LOOPBACK is "yes": write one of allowed, refused');
  });
});

describe('describeConfig', () => {
  test('shows every setting and no secret', () => {
    const aws = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'canary', AWS_SECRET_ACCESS_KEY: 'canary', AWS_SESSION_TOKEN: 'canary' };
    const config = load({ ...aws, EVENKEEL_WEBHOOK_GITHUB_SECRET: 'canary' });
    expect(config.aws?.sessionToken).toBe('canary');
    const shown = JSON.stringify(describeConfig(config));
    expect(shown).not.toContain('canary');
    expect(shown).toContain('"github":"***"');
    expect(shown).toContain('evenkeel-sweep');
  });
});

describe('CONFIG_VARIABLES', () => {
  test('lists just the variables that are read', () => {
    const asked = new Set<string>();
    const env = new Proxy<Readonly<Record<string, string>>>(least, {
      get: (target, name) => {
        asked.add(String(name));
        return Reflect.get(target, name);
      },
    });
    loadConfig(env, nowhere);
    expect(CONFIG_VARIABLES.map(({ name }) => name).sort()).toEqual([...asked].filter((name) => name.startsWith('EVENKEEL_')).sort());
  });

  test('gives the defaults that hold', () => {
    const defaults = Object.fromEntries(CONFIG_VARIABLES.map((variable) => [variable.name, variable.default]));
    const config = loadConfig(least, nowhere);
    expect(defaults).toMatchObject({
      EVENKEEL_NAMESPACE: config.namespace,
      EVENKEEL_WEBHOOK_ALLOW_UNSIGNED: String(config.webhook.allowUnsigned),
      EVENKEEL_RESYNC_SECONDS: String(config.resyncSeconds),
      EVENKEEL_SWEEP_CHECKPOINT: config.sweepCheckpoint,
      EVENKEEL_TOOL_TIMEOUT_SECONDS: String(config.toolTimeoutSeconds),
      EVENKEEL_LOG_LEVEL: config.logLevel,
    });
  });

  test('marks as secret what is masked', () => {
    expect(CONFIG_VARIABLES.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(['EVENKEEL_WEBHOOK_GITHUB_SECRET']);
  });
});

test('no variable of ours is named in serverless.yml that nobody reads', () => {
  const known = CONFIG_VARIABLES.map(({ name }) => name);
  const named = readFileSync('serverless.yml', 'utf8').match(/EVENKEEL_[A-Z_]+/g) ?? [];
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
  expect(named).toContain('EVENKEEL_RECONCILE_QUEUE_URL');
});
