// Every setting, its default and its faults: the only file that knows the environment variables of the functions.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceAccountRef } from '../model/destination.ts';
import { InvalidInput } from '../model/errors.ts';
import { REMOTE_BASES, type RemoteBases } from '../model/remote-bases.ts';
import { CACHE_MIB } from './cache-budget.ts';
import type { AwsIdentity } from './eks.ts';

export const LOG_LEVELS = ['info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where the control cluster's kubeconfig is: a file, or an AWS secret that holds its text. */
export type KubeconfigPlace = { readonly path: string } | { readonly secretArn: string };

/** Paths, or names to be found on PATH. Without a kustomize, kubectl's own is used; without a renderer, kustomize and helm render. */
export interface ProgramPlaces {
  readonly git: string;
  readonly ssh: string;
  readonly kubectl: string;
  readonly helm: string;
  readonly kustomize: string | undefined;
  readonly renderer: string | undefined;
}

export interface Config {
  readonly namespace: string;
  readonly kubeconfig: KubeconfigPlace;
  /** Undefined: a project that names no service account for a destination is refused there. */
  readonly defaultServiceAccount: ServiceAccountRef | undefined;
  readonly webhook: { readonly github: string | undefined; readonly allowUnsigned: boolean };
  readonly queue: { readonly reconcileUrl: string; readonly laterUrl: string; readonly endpoint: string | undefined };
  /** Undefined: rendered output is kept in the cache folder. */
  readonly renderBucket: { readonly bucket: string; readonly endpoint: string | undefined } | undefined;
  /** What pruned objects are kept closed with: a key of KMS; undefined: one in the cache folder. */
  readonly prunedKey: { readonly keyId: string; readonly endpoint: string | undefined } | undefined;
  readonly resyncSeconds: number;
  readonly syncTimeoutSeconds: number;
  readonly sweepCheckpoint: string;
  readonly cacheDir: string;
  /** All that is kept there, together. */
  readonly cacheMiB: number;
  readonly programs: ProgramPlaces;
  readonly toolTimeoutSeconds: number;
  readonly remoteBases: RemoteBases;
  /** Whether what is fetched may be on this machine itself. */
  readonly loopback: boolean;
  readonly logLevel: LogLevel;
  /** The function's own identity, as Lambda hands it over; signs tokens for EKS clusters. */
  readonly aws: AwsIdentity | undefined;
}

export interface ConfigVariable {
  readonly name: string;
  /** What holds when the variable is not set, in words where it is no fixed text. */
  readonly default: string;
  readonly meaning: string;
  readonly secret: boolean;
}

const variable = (name: string, standard: string, meaning: string, secret = false): ConfigVariable => ({
  name: `EVENKEEL_${name}`,
  default: standard,
  meaning,
  secret,
});

/** Every variable that a function reads, in the order of the README's table. */
export const CONFIG_VARIABLES: readonly ConfigVariable[] = [
  variable('NAMESPACE', 'argocd', 'namespace of the control cluster that holds Applications, AppProjects and settings'),
  variable('KUBECONFIG', 'none, one of the two is needed', 'path of the kubeconfig of the control cluster'),
  variable('KUBECONFIG_SECRET_ARN', 'none, one of the two is needed', 'ARN of the AWS secret that holds that kubeconfig'),
  variable('DEFAULT_SERVICE_ACCOUNT', 'none: refused', '`namespace:name` that syncs act as where a project names no service account'),
  variable('WEBHOOK_GITHUB_SECRET', 'none: refused', 'secret that GitHub signs its webhooks with', true),
  variable('WEBHOOK_ALLOW_UNSIGNED', 'false', 'take webhooks unsigned while no secret is set'),
  variable('RECONCILE_QUEUE_URL', 'none, needed', 'URL of the FIFO queue of reconcile requests'),
  variable('LATER_QUEUE_URL', 'none, needed', 'URL of the queue of requests that wait'),
  variable('RESYNC_SECONDS', '180', 'seconds after which an Application is looked at even if nothing was heard of it'),
  variable(
    'SYNC_TIMEOUT_SECONDS',
    '10800',
    'seconds that a sync may wait for hooks, health and retries, all together, before it ends Failed; waits for a confirmation or a sync ' +
      'window do not count',
  ),
  variable('SWEEP_CHECKPOINT', 'evenkeel-sweep', 'ConfigMap in which the sweep keeps how far it has read'),
  variable(
    'CACHE_DIR',
    '`evenkeel` in the temporary folder',
    'folder for clones and, without a bucket, rendered output; losing it costs only time',
  ),
  variable('CACHE_MIB', String(CACHE_MIB), 'MiB that everything in the cache folder may take on disk, some more while it is fetched'),
  variable('RENDERER', '`/opt/renderer/renderer` where there is one, else none: kustomize and helm', 'path or name of the renderer'),
  variable(
    'RENDER_BUCKET',
    'none: the cache folder',
    'S3 bucket for rendered output and older deployments, shared by all workers; losing it costs those and time',
  ),
  variable(
    'PRUNED_KEY',
    'none: a key in the cache folder',
    'KMS key that what syncs prune is closed with, for the 24 hours in which `evenkeel app restore` brings it back',
  ),
  variable('KUSTOMIZE', 'none: `kubectl kustomize`', 'path or name of kustomize'),
  variable('KUBECTL', '`/opt/kubectl/kubectl` where there is one, else `kubectl`', 'path or name of kubectl'),
  variable('HELM', '`/opt/helm/helm` where there is one, else `helm`', 'path or name of helm'),
  variable('GIT', '`/opt/git/bin/git` where there is one, else `git`', 'path or name of git'),
  variable('SSH', '`/opt/git/bin/ssh` where there is one, else `ssh`', 'path or name of ssh, for repositories by SSH'),
  variable('TOOL_TIMEOUT_SECONDS', '90', 'seconds after which a run of git, kustomize or helm is killed'),
  variable(
    'REMOTE_BASES',
    'fixed',
    'kustomizations on other servers: `refused`, `fixed` (at a commit, tag or version) or `any` (also branches)',
  ),
  variable(
    'LOOPBACK',
    'refused on AWS, else allowed',
    'whether repositories and files may be on this machine itself, where Lambda has its own API: `allowed` or `refused`',
  ),
  variable('SQS_ENDPOINT', "AWS's own", 'URL of another service that speaks the SQS protocol'),
  variable('S3_ENDPOINT', "AWS's own", 'URL of another service that speaks the S3 protocol'),
  variable('KMS_ENDPOINT', "AWS's own", 'URL of another service that speaks the KMS protocol'),
  variable('LOG_LEVEL', 'info', 'least important lines to print: info, warn or error'),
];

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one variable at a time and keeps what is wrong; an empty text counts as not set. */
interface Reader {
  readonly text: (name: string) => string | undefined;
  readonly fault: (name: string, fault: string) => void;
}

/**
 * All settings out of an environment. `exists` tells whether a Lambda layer brought a program.
 * Throws InvalidInput once, with every fault: one line a variable, no value of a secret in it.
 */
export function loadConfig(env: Environment, exists: (path: string) => boolean = existsSync): Config {
  const faults: string[] = [];
  const reader: Reader = {
    text: (name) => env[`EVENKEEL_${name}`]?.trim() || undefined,
    fault: (name, fault) => faults.push(`EVENKEEL_${name} ${fault}`),
  };
  const aws = awsIdentity(env);
  const loopback = oneOf(reader, 'LOOPBACK', ['allowed', 'refused'], aws ? 'refused' : 'allowed') === 'allowed';
  const config = { ...behaviour(reader), ...places(reader, exists), loopback, aws };
  if (faults.length > 0) throw new InvalidInput(`configuration is not valid: ${faults.join('; ')}`);
  return config;
}

/** The settings as a log may show them. */
export function describeConfig(config: Config): Readonly<Record<string, unknown>> {
  const { webhook, aws, ...plain } = config;
  return { ...plain, webhook: { ...webhook, github: webhook.github === undefined ? 'not set' : '***' }, aws: aws?.region ?? 'no identity' };
}

function behaviour(reader: Reader) {
  return {
    namespace: reader.text('NAMESPACE') ?? 'argocd',
    defaultServiceAccount: serviceAccount(reader),
    webhook: { github: reader.text('WEBHOOK_GITHUB_SECRET'), allowUnsigned: flag(reader, 'WEBHOOK_ALLOW_UNSIGNED') },
    resyncSeconds: seconds(reader, 'RESYNC_SECONDS', 180),
    syncTimeoutSeconds: seconds(reader, 'SYNC_TIMEOUT_SECONDS', 10_800),
    sweepCheckpoint: reader.text('SWEEP_CHECKPOINT') ?? 'evenkeel-sweep',
    toolTimeoutSeconds: seconds(reader, 'TOOL_TIMEOUT_SECONDS', 90),
    cacheMiB: whole(reader, 'CACHE_MIB', CACHE_MIB, 'MiB'),
    remoteBases: oneOf(reader, 'REMOTE_BASES', REMOTE_BASES, 'fixed'),
    logLevel: oneOf(reader, 'LOG_LEVEL', LOG_LEVELS, 'info'),
  };
}

function places(reader: Reader, exists: (path: string) => boolean) {
  const program = <Standard>(name: string, layer: string, standard: Standard) => reader.text(name) ?? (exists(layer) ? layer : standard);
  return {
    kubeconfig: kubeconfig(reader),
    queue: {
      reconcileUrl: requiredUrl(reader, 'RECONCILE_QUEUE_URL'),
      laterUrl: requiredUrl(reader, 'LATER_QUEUE_URL'),
      endpoint: url(reader, 'SQS_ENDPOINT'),
    },
    renderBucket: renderBucket(reader),
    prunedKey: prunedKey(reader),
    cacheDir: reader.text('CACHE_DIR') ?? join(tmpdir(), 'evenkeel'),
    programs: {
      git: program('GIT', '/opt/git/bin/git', 'git'),
      ssh: program('SSH', '/opt/git/bin/ssh', 'ssh'),
      kubectl: program('KUBECTL', '/opt/kubectl/kubectl', 'kubectl'),
      helm: program('HELM', '/opt/helm/helm', 'helm'),
      kustomize: reader.text('KUSTOMIZE'),
      renderer: program('RENDERER', '/opt/renderer/renderer', undefined),
    },
  };
}

/** "Using Lambda environment variables", defined runtime environment variables; a sandbox ends before these credentials do. */
function awsIdentity(env: Environment): AwsIdentity | undefined {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!region || !accessKeyId || !secretAccessKey) return undefined;
  return { region, accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] };
}

