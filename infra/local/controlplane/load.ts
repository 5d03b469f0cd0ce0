// How much CPU each pod is said to use. No container runs, so the load is a setting: a ConfigMap that anybody with kubectl can change.

/** Where the setting is kept. */
export const LOAD_CONFIG_MAP = { namespace: 'kube-system', name: 'cpu-load' } as const;

/** What a pod uses of which nothing is said. */
export const IDLE_MILLICORES = 1;

export interface Load {
  readonly namespace: string;
  /** A pod whose name begins with this; `''` means every pod of the namespace. */
  readonly prefix: string;
  readonly millicores: number;
}

/** The ConfigMap key of a load, `namespace.prefix`: a namespace's name has no dot, so the first one ends it. */
export function loadKey(namespace: string, prefix: string): string {
  return `${namespace}.${prefix}`;
}

/** Reads loads from the ConfigMap's data: `bookstore-staging.catalog: 400m`. What is no CPU quantity is left out. */
export function parseLoads(data: Readonly<Record<string, string>>): readonly Load[] {
  return Object.entries(data).flatMap(([key, text]) => {
    const [, namespace, prefix] = /^([^.]+)\.(.*)$/.exec(key) ?? [];
    const millicores = parseMillicores(text);
    return namespace === undefined || prefix === undefined || millicores === undefined ? [] : [{ namespace, prefix, millicores }];
  });
}

/** A CPU quantity in cores (`0.4`, `2`) or millicores (`400m`). */
export function parseMillicores(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(m?)$/.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'm' ? 1 : 1000);
}

/** The load with the longest prefix decides. */
export function millicoresOf(pod: { readonly namespace: string; readonly name: string }, loads: readonly Load[]): number {
  const matching = loads.filter((load) => load.namespace === pod.namespace && pod.name.startsWith(load.prefix));
  const closest = matching.reduce<Load | undefined>(
    (best, load) => (best && best.prefix.length >= load.prefix.length ? best : load),
    undefined,
  );
  return closest?.millicores ?? IDLE_MILLICORES;
}

export interface MeasuredPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly string[];
}

/** A PodMetrics object (metrics.k8s.io/v1beta1): the pod's load, spread evenly over its containers. */
export function podMetrics(pod: MeasuredPod, loads: readonly Load[], now: string): Readonly<Record<string, unknown>> {
  const nanocores = Math.round((millicoresOf(pod, loads) * 1_000_000) / Math.max(1, pod.containers.length));
  return {
    kind: 'PodMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name: pod.name, namespace: pod.namespace, labels: pod.labels, creationTimestamp: now },
    timestamp: now,
    window: '10s',
    containers: pod.containers.map((name) => ({ name, usage: { cpu: `${nanocores}n`, memory: '32Mi' } })),
  };
}
