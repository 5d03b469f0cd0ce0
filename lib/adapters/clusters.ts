// The Clusters port: which cluster a destination means, and a Cluster that acts there as one service account with nothing but its token.
import { type AskedDestination, askedDestination } from '../model/destination.ts';
import { InvalidInput } from '../model/errors.ts';
import type { Clock, Cluster, Clusters, ResolvedDestination, ServiceAccountRef } from '../ports.ts';
import { CLUSTER_SECRETS, connectionOf, type RegisteredCluster, readClusterSecret } from './cluster-secrets.ts';
import type { AwsIdentity } from './eks.ts';
import { createCluster, type OpenCluster } from './kubernetes.ts';
import { createRest, type Rest } from './rest.ts';
import { createTokens, type Tokens } from './tokens.ts';
import type { ClusterConnection } from './transport.ts';

export interface ClustersSettings {
  /** The control cluster by the worker's own identity: cluster Secrets are read with it. */
  readonly control: Cluster;
  /** That cluster's connection: tokens for destinations in the control cluster are requested with it. */
  readonly connection: ClusterConnection;
  /** Control namespace, which holds the cluster Secrets. */
  readonly namespace: string;
  readonly clock: Clock;
  /** For clusters with `awsAuthConfig`. */
  readonly aws?: AwsIdentity | undefined;
}

export type OpenClusters = Clusters & {
  close(): Promise<void>;
  /** HTTP requests sent until now to all destinations, those for tokens included. */
  requestCount(): number;
};

const IN_CLUSTER: ResolvedDestination = { server: 'https://kubernetes.default.svc', clusterName: 'in-cluster', namespace: '' };
// One reconcile reads the Secrets once; a changed credential or a cluster that was taken out counts within this time.
const SECRETS_LIFE_MS = 10_000;

/** Secrets are read only for destinations other than the control cluster. */
export function createClusters(settings: ClustersSettings): OpenClusters {
  const registry = createRegistry(settings);
  const members = new Map<string, Member>();

  async function memberOf(server: string): Promise<Member> {
    if (server === IN_CLUSTER.server) return enter(server, 'control', () => settings.connection);
    const cluster = registeredBy(await registry(), { server });
    return enter(server, cluster.version, () => connectionOf(cluster, settings.aws, settings.clock));
  }

  function enter(server: string, version: string, connection: () => ClusterConnection): Member {
    const held = members.get(server);
    if (held?.version === version) return held;
    const fresh = createMember(version, connection(), settings.clock);
    members.set(server, fresh);
    void held?.close();
    return fresh;
  }

  return {
    async resolve(destination) {
      const asked = askedDestination(destination);
      const namespace = destination.namespace ?? '';
      if (asked.server === IN_CLUSTER.server || asked.name === IN_CLUSTER.clusterName) return { ...IN_CLUSTER, namespace };
      const { server, name } = registeredBy(await registry(), asked);
      return { server, clusterName: name, namespace };
    },
    async actingFor(destination, account) {
      const member = await memberOf(destination.server);
      return member.actingAs(account);
    },
    requestCount: () => [...members.values()].reduce((sum, member) => sum + member.requestCount(), 0),
    close: async () => {
      await Promise.all([...members.values()].map((member) => member.close()));
      members.clear();
    },
  };
}

/** One destination cluster: its own credential asks for tokens and does nothing else. */
interface Member {
  readonly version: string;
  actingAs(account: ServiceAccountRef): Promise<Cluster>;
  requestCount(): number;
  close(): Promise<void>;
}

function createMember(version: string, connection: ClusterConnection, clock: Clock): Member {
  const rest: Rest = createRest(connection);
  const tokens: Tokens = createTokens(rest, clock);
  const acting = new Map<string, OpenCluster>();
  return {
    version,
    async actingAs(account) {
      await tokens.tokenOf(account); // an account that is missing or out of reach shows here, before anything is read or written
      const key = `${account.namespace}/${account.name}`;
      const held = acting.get(key) ?? createCluster(actingConnection(connection, tokens, account));
      acting.set(key, held);
      return held;
    },
    requestCount: () => [...acting.values()].reduce((sum, cluster) => sum + cluster.requestCount(), rest.requestCount()),
    close: async () => {
      await Promise.all([rest.close(), ...[...acting.values()].map((cluster) => cluster.close())]);
    },
  };
}

/** Where the server is and how it proves itself, and of credentials the account's token alone. */
function actingConnection(connection: ClusterConnection, tokens: Tokens, account: ServiceAccountRef): ClusterConnection {
  const { server, caPem, insecure, serverName, fetchTimeoutMs } = connection;
  return { server, caPem, insecure, serverName, fetchTimeoutMs, token: (rejected) => tokens.tokenOf(account, rejected) };
}

/** Exact match (spec/credentials.md §5.2); of two Secrets with one server the first by name is taken. */
function registeredBy(clusters: readonly RegisteredCluster[], asked: AskedDestination): RegisteredCluster {
  const found = clusters.filter((cluster) => (asked.name === undefined ? cluster.server === asked.server : cluster.name === asked.name));
  const [first] = found;
  if (asked.name !== undefined && found.length > 1) {
    const servers = found.map((cluster) => cluster.server).join(' ');
    throw new InvalidInput(`there are ${found.length} clusters with the same name: [${servers}]`);
  }
  if (first === undefined) throw new InvalidInput(unknownCluster(asked));
  if (first.config === undefined)
    throw new InvalidInput(`error getting cluster by ${byWhat(asked, first)}: config of ${first.secret} is not the JSON that is expected`);
  return first;
}

function unknownCluster(asked: AskedDestination): string {
  if (asked.name !== undefined) return `there are no clusters with this name: ${asked.name}`;
  return `error getting cluster by server "${asked.server}": cluster "${asked.server}" not found`;
}

function byWhat(asked: AskedDestination, found: RegisteredCluster): string {
  return asked.name === undefined ? `server "${found.server}"` : 'URL';
}

/** The registered clusters, read again when the last answer is older than SECRETS_LIFE_MS; concurrent callers share one request. */
function createRegistry(settings: ClustersSettings): () => Promise<readonly RegisteredCluster[]> {
  let held: { readonly at: number; readonly clusters: Promise<readonly RegisteredCluster[]> } | undefined;
  return async () => {
    const now = settings.clock();
    if (held === undefined || now - held.at >= SECRETS_LIFE_MS) held = { at: now, clusters: readRegistry(settings) };
    const current = held;
    try {
      return await current.clusters;
    } catch (error) {
      if (held === current) held = undefined;
      throw error;
    }
  };
}

async function readRegistry({ control, namespace }: ClustersSettings): Promise<readonly RegisteredCluster[]> {
  const { items } = await control.list({ group: '', version: 'v1', kind: 'Secret' }, { namespace, labelSelector: CLUSTER_SECRETS });
  return items.map(readClusterSecret).filter((cluster) => cluster !== undefined);
}