function kubeconfig(reader: Reader): KubeconfigPlace {
  const path = reader.text('KUBECONFIG');
  const secretArn = reader.text('KUBECONFIG_SECRET_ARN');
  if (path && secretArn) reader.fault('KUBECONFIG', 'and EVENKEEL_KUBECONFIG_SECRET_ARN are both set: keep one');
  if (!path && !secretArn)
    reader.fault('KUBECONFIG', 'is not set, nor is EVENKEEL_KUBECONFIG_SECRET_ARN: one says where the control cluster is');
  return secretArn ? { secretArn } : { path: path ?? '' };
}

function renderBucket(reader: Reader): Config['renderBucket'] {
  const [bucket, endpoint] = [reader.text('RENDER_BUCKET'), url(reader, 'S3_ENDPOINT')];
  return bucket === undefined ? undefined : { bucket, endpoint };
}

function prunedKey(reader: Reader): Config['prunedKey'] {
  const [keyId, endpoint] = [reader.text('PRUNED_KEY'), url(reader, 'KMS_ENDPOINT')];
  return keyId === undefined ? undefined : { keyId, endpoint };
}

function serviceAccount(reader: Reader): ServiceAccountRef | undefined {
  const text = reader.text('DEFAULT_SERVICE_ACCOUNT');
  if (text === undefined) return undefined;
  const [namespace = '', name = '', ...rest] = text.split(':');
  if (!namespace || !name || rest.length > 0) reader.fault('DEFAULT_SERVICE_ACCOUNT', `is "${text}": write namespace:name`);
  return { namespace, name };
}

