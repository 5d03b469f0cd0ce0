// Registered clusters: Secrets labelled as such to the clusters that they describe (spec/credentials.md §5).
import * as z from 'zod';
import { InvalidInput } from '../model/errors.ts';
import { isRecord, type LiveObject } from '../model/manifest.ts';
import type { Clock } from '../ports.ts';
import { type AwsIdentity, eksToken } from './eks.ts';
import { jsonOf } from './refusal.ts';
import type { ClusterConnection } from './transport.ts';

export const CLUSTER_SECRETS = 'argocd.argoproj.io/secret-type=cluster';

export interface RegisteredCluster {
  readonly name: string;
  readonly server: string;
  /** How messages name the Secret, and which state of it this is. */
  readonly secret: string;
  readonly version: string;
  /** Undefined when it does not parse: the cluster is then of no use, but is told from one that is not there. */
  readonly config: ClusterConfig | undefined;
}

const text = z.string().nullish();
const config = z.looseObject({
  username: text,
  password: text,
  bearerToken: text,
  tlsClientConfig: z
    .looseObject({ insecure: z.boolean().nullish(), serverName: text, caData: text, certData: text, keyData: text })
    .nullish(),
  awsAuthConfig: z.looseObject({ clusterName: text, roleARN: text, profile: text }).nullish(),
  execProviderConfig: z.unknown().optional(),
  proxyUrl: text,
});
export type ClusterConfig = z.infer<typeof config>;

const EKS_RENEW_MS = 10 * 60_000;

/** A cluster out of its Secret; undefined when it names no server. */
export function readClusterSecret(secret: LiveObject): RegisteredCluster | undefined {
  const data = isRecord(secret['data']) ? secret['data'] : {};
  const server = decoded(data['server']).trim().replace(/\/+$/, '');
  if (server === '') return undefined;
  const { namespace, name, uid, resourceVersion } = secret.metadata;
  const parsed = config.safeParse(jsonOf(decoded(data['config']).trim() || '{}'));
  return {
    name: decoded(data['name']) || server,
    server,
    secret: `Secret ${namespace}/${name}`,
    version: `${uid}/${resourceVersion}`,
    config: parsed.success ? parsed.data : undefined,
  };
}

/**
 * How to reach it with the credential that it registers (spec/credentials.md §5, "Choice of authentication").
 * Throws InvalidInput that names the field for a way of authentication that is not supported: it is never left out in silence.
 */
export function connectionOf(cluster: RegisteredCluster, aws: AwsIdentity | undefined, now: Clock): ClusterConnection {
  const fault = faultOf(cluster, aws);
  if (fault !== undefined) throw new InvalidInput(`cluster ${cluster.server}: config of ${cluster.secret}: ${fault}`);
  const { tlsClientConfig: tls, awsAuthConfig, bearerToken, username, password } = cluster.config ?? {};
  const base: ClusterConnection = {
    server: cluster.server,
    caPem: decodedOrNone(tls?.caData),
    insecure: tls?.insecure === true ? true : undefined,
    serverName: tls?.serverName || undefined,
  };
  if (awsAuthConfig && aws !== undefined) return { ...base, token: eksTokens(aws, awsAuthConfig.clusterName ?? '', now) };
  const certified = { ...base, certPem: decodedOrNone(tls?.certData), keyPem: decodedOrNone(tls?.keyData) };
  if (bearerToken) return { ...certified, token: async () => bearerToken };
  return username ? { ...certified, basic: { username, password: password ?? '' } } : certified;
}

function faultOf({ config }: RegisteredCluster, aws: AwsIdentity | undefined): string | undefined {
  if (config === undefined) return 'is not the JSON that is expected';
  const { tlsClientConfig: tls, awsAuthConfig, execProviderConfig, proxyUrl } = config;
  if (execProviderConfig !== undefined && execProviderConfig !== null)
    return 'execProviderConfig is not supported, use bearerToken, tlsClientConfig or awsAuthConfig';
  if (proxyUrl) return 'proxyUrl is not supported';
  if (tls?.insecure === true && tls.caData) return 'tlsClientConfig.insecure and caData exclude each other';
  if (Boolean(tls?.certData) !== Boolean(tls?.keyData)) return 'tlsClientConfig.certData and keyData need each other';
  return awsAuthConfig ? awsFault(awsAuthConfig, aws) : undefined;
}

function awsFault(asked: NonNullable<ClusterConfig['awsAuthConfig']>, aws: AwsIdentity | undefined): string | undefined {
  if (!asked.clusterName) return 'awsAuthConfig.clusterName is missing';
  if (asked.roleARN) return "awsAuthConfig.roleARN is not supported, give the function's own role access to the cluster";
  if (asked.profile) return 'awsAuthConfig.profile is not supported';
  return aws === undefined ? 'awsAuthConfig needs an AWS identity, which this process does not have' : undefined;
}

function eksTokens(aws: AwsIdentity, clusterName: string, now: Clock): ClusterConnection['token'] {
  let held: { readonly token: string; readonly at: number } | undefined;
  return async (rejected) => {
    const usable = held !== undefined && held.token !== rejected && now() - held.at < EKS_RENEW_MS;
    if (held === undefined || !usable) held = { token: eksToken(aws, clusterName, now()), at: now() };
    return held.token;
  };
}

function decodedOrNone(value: string | null | undefined): string | undefined {
  return value ? decoded(value) : undefined;
}

function decoded(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
