// What `npm start -- …` was asked for, out of its arguments.
import { parseArgs } from 'node:util';
import { InvalidInput, messageOf } from '../../lib/model/errors.ts';

/** What happens once everything is up: the story and then wait, the story and then end, or just wait. */
export type Mode = 'story-then-stay' | 'story' | 'idle';

export interface StartOptions {
  readonly help: boolean;
  readonly mode: Mode;
  /** One line of JSON on standard output once everything is ready; all else goes to standard error. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Port of the webhook; undefined: a free one. */
  readonly port: number | undefined;
  /** Kubeconfig of a cluster of the user's own. */
  readonly kubeconfig: string | undefined;
  /** Create things in that cluster without asking. */
  readonly yes: boolean;
}

export const HELP = `npm start brings up Evenkeel on this machine: a Kubernetes control plane, a Git server, queues and the functions,
tells the story of the Bookstore, and stays up until Ctrl-C. Everything listens on 127.0.0.1 only.

  npm start                            the story, then stay up
  npm start -- --story                 the story, then end; the exit code says whether each step held
  npm start -- --idle                  no story
  npm start -- --idle --json           one line of JSON once all is ready: kubeconfig, gitUrl, webhookUrl, webhookSecret, queueUrl, namespace
  npm start -- --kubeconfig ~/.kube/config   on a cluster of your own: shows what it will create, asks, and takes it away at the end

  --port N           port of the webhook (a free one otherwise)
  --yes              with --kubeconfig: do not ask
  --verbose          each invocation, cold start and log line of the functions
  --help             this text

  npm run kubectl -- get applications -A     kubectl against the running host, from another terminal
  npm run clean                              removes the cache folder
`;

const FLAGS = {
  story: { type: 'boolean', default: false },
  idle: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
  port: { type: 'string' },
  kubeconfig: { type: 'string' },
} as const;

/** Throws InvalidInput that names the argument and points to --help. */
export function parseOptions(args: readonly string[]): StartOptions {
  const { story, idle, json, verbose, yes, help, port, kubeconfig } = read(args);
  if (story && (idle || kubeconfig !== undefined)) {
    throw new InvalidInput('--story plays on a control plane of its own: leave out --idle and --kubeconfig, see --help');
  }
  if (kubeconfig === '') throw new InvalidInput('--kubeconfig takes the path of a kubeconfig, see --help');
  if (yes && kubeconfig === undefined) throw new InvalidInput('--yes answers what only --kubeconfig asks, see --help');
  const waits = idle || kubeconfig !== undefined;
  const mode = story ? 'story' : waits ? 'idle' : 'story-then-stay';
  return { help, mode, json, verbose, yes, kubeconfig, port: port === undefined ? undefined : portOf(port) };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    throw new InvalidInput(`${messageOf(cause)}, see --help`, { cause });
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new InvalidInput(`--port ${text}: a port is a number from 1 to 65535, see --help`);
  return port;
}
