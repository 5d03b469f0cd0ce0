// Promise: `npm run package` builds all that a deployment uploads, proves it, and serverless.yml turns it into just the resources meant.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listZipped } from '../../infra/local/cache/zip.ts';
import { listen } from '../../infra/local/listen.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { type Ran, run } from '../support/program.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGE = join(ROOT, '.evenkeel', 'package');
const KUBECONFIG = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:kubeconfig';
const WEBHOOK = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:webhook';

let folder = '';
let packaged: Ran;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evenkeel-package-test-'));
  packaged = await run(process.execPath, ['infra/package/package.ts'], { cwd: ROOT });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function archive(path: string) {
  const bytes = await readFile(join(PACKAGE, path));
  return { bytes, files: listZipped(bytes) };
}

describe('npm run package', () => {
  test('ends well, and says what it proved', () => {
    expect(packaged.stderr).toBe('');
    expect(packaged.code).toBe(0);
    expect(packaged.stdout).toMatch(/git refuses an unknown certificate and fetches over https/);
    expect(packaged.stdout).toMatch(/ssh \(OpenSSH_.*\) loads \d+ libraries of its layer, its own C library among them, and nothing else/);
    expect(packaged.stdout).toMatch(/the renderer loads no library, and renders a kustomization and a chart with no other program/);
    expect(packaged.stdout).toMatch(/git refuses an unknown host key and fetches over ssh/);
    expect(packaged.stdout).toMatch(/webhook and reconcile: a push was answered with 202, .* is Synced to [0-9a-f]{7} \(kustomize\)/);
    expect(packaged.stdout).toMatch(/sweep and reconcile: a tick found a new Application, and it is Synced \(helm\)/);
  });

  test.each(['webhook', 'reconcile', 'later', 'sweep'])('prints what a cold start of %s costs', (name) => {
    expect(packaged.stdout).toMatch(
      new RegExp(`^  ${name} +[\\d.]+ MB read, cold import \\d+ ms, [\\d.]+ MB zipped, [\\d.]+ MB unpacked`, 'm'),
    );
  });

  test.each(['webhook', 'reconcile', 'later', 'sweep'])('puts %s where its handler says, with the source map beside it', async (name) => {
    const { files } = await archive(`functions/${name}.zip`);
    const names = files.map((file) => file.name);
    expect(names).toEqual(expect.arrayContaining([`functions/${name}.mjs`, `functions/${name}.mjs.map`]));
    expect(names.filter((file) => !file.startsWith('functions/'))).toEqual([]);
  });

  test('puts what runs scripts beside the one function that asks them', async () => {
    const modules = await Promise.all(
      ['webhook', 'reconcile', 'later', 'sweep'].map(async (name) => {
        const { files } = await archive(`functions/${name}.zip`);
        return [name, files.filter((file) => file.name.endsWith('.wasm')).length];
      }),
    );
    expect(Object.fromEntries(modules)).toEqual({ webhook: 0, reconcile: 2, later: 0, sweep: 0 });
  });

  test('puts programs where the functions look for them, executable', async () => {
    const layers = await Promise.all(['kubectl', 'git', 'renderer'].map((name) => archive(`layers/${name}.zip`)));
    const programs = layers
      .flatMap(({ files }) => files)
      .filter(({ mode }) => mode === 0o755)
      .map(({ name }) => name);
    expect(programs).toEqual(
      expect.arrayContaining([
        'kubectl/kubectl',
        'helm/helm',
        'renderer/renderer',
        'git/bin/git',
        'git/bin/ssh',
        'git/libexec/git-core/git-remote-https',
      ]),
    );
    const ofTheCLibrary = programs.filter((name) => /\/libc\.so|ld-linux/.test(name));
    expect(ofTheCLibrary.sort()).toEqual(['git/ssh/ld-linux-x86-64.so.2', 'git/ssh/libc.so.6']);
  });

  test('makes source maps that name the project’s files, and nothing of the machine', async () => {
    const { bytes } = await archive('functions/webhook.zip');
    expect(bytes.includes(ROOT)).toBe(false);
  });
});

