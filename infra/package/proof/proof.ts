// The proof of a package: its archives, unpacked, handle a push, a queued request and a tick with nothing of this machine's but a kernel,
// a shell and a C library; what they deploy is looked up in a real cluster.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, startHost } from '../../local/host.ts';
import type { Artifacts } from '../build.ts';
import { loopbackCertificate } from './certificate.ts';
import { startTlsFront } from './https.ts';
import { checkLibraries, checkTrust, pushFiles } from './layer-git.ts';
import { checkRenderer } from './layer-renderer.ts';
import { checkSsh, checkSshLibraries } from './layer-ssh.ts';
import { NAMESPACE, sampleApplication, sampleFiles } from './sample.ts';
import { environmentOf, type Unpacked, unpackAll } from './unpacked.ts';

export interface ProofOptions {
  /** Takes a line for a person. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** An empty folder to work in. */
  readonly folder: string;
}

interface Scene extends ProofOptions {
  readonly host: Host;
  readonly unpacked: Unpacked;
  /** The repository over https. */
  readonly repository: string;
  /** The same, as it is pushed to. */
  readonly origin: string;
}

/** Schedules do not tick by themselves during the proof: a minute takes two days. */
const FACTOR = 1 / 2880;
const PATIENCE_MS = 60_000;

/** Throws with what was not as it should be. */
export async function prove(artifacts: Artifacts, options: ProofOptions): Promise<void> {
  const { say, signal, folder } = options;
  const unpacked = await unpackAll(artifacts, folder);
  say(`git loads ${await checkLibraries(unpacked)} libraries of its layer, and of the runtime's only the C library`);
  const ssh = await checkSshLibraries(unpacked);
  say(`ssh (${ssh.version}) loads ${ssh.count} libraries of its layer, its own C library among them, and nothing else`);
  await using stack = new AsyncDisposableStack();
  const host = await startHost({
    progress: say,
    notice: say,
    signal,
    factor: FACTOR,
    concurrency: 1,
    bundles: unpacked.bundles,
    environment: environmentOf(unpacked),
  });
  stack.defer(() => host.close());
  const certificate = loopbackCertificate(Date.now());
  const front = await startTlsFront(host.gitUrl, certificate);
  stack.defer(() => front.close());
  const scene = { ...options, host, unpacked, repository: `${front.url}/proof.git`, origin: `${host.gitUrl}/proof.git` };
  await push(scene, 'red');
  await checkRenderer(unpacked, join(folder, 'work'), 'red');
  say('the renderer loads no library, and renders a kustomization and a chart with no other program in reach');
  await checkTrust(unpacked, folder, scene.repository, certificate.cert);
  say('git refuses an unknown certificate and fetches over https from a server whose certificate it knows');
  await checkSsh(unpacked, folder, join(host.dir, 'repositories', 'proof.git'));
  say('git refuses an unknown host key and fetches over ssh from a server whose key it knows');
  await provePush(scene);
  await proveTick(scene);
  checkFailures(host);
}

async function provePush(scene: Scene): Promise<void> {
  const { host, say, repository } = scene;
  await apply(host, sampleApplication('proof-kustomize', 'kustomize', repository, host.namespace));
  const commit = await push(scene, 'green');
  await host.told();
  const answer = host.pushes().at(-1)?.answer;
  if (answer?.status !== 202) throw new Error(`the webhook answered ${answer?.status} ${answer?.body}`);
  await untilSynced(scene, 'proof-kustomize', 'kustomized-settings', 'green', commit);
  say(
    `webhook and reconcile: a push was answered with 202, and the Application it concerns is Synced to ${commit.slice(0, 7)} (kustomize)`,
  );
}

async function proveTick(scene: Scene): Promise<void> {
  const { host, say, repository } = scene;
  await apply(host, sampleApplication('proof-helm', 'chart', repository, host.namespace));
  if (!host.tick('sweep')) throw new Error('the sweep was at work already');
  await untilSynced(scene, 'proof-helm', 'proof-helm-settings', 'green');
  say('sweep and reconcile: a tick found a new Application, and it is Synced (helm)');
}

async function push({ unpacked, folder, origin }: Scene, colour: string): Promise<string> {
  return pushFiles(unpacked, join(folder, 'work'), origin, sampleFiles(colour));
}

async function apply({ kubectl }: Host, manifest: object): Promise<void> {
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(manifest) });
}

async function untilSynced({ host, signal }: Scene, name: string, configMap: string, colour: string, commit = ''): Promise<void> {
  const { kubectl, namespace } = host;
  const failed = host.controlPlane?.failed.then((error) => Promise.reject(error));
  const status = () =>
    kubectl(['get', 'applications.argoproj.io', name, '-n', namespace, '-o', 'jsonpath={.status.sync.status} {.status.sync.revision}']);
  const live = () => kubectl(['get', 'configmap', configMap, '-n', NAMESPACE, '--ignore-not-found', '-o', 'jsonpath={.data.colour}']);
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    if ((await status()).startsWith(`Synced ${commit}`) && (await live()) === colour) return;
    await Promise.race([sleep(200, undefined, { signal }), ...(failed ? [failed] : [])]);
  }
  const seen = await kubectl([
    'get',
    'applications.argoproj.io',
    name,
    '-n',
    namespace,
    '-o',
    'jsonpath={.status.sync} {.status.conditions} {.status.operationState}',
  ]);
  throw new Error(`${name} is not Synced after ${PATIENCE_MS / 1000} s: ${seen}`);
}

/** A failure that a retry made good again is one all the same. */
function checkFailures(host: Host): void {
  for (const [name, { errors, failed, invocations }] of Object.entries(host.stats())) {
    if (errors + failed > 0) throw new Error(`function ${name}: ${errors} of ${invocations} invocations and ${failed} messages failed`);
  }
}
