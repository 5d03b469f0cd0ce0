// What the control cluster needs from us: definitions, the worker's account and rights, the default project, a deployer for projects that
// name none. What is there already is left as it is; at the end just what was brought can be taken away again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, Unavailable } from '../../../lib/model/errors.ts';
import { gvkOf, isRecord, keyOf, type Manifest, objectName } from '../../../lib/model/manifest.ts';
import { parseManifests } from '../../../lib/model/yaml.ts';
import type { Kubectl } from './kubectl.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'kubernetes');
const DEPLOYER = join(FOLDER, 'rbac', 'default-deployer.yaml');

/** Control namespace of the installation, unless another is asked for. */
export const NAMESPACE = 'argocd';
/** The worker's own service account there. */
export const WORKER_ACCOUNT = 'evenkeel';
/** The account that default-deployer.yaml makes, as EVENKEEL_DEFAULT_SERVICE_ACCOUNT names it. */
export const DEFAULT_DEPLOYER = defaultDeployer(NAMESPACE);

export function defaultDeployer(namespace: string): string {
  return `${namespace}:evenkeel-default`;
}

const APPLICATIONS = 'applications.argoproj.io';

/** What the installation brings to a cluster, in the order in which it is applied. */
export interface InstallPlan {
  /** Kinds that must be served before an object of them comes. */
  readonly definitions: readonly Manifest[];
  readonly objects: readonly Manifest[];
}

/** Everything that there is to bring. */
export async function fullInstall(kubectl: Kubectl): Promise<InstallPlan> {
  const [definitions, objects, deployer] = await Promise.all([
    kubectl(['kustomize', join(FOLDER, 'crds')]),
    kubectl(['kustomize', join(FOLDER, 'install')]),
    readFile(DEPLOYER, 'utf8'),
  ]);
  return {
    definitions: parseManifests(definitions, 'crds'),
    objects: [...parseManifests(objects, 'install'), ...parseManifests(deployer, DEPLOYER)],
  };
}

/** The part of a plan that this cluster has not. Throws Unavailable when it does not answer or does not let us look. */
export async function missingFrom(kubectl: Kubectl, plan: InstallPlan): Promise<InstallPlan> {
  const missing = async (manifests: readonly Manifest[]) => {
    const there = await Promise.all(manifests.map((manifest) => isThere(kubectl, manifest)));
    return manifests.filter((_, at) => !there[at]);
  };
  return { definitions: await missing(plan.definitions), objects: await missing(plan.objects) };
}

/** The plan's objects as messages name them. */
export function planNames(plan: InstallPlan): readonly string[] {
  return [...plan.definitions, ...plan.objects].map((manifest) => objectName(keyOf(manifest)));
}

/** Applies a plan and waits until its kinds are served. */
export async function install(kubectl: Kubectl, plan: InstallPlan): Promise<void> {
  await apply(kubectl, plan.definitions);
  if (plan.definitions.length > 0) {
    const names = plan.definitions.map(({ metadata }) => `customresourcedefinition/${metadata.name}`);
    await settled(async () => void (await kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...names])));
  }
  await settled(() => apply(kubectl, plan.objects));
}

/**
 * Takes away what a plan brought and returns what a person should know. Applications that are left lose their finalizers first, as nothing
 * would answer them any more; what those had deployed stays.
 */
export async function uninstall(kubectl: Kubectl, plan: InstallPlan): Promise<readonly string[]> {
  const brings = plan.definitions.some(({ metadata }) => metadata.name === APPLICATIONS);
  const left = brings ? await release(kubectl) : [];
  // The worker's own rights go last: the namespace takes what it holds along.
  const manifests = [...plan.definitions, ...plan.objects].reverse();
  if (manifests.length > 0) await kubectl(['delete', '--ignore-not-found', '--timeout=90s', '-f', '-'], { input: listOf(manifests) });
  return left.map((name) => `Application ${name} is gone; what it had deployed stays`);
}

async function apply(kubectl: Kubectl, manifests: readonly Manifest[]): Promise<void> {
  if (manifests.length > 0) await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: listOf(manifests) });
}

/** What kubectl says of a definition without conditions yet, and of a kind that was established a moment before every client finds it. */
const UNSETTLED = /conditions accessor error|no matches for kind|could not find the requested resource/;

async function settled(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      if (attempt >= 40 || !UNSETTLED.test(messageOf(thrown))) throw thrown;
      await sleep(250);
    }
  }
}

async function isThere(kubectl: Kubectl, manifest: Manifest): Promise<boolean> {
  const { group, version, kind } = gvkOf(manifest);
  const { name = '', namespace } = manifest.metadata;
  const type = group === '' ? kind : `${kind}.${version}.${group}`;
  const scope = namespace === undefined ? [] : ['-n', namespace];
  try {
    return (await kubectl(['get', type, name, ...scope, '--ignore-not-found', '-o', 'name'])) !== '';
  } catch (thrown) {
    if (/doesn't have a resource type/.test(messageOf(thrown))) return false;
    throw thrown;
  }
}

async function release(kubectl: Kubectl): Promise<readonly string[]> {
  const list: unknown = JSON.parse(await kubectl(['get', APPLICATIONS, '-A', '-o', 'json']));
  const items = isRecord(list) && Array.isArray(list['items']) ? list['items'].filter(isManifest) : [];
  for (const { metadata } of items) {
    const { name = '', namespace = '' } = metadata;
    await kubectl(['patch', APPLICATIONS, name, '-n', namespace, '--type', 'merge', '-p', '{"metadata":{"finalizers":null}}']);
  }
  return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

function isManifest(value: unknown): value is Manifest {
  return isRecord(value) && isRecord(value['metadata']);
}

function listOf(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** Writes nothing; says which cluster a kubeconfig's current context names. Throws Unavailable when there is none. */
export async function contextOf(kubectl: Kubectl): Promise<{ readonly context: string; readonly server: string }> {
  const config: unknown = JSON.parse(await kubectl(['config', 'view', '--minify', '-o', 'json']));
  const context = isRecord(config) ? String(config['current-context'] ?? '') : '';
  const server = await kubectl(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}']);
  if (context === '' || server === '')
    throw new Unavailable('the kubeconfig has no current context with a server: kubectl config use-context NAME');
  return { context, server };
}
