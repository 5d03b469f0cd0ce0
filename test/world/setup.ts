// Brings up the one control plane of a test run and tells every project how to reach it. A missing real part fails here, with how to get it.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { layerTools } from '../../infra/local/cache/layer.ts';
import { rendererProgram } from '../../infra/local/cache/renderer.ts';
import { startControlPlane } from '../../infra/local/controlplane/controlplane.ts';
import { machineFacts } from '../../infra/local/preflight/facts.ts';
import { assertReady } from '../../infra/local/preflight/preflight.ts';
import { succeed } from '../support/program.ts';
import type { ProvidedWorld } from './world.ts';

interface Shared {
  users: number;
  readonly world: Promise<{ readonly provided: ProvidedWorld; readonly close: () => Promise<void> }>;
}

declare global {
  /** Each project loads this file for itself, so what they share hangs on the process. */
  var evenkeelTestWorld: Shared | undefined;
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  globalThis.evenkeelTestWorld ??= { users: 0, world: start() };
  const shared = globalThis.evenkeelTestWorld;
  shared.users += 1;
  project.provide('world', (await shared.world).provided);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    globalThis.evenkeelTestWorld = undefined;
    await (await shared.world).close();
  };
}

async function start() {
  const progress = (line: string) => console.log(line);
  assertReady(await machineFacts());
  const tools = await layerTools({ progress });
  const renderer = await rendererProgram({ progress });
  const plane = await startControlPlane({ progress });
  const { kubeconfigPath, server, ca, token, programs } = plane;
  await installKinds(tools.kubectl, kubeconfigPath);
  const removeTemporary = useOwnTemporary();
  const close = async () => {
    await plane.close();
    await removeTemporary();
  };
  return { provided: { kubeconfigPath, server, ca, token, ...tools, kustomize: programs.kustomize, renderer }, close };
}

const DEFINITIONS = join(import.meta.dirname, '../../infra/kubernetes/crds');

/** The definitions of ours, once for all tests. One that is quite new has no conditions to wait for, which `kubectl wait` takes for a fault. */
async function installKinds(kubectl: string, kubeconfig: string): Promise<void> {
  const at = ['--kubeconfig', kubeconfig];
  await succeed(kubectl, [...at, 'apply', '--server-side', '-k', DEFINITIONS]);
  for (let tries = 1; ; tries += 1) {
    try {
      await succeed(kubectl, [...at, 'wait', '--for=condition=Established', '--timeout=30s', '--all', 'crd']);
      return;
    } catch (error) {
      if (tries >= 20) throw error;
      await sleep(250);
    }
  }
}

/** Workers are ended before they can tidy up, so all temporary files of the run lie in one folder, which goes with it. */
function useOwnTemporary(): () => Promise<void> {
  const before = process.env['TMPDIR'];
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-tests-'));
  process.env['TMPDIR'] = folder;
  return async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(folder, { recursive: true, force: true });
  };
}
