// Where the command line is put together: environment, terminal and adapters; and the one place that turns errors into exit codes.
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommanderError } from 'commander';
import type { OpenRenderPorts } from '../adapters/render-ports.ts';
import { renderSettings } from '../desired/settings.ts';
import { messageOf, NotPermitted } from '../model/errors.ts';
import type { GivenRepository } from '../model/given-repositories.ts';
import { resourceSettings } from '../model/resource-settings.ts';
import { EXIT_ERROR, EXIT_INTERRUPTED, Exit } from './exit.ts';
import { externalDiff } from './external-diff.ts';
import { findKubeconfig } from './find-kubeconfig.ts';
import { withPlainSwitches } from './flags.ts';
import { buildProgram } from './program.ts';
import { withBuilt } from './programs.ts';
import { type CliSettings, cliSettings } from './settings.ts';
import type { GlobalFlags, Session, Shell } from './shell.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { processTerminal } from './terminal.ts';

/** Somebody waits for it, and can stop it. */
const PATIENCE_MS = 3_600_000;

const settings = cliSettings(process.env, homedir());

// `evenkeel app list | head` ends the reader first, which is nobody's fault.
process.stdout.on('error', () => process.exit(0));
process.exit(await run(process.argv.slice(2)));

/** The exit code of a command line. */
async function run(args: readonly string[]): Promise<number> {
  const program = buildProgram(shellFor(settings));
  try {
    await program.parseAsync(withPlainSwitches(args, program), { from: 'user' });
    return 0;
  } catch (thrown) {
    return exitCode(thrown);
  }
}

function shellFor(own: CliSettings): Shell {
  return {
    terminal: processTerminal(own.colour),
    clock: Date.now,
    sleep: async (milliseconds) => sleep(milliseconds),
    onInterrupt,
    connect: (flags) => connect(flags, own),
    renderer: (session) => renderer(session, own),
    offline: { namespace: own.namespace, remoteBases: own.remoteBases, open: (given) => offline(given, own) },
    scripts: async () => (await import('../adapters/scripts/scripts.ts')).createScripts({ callMs: PATIENCE_MS }),
    externalDiff: own.externalDiff && externalDiff(own.externalDiff),
  };
}

/** As a shell would end it, after the remark. */
function onInterrupt(remark: string): () => void {
  const end = () => {
    process.stderr.write(`${remark}\n`);
    process.exit(EXIT_INTERRUPTED);
  };
  process.once('SIGINT', end);
  return () => void process.off('SIGINT', end);
}

/** The adapters are loaded only by commands that need them, so that help and wrong usage answer at once. */
async function connect(flags: GlobalFlags, own: CliSettings): Promise<Session> {
  const found = findKubeconfig(flags, own);
  const [{ createClusters }, { createControl, projectAlone }, { loadConnection }, { createCluster }] = await Promise.all([
    import('../adapters/clusters.ts'),
    import('../adapters/control.ts'),
    import('../adapters/kubeconfig.ts'),
    import('../adapters/kubernetes.ts'),
  ]);
  const connection = await loadConnection(found);
  const cluster = createCluster(connection);
  const { namespace, remoteBases } = own;
  const control = createControl(cluster, namespace);
  const clusters = createClusters({ control: cluster, connection, namespace, clock: Date.now });
  return {
    cluster,
    namespace,
    resolve: (destination) => clusters.resolve(destination),
    project: async (name) => {
      try {
        return await control.project(name);
      } catch (thrown) {
        if (!(thrown instanceof NotPermitted)) throw thrown;
        // Who may not read the settings has no global projects to hold against it.
        return projectAlone(cluster, namespace, name);
      }
    },
    renderSettings: async () => renderSettings(await control.settings(), remoteBases),
    resourceSettings: async () => resourceSettings(await control.settings()),
  };
}

async function renderer({ cluster, namespace }: Session, own: CliSettings): Promise<OpenRenderPorts> {
  const { programs, built, cacheDir, cacheMiB, toolTimeoutSeconds: timeoutSeconds } = own;
  const [{ createRenderPorts }, { createCredentials, orAnonymous }] = await Promise.all([
    import('../adapters/render-ports.ts'),
    import('../adapters/credentials.ts'),
  ]);
  const clock = Date.now;
  const credentials = orAnonymous(createCredentials({ cluster, namespace, clock }));
  const found = withBuilt(programs, built, process.env['PATH'] ?? '');
  const dial = { loopback: true };
  return createRenderPorts({ programs: found, credentials, cacheDir, cacheMiB, cacheShared: true, clock, timeoutSeconds, dial });
}

/** Nothing here can reach a network: folders stand for everything that would be fetched. */
async function offline(given: readonly GivenRepository[], own: CliSettings): Promise<OpenRenderPorts> {
  const { built, toolTimeoutSeconds: timeoutSeconds } = own;
  const [{ createLocalRepositories }, { rendererBy }] = await Promise.all([
    import('../adapters/local-repositories.ts'),
    import('../adapters/render-ports.ts'),
  ]);
  const programs = withBuilt(own.programs, built, process.env['PATH'] ?? '');
  const local = createLocalRepositories({ ...programs, timeoutSeconds, workDir: temporaryFolder(), given });
  return { ...local, renderer: rendererBy(programs, timeoutSeconds) };
}

/** Commander has said already what is wrong with the usage; everything else is said here. */
function exitCode(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode;
  const message = messageOf(thrown);
  if (message !== '') process.stderr.write(`error: ${message}\n`);
  return thrown instanceof Exit ? thrown.code : EXIT_ERROR;
}
