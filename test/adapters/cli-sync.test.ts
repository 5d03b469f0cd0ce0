// Commands that make something happen to Applications, as programs against a real API server.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCluster } from '../../lib/adapters/kubernetes.ts';
import { waitFor } from '../../lib/cli/app/watching.ts';
import { watchOf } from '../../lib/cli/request/conditions.ts';
import { type CliWorld, cliWorld, finishOperation, SYNCED, seconds } from '../support/cli.ts';
import { recordingShell } from '../unit/cli/shell.ts';
import { eventually } from '../world/world.ts';

/** Nothing of the session but its cluster is asked. */
const absent = () => Promise.reject(new Error('not here'));

const URL = 'http://127.0.0.1:1/shop.git';

let here: CliWorld;

beforeAll(async () => {
  here = await cliWorld(URL);
});

afterAll(() => here.close());

describe('app sync', () => {
  it('asks for an operation, shows what happens, and ends well with it', async () => {
    const name = await here.application({
      spec: { syncPolicy: { syncOptions: ['CreateNamespace=true'] } },
      status: { operationState: { operation: {}, phase: 'Failed', startedAt: seconds(-9) } },
    });
    const resource = {
      group: '',
      version: 'v1',
      kind: 'ConfigMap',
      namespace: here.namespace,
      name: 'settings',
      status: 'Synced',
      message: 'serverside-applied',
    };
    const asked = here.evenkeel(['app', 'sync', name, '--prune', '--timeout', '30']);
    const operation = await finishOperation(here, name, 'Succeeded', { resources: [resource] });
    const { code, stdout } = await asked;
    expect(operation).toEqual({
      sync: {
        prune: true,
        source: { repoURL: URL, path: '.', targetRevision: 'main' },
        syncStrategy: { hook: {} },
        syncOptions: ['CreateNamespace=true'],
      },
      initiatedBy: { username: expect.stringMatching(/./) },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^TIMESTAMP +GROUP +KIND +NAMESPACE +NAME +STATUS +HEALTH +HOOK +MESSAGE\n\d{4}-\d\d-\d\dT[\d:]+\+00:00 +ConfigMap /,
    );
    expect(stdout).toContain('\nPhase:              Succeeded\n');
    expect(stdout).toMatch(/\nGROUP +KIND +NAMESPACE +NAME +STATUS +HEALTH +HOOK +MESSAGE\n +ConfigMap .* serverside-applied\n$/);
  });

  it.each([true, false])('shows what was over before the first look, where it began it: %j', async (begun) => {
    const resources = [{ group: '', version: 'v1', kind: 'ConfigMap', namespace: here.namespace, name: 'a' }];
    const syncResult = { revision: 'a', source: { repoURL: 'r' }, resources };
    const operationState = { operation: {}, phase: 'Succeeded', startedAt: seconds(-9), finishedAt: seconds(-8), syncResult };
    const name = await here.application({ status: { ...SYNCED, reconciledAt: seconds(-7), operationState } });
    const cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
    const session = {
      cluster,
      namespace: here.namespace,
      resolve: absent,
      project: async () => undefined,
      renderSettings: absent,
      resourceSettings: absent,
    };
    const { shell, written } = recordingShell(Date.now());
    const wait = { watch: watchOf({ operation: true }), resources: [], timeoutSeconds: 1, output: 'wide' as const, begun };
    await waitFor(shell, session, { namespace: here.namespace, name }, wait);
    await cluster.close();
    expect(written().startsWith('TIMESTAMP ')).toBe(begun);
    expect(written()).toContain('\nPhase:              Succeeded\n');
  });

  it('keeps standard output to the object in JSON', async () => {
    const name = await here.application();
    const asked = here.evenkeel(['app', 'sync', name, '-o', 'json']);
    await finishOperation(here, name, 'Succeeded');
    expect(JSON.parse((await asked).stdout)).toMatchObject({ status: { operationState: { phase: 'Succeeded' } } });
  });

  it('ends with 1 when the operation failed', async () => {
    const name = await here.application();
    const asked = here.evenkeel(['app', 'sync', name]);
    await finishOperation(here, name, 'Failed');
    expect(await asked).toMatchObject({ code: 1, stderr: 'error: Operation has completed with phase: Failed: ended as Failed\n' });
  });

  it('ends with 1 when the operation was taken back before anybody began it', async () => {
    const name = await here.application();
    const asked = here.evenkeel(['app', 'sync', name, '--dry-run']);
    await eventually(async () => expect((await here.read(name)).operation).toBeDefined());
    await here.change(name, { operation: null });
    expect(await asked).toMatchObject({ code: 1, stderr: 'error: the operation was taken back before a worker began it\n' });
  });

  it('ends with 1 when something should have been pruned', async () => {
    const name = await here.application();
    const asked = here.evenkeel(['app', 'sync', name]);
    const skipped = { group: '', version: 'v1', kind: 'ConfigMap', namespace: here.namespace, name: 'old', status: 'PruneSkipped' };
    await finishOperation(here, name, 'Succeeded', { sync: 'OutOfSync', resources: [skipped] });
    expect(await asked).toMatchObject({ code: 1, stderr: 'error: 1 resources require pruning\n' });
  });

  it('does not touch an operation that is pending', async () => {
    const name = await here.application();
    expect(await here.evenkeel(['app', 'sync', name, '--async'])).toMatchObject({ code: 0, stdout: '' });
    expect((await here.read(name)).operation.sync.dryRun).toBeUndefined();
    expect(await here.evenkeel(['app', 'sync', name, '--async', '--dry-run'])).toMatchObject({
      code: 20,
      stderr: 'error: another operation is already in progress: no worker has begun it yet\n',
    });
    expect((await here.read(name)).operation.sync.dryRun).toBeUndefined();
  });

  it('lets only one of two win', async () => {
    const name = await here.application();
    const both = await Promise.all([1, 2].map(() => here.evenkeel(['app', 'sync', name, '--async'])));
    expect(both.map(({ code }) => code).sort()).toEqual([0, 20]);
  });

  it('writes nothing when one of several cannot be synced', async () => {
    const name = await here.application();
    expect(await here.evenkeel(['app', 'sync', name, 'ghost', '--async'])).toMatchObject({ code: 20 });
    expect((await here.read(name)).operation).toBeUndefined();
  });

  it('says which filter found nothing', async () => {
    expect(await here.evenkeel(['app', 'sync', '-l', 'team=none', '--project', 'a'])).toMatchObject({
      code: 1,
      stderr: 'error: No matching apps found for filter: selector team=none projects [a]\n',
    });
    expect(await here.evenkeel(['app', 'sync', 'x', '-l', 'team=none'])).toMatchObject({
      code: 1,
      stderr: 'error: Cannot use selector option when application name(s) passed as argument(s)\n',
    });
  });
});

describe('app wait', () => {
  it('returns at once when the conditions hold', async () => {
    const name = await here.application({ status: SYNCED });
    const { code, stdout } = await here.evenkeel(['app', 'wait', name]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\nName: /);
  });

  it('returns when they come to hold', async () => {
    const name = await here.application({ status: { ...SYNCED, health: { status: 'Progressing' } } });
    const waiting = here.evenkeel(['app', 'wait', name, '--health', '-o', 'json']);
    await here.change(name, { status: { health: { status: 'Healthy' } } });
    expect(JSON.parse((await waiting).stdout)).toMatchObject({ status: { health: { status: 'Healthy' } } });
  });

  it('shows the state and fails when they do not', async () => {
    const name = await here.application({ status: { ...SYNCED, health: { status: 'Progressing' } } });
    const { code, stdout, stderr } = await here.evenkeel(['app', 'wait', name, '--health', '--timeout', '1']);
    expect(code).toBe(20);
    expect(stdout).toContain('This is the state of the app after wait timed out:\n\nName: ');
    expect(stdout).toMatch(/\nThe command timed out waiting for the conditions to be met\.\n$/);
    expect(stderr).toBe(`error: timed out (1s) waiting for app "${name}" match desired state\n`);
  });

  it('fails when health turns Degraded', async () => {
    const resource = (health: string) => ({
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
      namespace: here.namespace,
      name: 'web',
      status: 'Synced',
      health: { status: health },
    });
    const name = await here.application({ status: { ...SYNCED, health: { status: 'Progressing' }, resources: [resource('Progressing')] } });
    const waiting = here.evenkeel(['app', 'wait', name, '--health', '--timeout', '60']);
    let ended = false;
    const turning = (async () => {
      // Back and forth, since the command has to see both.
      for (let turn = 0; !ended; turn += 1) {
        await sleep(1200);
        const health = turn % 2 === 0 ? 'Degraded' : 'Progressing';
        await here.change(name, { status: { health: { status: health }, resources: [resource(health)] } });
      }
    })();
    const { code, stderr } = await waiting;
    ended = true;
    await turning;
    expect(stderr).toBe(`error: application '${name}' health state has transitioned from Progressing to Degraded\n`);
    expect(code).toBe(20);
  });
});

describe('app delete', () => {
  const PLAIN = 'resources-finalizer.argocd.argoproj.io';

  it.each([
    [[], [PLAIN]],
    [['-p', 'background'], [`${PLAIN}/background`]],
  ])('leaves the finalizer for a worker with %j', async (args, finalizers) => {
    const name = await here.application();
    expect(await here.evenkeel(['app', 'delete', name, '-y', ...args])).toMatchObject({
      code: 0,
      stdout: `application '${name}' deleted\n`,
    });
    const { metadata } = await here.read(name);
    expect(metadata.finalizers).toEqual(finalizers);
    expect(metadata.deletionTimestamp).toBeDefined();
    await here.change(name, { metadata: { finalizers: null } });
  });

  it('deletes at once without cascade', async () => {
    const name = await here.application();
    await here.change(name, { metadata: { finalizers: [PLAIN] } });
    expect(await here.evenkeel(['app', 'delete', name, '--cascade=false', '--wait'])).toMatchObject({ code: 0 });
    await expect(here.read(name)).rejects.toThrow(/not found/);
  });

  it('deletes nothing where one of the names is not there', async () => {
    const name = await here.application();
    const refused = await here.evenkeel(['app', 'delete', name, '--cascade', 'false', '-y']);
    expect(refused).toMatchObject({ code: 20, stdout: '', stderr: expect.stringContaining("application 'false' not found") });
    expect((await here.read(name)).metadata.deletionTimestamp).toBeUndefined();
  });

  it('waits until a worker has taken everything away', async () => {
    const name = await here.application();
    const waiting = here.evenkeel(['app', 'delete', name, '--wait']);
    await eventually(async () => expect((await here.read(name)).metadata.deletionTimestamp).toBeDefined());
    await here.change(name, { metadata: { finalizers: null } });
    expect(await waiting).toMatchObject({ code: 0, stdout: `application '${name}' deleted\n` });
  });

  it('deletes those that a selector chooses, and waits for deletion elsewhere', async () => {
    const names = [await here.application({ labels: { team: 'gone' } }), await here.application({ labels: { team: 'gone' } })].sort();
    const waiting = here.evenkeel(['app', 'wait', ...names, '--delete', '--timeout', '60']);
    const told = names.map((name) => `application '${name}' deleted\n`).join('');
    expect(await here.evenkeel(['app', 'delete', '-l', 'team=gone', '--cascade=false'])).toMatchObject({ code: 0, stdout: told });
    expect(await waiting).toMatchObject({ code: 0, stdout: told });
  });
});
