// `evenkeel app create`.
import type { Command } from 'commander';
import { Conflict, InvalidInput } from '../../model/errors.ts';
import type { Manifest } from '../../model/manifest.ts';
import { parseManifests } from '../../model/yaml.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addSpecFlag, addSwitch, addTexts, refuseFlags, specValues } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { readInput, readText } from '../input.ts';
import { applicationFromFlags, applicationsFromFile, type CreateRequest, isSame, upsertPatch } from '../request/manifest.ts';
import { SPEC_FLAGS } from '../request/spec-flags.ts';
import type { Session, Shell } from '../shell.ts';
import { changeApplication, parsed, readApplication } from './store.ts';
import { checkApplication } from './validation.ts';

interface Flags {
  readonly file?: string;
  readonly upsert?: boolean;
  readonly label: readonly string[];
  readonly annotations: readonly string[];
  readonly setFinalizer?: boolean;
  readonly appNamespace?: string;
  readonly valuesLiteralFile?: string;
}

const EXAMPLES = `
Checked here: the spec, its project and its destination. Whether Git can be read shows as a condition once a worker has tried.

Examples:
  evenkeel app create shop --repo http://127.0.0.1:3000/shop.git --path overlays/dev \\
    --dest-name in-cluster --dest-namespace shop --sync-policy auto
  evenkeel app create -f application.yaml --upsert
  cat applications.yaml | evenkeel app create -f -
`;

const NOT_YET = [
  '--config-management-plugin <name>',
  '--plugin-env <text>',
  '--jsonnet-tla-str <text>',
  '--jsonnet-tla-code <text>',
  '--jsonnet-ext-var-str <text>',
  '--jsonnet-ext-var-code <text>',
  '--jsonnet-libs <text>',
  '--dry-source-repo <url>',
  '--dry-source-path <path>',
  '--dry-source-revision <revision>',
  '--sync-source-branch <branch>',
  '--sync-source-path <path>',
  '--hydrate-to-branch <branch>',
];

export function addCreate(app: Command, shell: Shell): void {
  const command = app
    .command('create')
    .description('create an Application, by flags or from a file')
    .argument('[name]', '[namespace/]name')
    .option('-f, --file <file>', 'file with Applications, - for standard input')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application');
  addSwitch(command, '--upsert', 'change one that is there and differs');
  addSwitch(command, '--validate', 'taken for the sake of scripts: what is checked here is always checked');
  addTexts(command, '-l, --label <text>', 'label NAME=VALUE; may be given again');
  addTexts(command, '--annotations <text>', 'annotation NAME=VALUE; may be given again');
  addSwitch(command, '--set-finalizer', 'deleting the Application deletes what it deployed');
  for (const flag of SPEC_FLAGS) addSpecFlag(command, flag);
  refuseFlags(command, NOT_YET, 'is not there yet: put the field into a file and use --file');
  command
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: Flags, self: Command) => create(shell, name, flags, self));
}

async function create(shell: Shell, name: string | undefined, flags: Flags, self: Command): Promise<void> {
  if (name === undefined && flags.file === undefined)
    throw new Exit(EXIT_FAILED, 'name the Application, or a file that holds it with --file');
  const documents = flags.file === undefined ? [] : parseManifests(await readInput(shell.terminal, flags.file), flags.file);
  const session = await shell.connect(globalsOf(self));
  const request = await requestFrom(session, name, flags, self);
  const wanted =
    request.name !== undefined && flags.file === undefined
      ? [applicationFromFlags({ ...request, name: request.name })]
      : applicationsFromFile(documents, request);
  for (const each of wanted) await checkApplication(session, parsed(each).application);
  for (const each of wanted)
    shell.terminal.write(`application '${each.metadata.name}' ${await createOne(session, each, flags.upsert ?? false)}\n`);
}

async function requestFrom(session: Session, name: string | undefined, flags: Flags, self: Command): Promise<CreateRequest> {
  const slash = name?.indexOf('/') ?? -1;
  const literal = flags.valuesLiteralFile;
  return {
    name: name?.slice(slash + 1),
    namespace: (slash > 0 ? name?.slice(0, slash) : undefined) ?? flags.appNamespace ?? session.namespace,
    spec: { ...specValues(self, SPEC_FLAGS), ...(literal === undefined ? {} : { 'values-literal-file': await readText(literal) }) },
    labels: flags.label,
    annotations: flags.annotations,
    setFinalizer: flags.setFinalizer ?? false,
  };
}

/** Creates it, or finds that it is there already; one that differs is changed only with `upsert`, else InvalidInput is thrown. */
async function createOne(session: Session, wanted: Manifest, upsert: boolean): Promise<'created' | 'unchanged' | 'updated'> {
  try {
    await session.cluster.create(wanted);
    return 'created';
  } catch (thrown) {
    if (!(thrown instanceof Conflict)) throw thrown;
  }
  const { namespace = '', name = '' } = wanted.metadata;
  const { object: before } = await readApplication(session, { namespace, name });
  if (isSame(before, wanted)) return 'unchanged';
  if (!upsert) throw new InvalidInput('existing application spec is different, use upsert flag to force update');
  const { object: after } = await changeApplication(session, { namespace, name }, ({ object }) => upsertPatch(object, wanted));
  return after.metadata.resourceVersion === before.metadata.resourceVersion ? 'unchanged' : 'updated';
}
