// `npm run package`: everything that `osls deploy` uploads, built, measured, and proved to work by itself.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { InvalidInput, messageOf } from '../../lib/model/errors.ts';
import { layerUnsupported } from '../local/cache/layer.ts';
import { machineFacts } from '../local/preflight/facts.ts';
import { assertReady } from '../local/preflight/preflight.ts';
import { readServerless } from '../local/serverless/service.ts';
import { interrupts, printerTo } from '../local/terminal.ts';
import { type Artifacts, buildArtifacts, unpackedWithLayers } from './build.ts';
import { coldImport } from './cold-import.ts';
import { packagePlan } from './plan.ts';
import { prove } from './proof/proof.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SERVERLESS = join(ROOT, 'serverless.yml');
/** Inside the project, so that source maps name its files by the same paths on every machine. */
const BUNDLES = join(ROOT, '.evenkeel', 'bundles');

type Say = (line: string) => void;

async function main(say: Say, signal: AbortSignal): Promise<void> {
  const unsupported = layerUnsupported(process.platform, process.arch);
  if (unsupported !== undefined) throw new InvalidInput(unsupported);
  assertReady(await machineFacts());
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-package-'));
  try {
    const artifacts = await build(say, signal);
    say('');
    say('proof, from the archives alone:');
    await prove(artifacts, { say: (line) => say(`  ${line}`), signal, folder });
    say('the package is ready: npx osls deploy');
  } finally {
    await Promise.all([folder, BUNDLES].map((path) => rm(path, { recursive: true, force: true, maxRetries: 5 })));
  }
}

async function build(say: Say, signal: AbortSignal): Promise<Artifacts> {
  const plan = packagePlan(parse(await readFile(SERVERLESS, 'utf8')));
  const service = readServerless(SERVERLESS);
  const artifacts = await buildArtifacts({ plan, service, root: ROOT, work: BUNDLES, progress: say, signal });
  say('layers:');
  for (const { name, zippedBytes, unpackedBytes } of artifacts.layers)
    say(`  ${cell(name)} ${size(zippedBytes)} zipped, ${size(unpackedBytes)} unpacked`);
  say('functions (a cold import is the median of five new processes):');
  for (const built of artifacts.functions) {
    const all = size(unpackedWithLayers(built, artifacts.layers));
    say(
      `  ${cell(built.name)} ${size(built.bundleBytes)} read, cold import ${Math.round(await coldImport(built.bundleFile))} ms, ${size(built.zippedBytes)} zipped, ${all} unpacked with its layers`,
    );
  }
  return artifacts;
}

function cell(name: string): string {
  return name.padEnd(10);
}

function size(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 10e6 ? 2 : 1)} MB`;
}

const say = printerTo(process.stdout);
const stop = interrupts(say);
main(say, stop).then(
  () => process.exit(0),
  (thrown: unknown) => {
    // What fails because a person wants to stop is no failure to explain.
    if (stop.aborted) process.exit(130);
    console.error(messageOf(thrown));
    process.exit(1);
  },
);
