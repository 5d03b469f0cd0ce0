// `npm start`: the local host from the first look at the machine to the last process gone.
import { messageOf } from '../../lib/model/errors.ts';
import type { Proposal } from './cluster/cluster.ts';
import { DEFAULT_DEPLOYER } from './cluster/install.ts';
import { guideLines } from './guide.ts';
import { type Host, startHost } from './host.ts';
import { HELP, parseOptions, type StartOptions } from './options.ts';
import { FACTOR } from './parts.ts';
import { machineFacts } from './preflight/facts.ts';
import { assertReady, describeFindings, preflight } from './preflight/preflight.ts';
import { recordHost } from './processes/host-record.ts';
import { confirm, interrupts, printerTo } from './terminal.ts';

/** serverless.yml gives 180 s; while the story is told time runs faster for the resync as it does for the schedule. */
const RESYNC_SECONDS = 180;
const STORY_RESYNC_SECONDS = RESYNC_SECONDS / FACTOR;
/** On AWS a message that a killed worker held is seen again after more than three minutes, the longest that a function may take. */
const VISIBILITY_SECONDS = 20;

interface Session {
  readonly options: StartOptions;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const printOut = printerTo(process.stdout);
  if (options.help) {
    printOut(HELP);
    return 0;
  }
  const say = options.json ? printerTo(process.stderr) : printOut;
  const session = { options, say, signal: interrupts(say) };
  try {
    return await run(session, printOut);
  } catch (thrown) {
    // What fails because a person wants to stop is no failure.
    if (session.signal.aborted) return 130;
    throw thrown;
  }
}

async function run(session: Session, printOut: (line: string) => void): Promise<number> {
  const { options, say, signal } = session;
  await look(session);
  const host = await startHost({
    progress: say,
    notice: say,
    verbose: options.verbose,
    port: options.port,
    signal,
    kubeconfig: options.kubeconfig,
    confirm: (proposal) => agree(proposal, session),
    visibilitySeconds: VISIBILITY_SECONDS,
    environment: options.mode === 'idle' ? {} : { EVENKEEL_RESYNC_SECONDS: String(STORY_RESYNC_SECONDS) },
  });
  try {
    const forget = await recordHost({ kubeconfig: host.kubeconfigPath });
    tellTimes(host, session);
    if (options.json) printOut(JSON.stringify(placesOf(host)));
    const code = await play(host, session);
    await forget();
    return code;
  } finally {
    await host.close();
    say('stopped; nothing is left running');
  }
}

/** The machine, in one list, before anything is downloaded. On a cluster of one's own there is no control plane to build. */
async function look({ options, say }: Session): Promise<void> {
  const machine = await machineFacts();
  const unbuilt = machine.unbuilt.filter((program) => program === 'renderer' || options.kubeconfig === undefined);
  const facts = { ...machine, unbuilt };
  if (unbuilt.length > 0) for (const line of describeFindings(preflight(facts))) say(line);
  assertReady(facts);
}

async function agree({ context, server, creates }: Proposal, { options, say, signal }: Session): Promise<boolean> {
  say(`context ${context} (${server})`);
  say(creates.length === 0 ? 'everything needed is there already; nothing will be created' : 'will be created, and taken away at the end:');
  for (const name of creates) say(`  ${name}`);
  say(`Applications whose project names no service account will be synced as ${DEFAULT_DEPLOYER}, which may deploy into every namespace`);
  return options.yes || (await confirm('Go on?', signal));
}

function tellTimes(host: Host, { options, say }: Session): void {
  const schedules = host.bound.schedules.map(
    ({ functionName, expression, everyMs }) => `${functionName} ${expression}: here every ${everyMs / 1000} s`,
  );
  const resync = options.mode === 'idle' ? RESYNC_SECONDS : STORY_RESYNC_SECONDS;
  say(
    `${schedules.join(', ')} (${FACTOR} times faster); resync after ${resync} s; messages of a killed worker come back after ${VISIBILITY_SECONDS} s`,
  );
  say(`projects that name no service account: synced as ${DEFAULT_DEPLOYER} (EVENKEEL_DEFAULT_SERVICE_ACCOUNT)`);
}

function placesOf({ kubeconfigPath, gitUrl, webhookUrl, webhookSecret, queueUrl, namespace }: Host) {
  return { kubeconfig: kubeconfigPath, gitUrl, webhookUrl, webhookSecret, queueUrl, namespace };
}

async function play(host: Host, session: Session): Promise<number> {
  const { options, say } = session;
  const failed = host.controlPlane?.failed ?? new Promise<Error>(() => undefined);
  const code = options.mode === 'idle' ? 0 : await Promise.race([tell(host, session), failed.then((error) => Promise.reject(error))]);
  if (options.mode === 'story') return code;
  for (const line of guideLines(host, options.mode !== 'idle')) say(line);
  say('');
  say('ready; Ctrl-C stops');
  const stopped = new Promise<undefined>((resolve) => {
    if (session.signal.aborted) resolve(undefined);
    session.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const broken = await Promise.race([stopped, failed]);
  if (broken !== undefined) throw broken;
  return code;
}

/** A story that fails leaves everything up to be looked at, unless the story was all that was wanted. */
async function tell(host: Host, { say, signal }: Session): Promise<number> {
  const [{ runStory }, { storyHost }] = await Promise.all([import('./story/story.ts'), import('./story/cast.ts')]);
  const sweep = host.bound.schedules.find(({ functionName }) => functionName === 'sweep');
  const pace = { sweepSeconds: (sweep?.everyMs ?? 0) / 1000, resyncSeconds: STORY_RESYNC_SECONDS };
  try {
    await runStory(storyHost(host, pace), say, signal);
    return 0;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    say(`the story ended early: ${messageOf(thrown)}`);
    return 1;
  }
}

main().then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    console.error(messageOf(thrown));
    process.exit(1);
  },
);
