// Which file may import which: imports point down only, rules stay pure, and each outside package has one home.
// Run as a program it checks the tree below the current folder and exits 1 with one line a fault.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a file of a layer may import from `lib` and `functions`; the first pattern that matches a file names its layer. */
const LAYERS: readonly { readonly name: string; readonly files: RegExp; readonly may: RegExp }[] = [
  { name: 'words', files: /^lib\/model\//, may: /^lib\/model\// },
  { name: 'ports', files: /^lib\/ports\.ts$/, may: /^lib\/model\// },
  {
    name: 'stories',
    files:
      /^lib\/(intake\/(receive|verify)|reconcile\/(reconcile|sweep|conclude|delete-hooks|dependencies|deployments|evaluate|finalize|healths|hold|judge|live|operate|orphans|oversized|prepare|refusals|release-hooks|restore|stalled|target|write|ports|time)|desired\/(render|render-source|run-plan|fetched)|sync\/(run|apply|carry-out|parallel|release))\.ts$/,
    may: /^lib\/(model|intake|desired|compare|health|policy|sync|reconcile)\/|^lib\/ports\.ts$/,
  },
  { name: 'rules of health', files: /^lib\/health\//, may: /^lib\/(model|health)\// },
  { name: 'rules of desired', files: /^lib\/desired\//, may: /^lib\/(model|desired)\// },
  { name: 'rules of compare', files: /^lib\/compare\//, may: /^lib\/(model|compare|health)\// },
  { name: 'rules of policy', files: /^lib\/policy\//, may: /^lib\/(model|policy|compare)\// },
  { name: 'rules of sync', files: /^lib\/sync\//, may: /^lib\/(model|sync|health|compare)\// },
  { name: 'rules of intake', files: /^lib\/intake\//, may: /^lib\/(model|intake)\/|^lib\/desired\/closure\.ts$/ },
  { name: 'rules of reconcile', files: /^lib\/reconcile\//, may: /^lib\/(model|reconcile|sync)\// },
  { name: 'adapters', files: /^lib\/adapters\//, may: /^lib\/(model|adapters)\/|^lib\/ports\.ts$/ },
  { name: 'cli', files: /^lib\/cli\//, may: /^lib\// },
  { name: 'edges', files: /^functions\//, may: /^(lib|functions)\// },
];

/** Outside packages and the only files that may import them. */
const HOMES: Readonly<Record<string, RegExp>> = {
  '@octokit/webhooks': /^lib\/intake\/verify\.ts$/,
  '@aws-sdk/client-sqs': /^lib\/adapters\/sqs\.ts$/,
  '@aws-sdk/client-s3': /^lib\/adapters\/s3\.ts$/,
  '@aws-sdk/client-kms': /^lib\/adapters\/kms\.ts$/,
  '@aws-sdk/client-secrets-manager': /^lib\/adapters\/secret\.ts$/,
  '@kubernetes/client-node': /^lib\/adapters\/kubeconfig\.ts$/,
  undici: /^lib\/adapters\/(transport\.ts|rest\.ts|undici\.d\.ts)$/,
  yaml: /^lib\/model\/yaml\.ts$/,
  'js-yaml': /^lib\/model\/yaml\.ts$/,
  croner: /^lib\/policy\/sync-windows\.ts$/,
  wasmoon: /^lib\/adapters\/scripts\/lua-state\.ts$/,
  'jq-web': /^lib\/adapters\/scripts\/jq\.ts$/,
  'fast-json-patch': /^lib\/compare\/patch\.ts$/,
  '@middy/core': /^functions\/support\/handler\.ts$/,
  commander: /^lib\/cli\//,
};

/** Node's own modules that a pure rule may use: they compute, and touch nothing. */
const PURE_MODULES = new Set(['node:crypto', 'node:util', 'node:path']);
const PURE = /^(words|rules of .*)$/;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*['"]([^'"]+)['"]|(?:^|[^\w.])import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g;

/** The faults of one file, one sentence each. `file` is relative to the root, with `/`. */
export function importFaults(file: string, text: string): readonly string[] {
  const layer = LAYERS.find((candidate) => candidate.files.test(file));
  const faults = importsOf(text).map((specifier) => faultOf(file, layer, specifier));
  const awaits = layer && PURE.test(layer.name) && /\bawait\s/.test(text) ? [`${file}: a pure rule awaits`] : [];
  return [...faults.filter((fault) => fault !== undefined), ...awaits];
}

function importsOf(text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function faultOf(file: string, layer: (typeof LAYERS)[number] | undefined, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return layer && crossing(file, layer, specifier);
  if (specifier.startsWith('node:')) {
    return layer && PURE.test(layer.name) && !PURE_MODULES.has(specifier) ? `${file}: a pure rule imports ${specifier}` : undefined;
  }
  if (!layer) return undefined;
  const home = Object.entries(HOMES).find(([name]) => specifier === name || specifier.startsWith(`${name}/`));
  return home && !home[1].test(file) ? `${file}: ${home[0]} is imported only in ${home[1].source}` : undefined;
}

function crossing(file: string, layer: (typeof LAYERS)[number], specifier: string): string | undefined {
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  return layer.may.test(target) ? undefined : `${file} (${layer.name}) imports ${target}`;
}

function main(): void {
  const files = globSync('{lib,functions}/**/*.{ts,js}').map((file) => file.replaceAll(path.sep, '/'));
  const faults = files.flatMap((file) => importFaults(file, readFileSync(file, 'utf8')));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.stdout.write(`import directions: ${files.length} files, ${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (import.meta.main) main();