function flag(reader: Reader, name: string): boolean {
  const text = reader.text(name) ?? 'false';
  if (text !== 'true' && text !== 'false') reader.fault(name, `is "${text}": write true or false`);
  return text === 'true';
}

function seconds(reader: Reader, name: string, standard: number): number {
  return whole(reader, name, standard, 'seconds');
}

function whole(reader: Reader, name: string, standard: number, unit: string): number {
  const text = reader.text(name);
  if (text === undefined) return standard;
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(value) || value < 1) reader.fault(name, `is "${text}": write a whole number of ${unit}, at least 1`);
  return value;
}

function oneOf<Word extends string>(reader: Reader, name: string, words: readonly Word[], standard: Word): Word {
  const text = reader.text(name) ?? standard;
  const word = words.find((known) => known === text);
  if (!word) reader.fault(name, `is "${text}": write one of ${words.join(', ')}`);
  return word ?? standard;
}

function requiredUrl(reader: Reader, name: string): string {
  if (reader.text(name) === undefined) reader.fault(name, 'is not set: give the URL of the queue');
  return url(reader, name) ?? '';
}

function url(reader: Reader, name: string): string | undefined {
  const text = reader.text(name);
  if (text !== undefined && !/^https?:$/.test(URL.parse(text)?.protocol ?? '')) reader.fault(name, 'is no http or https URL');
  return text;
}