describe('osls package', () => {
  let resources: Readonly<Record<string, Resource>> = {};
  const asked: string[] = [];

  beforeAll(async () => {
    const packing = await pack(asked);
    expect(packing.stderr).toContain('Service packaged');
    resources = JSON.parse(await readFile(join(folder, 'out', 'cloudformation-template-update-stack.json'), 'utf8')).Resources;
  });

  /** Resources of a type by their logical id. */
  function ofType(type: string): readonly (readonly [string, Resource['Properties']])[] {
    return Object.entries(resources).flatMap(([name, { Type, Properties }]) => (Type === type ? [[name, Properties] as const] : []));
  }

  test('asks nothing but whether the stack is there', () => {
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((body) => !body.startsWith('Action=DescribeStacks&'))).toEqual([]);
  });

  test('deploys each archive as the function that it is', () => {
    const functions = ofType('AWS::Lambda::Function').map(([, { Handler, Runtime, Architectures, Code }]) => [
      Handler,
      Runtime,
      Architectures,
      String(isRecord(Code) ? Code['S3Key'] : '').replace(/.*\//, ''),
    ]);
    const names = ['later', 'reconcile', 'sweep', 'webhook'];
    expect(functions.sort()).toEqual(names.map((name) => [`functions/${name}.handler`, 'nodejs24.x', ['x86_64'], `${name}.zip`]));
  });

  test('gives the tools to reconcile alone, in layers that no other service shares', () => {
    const withLayers = ofType('AWS::Lambda::Function').filter(([, { Layers }]) => Layers !== undefined);
    expect(withLayers.map(([name, { Layers }]) => [name, Layers])).toEqual([
      ['ReconcileLambdaFunction', [{ Ref: 'KubectlLambdaLayer' }, { Ref: 'GitLambdaLayer' }, { Ref: 'RendererLambdaLayer' }]],
    ]);
    const names = ofType('AWS::Lambda::LayerVersion').map(([, { LayerName }]) => String(LayerName));
    expect(names.sort()).toEqual(['evenkeel-dev-git', 'evenkeel-dev-kubectl', 'evenkeel-dev-renderer']);
  });

  test('reports failures message by message, and hides a message for longer than its function may run', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping').map(([, properties]) => properties);
    expect(mappings.map(({ FunctionResponseTypes }) => FunctionResponseTypes)).toEqual([
      ['ReportBatchItemFailures'],
      ['ReportBatchItemFailures'],
    ]);
    for (const { FunctionName, EventSourceArn } of mappings) {
      const [timeout, hidden] = [attributeOf(FunctionName), attributeOf(EventSourceArn)].map((name) => resources[name]?.Properties);
      expect(Number(hidden?.['VisibilityTimeout'])).toBeGreaterThan(Number(timeout?.['Timeout']));
    }
  });

  test('gives each function a role that may do what it does and nothing else, on what it names', () => {
    const granted = ofType('AWS::IAM::Role').map(([name, { Policies }]) => [name, grantsOf(Policies)]);
    const logs = ['logs:CreateLogStream', 'logs:PutLogEvents'];
    const kubeconfig = [`secretsmanager:GetSecretValue ${KUBECONFIG}`];
    const logged = (name: string, ...grants: readonly string[]) =>
      [...logs.map((action) => `${action} log-group:/aws/lambda/evenkeel-dev-${name}:*`), ...grants].sort();
    const worked = (queue: string) => ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'].map((action) => `sqs:${action} ${queue}`);
    expect(Object.fromEntries(granted)).toEqual({
      WebhookRole: logged('webhook', ...kubeconfig, 'sqs:SendMessage ReconcileQueue'),
      SweepRole: logged('sweep', ...kubeconfig, 'sqs:SendMessage ReconcileQueue'),
      LaterRole: logged('later', ...worked('LaterQueue'), 'sqs:SendMessage ReconcileQueue'),
      ReconcileRole: logged(
        'reconcile',
        ...kubeconfig,
        ...worked('ReconcileQueue'),
        ...['ChangeMessageVisibility', 'SendMessage'].map((action) => `sqs:${action} ReconcileQueue`),
        'sqs:SendMessage LaterQueue',
        's3:ListBucket RenderBucket',
        ...['GetObject', 'PutObject'].flatMap((action) => [
          `s3:${action} \${RenderBucket.Arn}/pruned/*`,
          `s3:${action} \${RenderBucket.Arn}/renders/*`,
        ]),
        ...['Decrypt', 'GenerateDataKey'].map((action) => `kms:${action} PrunedKey`),
      ),
    });
  });

  test('lets a message that keeps failing reach a queue of its kind', () => {
    const queues = new Map(ofType('AWS::SQS::Queue'));
    const redriven = [...queues.values()].filter(({ RedrivePolicy }) => RedrivePolicy !== undefined);
    expect(redriven).toHaveLength(2);
    for (const { RedrivePolicy, FifoQueue } of redriven) {
      const dead = queues.get(attributeOf(isRecord(RedrivePolicy) ? RedrivePolicy['deadLetterTargetArn'] : undefined));
      expect(dead?.['FifoQueue']).toBe(FifoQueue);
    }
  });
});

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Runs the packager against a CloudFormation that knows no stack; nothing else is there to be reached. */
async function pack(asked: string[]): Promise<Ran> {
  const cloud = createServer(async (request, response) => {
    asked.push(await text(request));
    const fault = '<Error><Code>ValidationError</Code><Message>Stack with id evenkeel-dev does not exist</Message></Error>';
    response.writeHead(400, { 'content-type': 'text/xml' }).end(`<ErrorResponse>${fault}</ErrorResponse>`);
  });
  const listening = await listen(cloud);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_ENDPOINT_URL: listening.url,
    SLS_NOTIFICATIONS_MODE: 'off',
  };
  const given = ['--param', `kubeconfigSecretArn=${KUBECONFIG}`, '--param', `webhookSecretArn=${WEBHOOK}`];
  const osls = join(ROOT, 'node_modules', '.bin', 'osls');
  try {
    return await run(osls, ['package', '--package', join(folder, 'out'), ...given], { cwd: ROOT, env });
  } finally {
    await listening.close();
  }
}

/** The logical id in `Fn::GetAtt: [id, Arn]`. */
function attributeOf(reference: unknown): string {
  const path = isRecord(reference) ? reference['Fn::GetAtt'] : undefined;
  return String(Array.isArray(path) ? path[0] : path);
}

/** Each action with what it is granted on, sorted. */
function grantsOf(policies: unknown): readonly string[] {
  const documents = Array.isArray(policies) ? policies.flatMap((policy) => policy.PolicyDocument.Statement) : [];
  const grants = documents.flatMap(({ Effect, Action, Resource }) => {
    expect(Effect).toBe('Allow');
    const places = [Resource].flat().map(placeOf);
    return [Action].flat().flatMap((action: unknown) => places.map((place) => `${action} ${place}`));
  });
  return grants.sort();
}

function placeOf(resource: unknown): string {
  if (!isRecord(resource)) return String(resource);
  return 'Fn::Sub' in resource ? String(resource['Fn::Sub']).replace(/^.*:(?=log-group:)/, '') : attributeOf(resource);
}
