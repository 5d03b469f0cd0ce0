// How each stock program of the control plane is called: on loopback only, nothing kept safe on disk, quick to react.

export interface Layout {
  readonly dataDir: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiserverPort: number;
  readonly certDir: string;
  readonly tokenFile: string;
  readonly signingKeyFile: string;
  readonly verifyKeyFile: string;
}

/** etcd without fsync: the data lives in a temporary folder and no longer than we do. */
export function etcdArguments(layout: Layout): readonly string[] {
  const client = `http://127.0.0.1:${layout.etcdPort}`;
  const peer = `http://127.0.0.1:${layout.etcdPeerPort}`;
  return [
    '--name=local',
    `--data-dir=${layout.dataDir}/etcd`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=local=${peer}`,
    '--log-level=warn',
  ];
}

/** The API server signs its own certificate into `certDir`. It registers no endpoints of its own, which may not be loopback addresses. */
export function apiserverArguments(layout: Layout): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${layout.etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${layout.apiserverPort}`,
    '--endpoint-reconciler-type=none',
    `--cert-dir=${layout.certDir}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    `--token-auth-file=${layout.tokenFile}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-signing-key-file=${layout.signingKeyFile}`,
    `--service-account-key-file=${layout.verifyKeyFile}`,
    '--allow-privileged=true',
    '--event-ttl=15m',
    '--profiling=false',
  ];
}

/**
 * Controllers with accounts of their own, as in a real cluster. The autoscaler looks every second and trusts a pod's CPU from its start;
 * the node may be silent for a day, since a laptop that slept should not find its pods evicted.
 */
export function controllerManagerArguments(layout: Layout, kubeconfig: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    ...QUIET,
    '--use-service-account-credentials',
    `--service-account-private-key-file=${layout.signingKeyFile}`,
    `--root-ca-file=${layout.certDir}/apiserver.crt`,
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--node-monitor-period=1s',
    '--node-monitor-grace-period=24h',
    '--horizontal-pod-autoscaler-sync-period=1s',
    '--horizontal-pod-autoscaler-cpu-initialization-period=0s',
    '--horizontal-pod-autoscaler-initial-readiness-delay=0s',
    '--horizontal-pod-autoscaler-downscale-stabilization=10s',
  ];
}

export function schedulerArguments(kubeconfig: string): readonly string[] {
  return [`--kubeconfig=${kubeconfig}`, ...QUIET, '--kube-api-qps=200', '--kube-api-burst=400'];
}

export function kwokArguments(kubeconfig: string, stages: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--config=${stages}`,
    '--manage-all-nodes=true',
    '--node-lease-duration-seconds=40',
    '--cidr=10.244.0.0/16',
    '--node-ip=127.0.0.1',
  ];
}

/** One of each, so nobody to elect; and no port, since nobody reads their health. */
const QUIET = ['--leader-elect=false', '--bind-address=127.0.0.1', '--secure-port=0', '--profiling=false'];
