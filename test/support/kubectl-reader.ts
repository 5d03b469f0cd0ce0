// YAML as kubectl itself reads it, without a cluster: the oracle for what manifests mean.
import { execFileSync } from 'node:child_process';
import { isRecord } from '../../lib/model/manifest.ts';

const MARK = 'evenkeel-test-mark';

/**
 * The objects of a YAML text, lists flattened, as `kubectl label --local` prints them with the label taken away again.
 * Labels that are empty are left out, since the label's coming and going hides whether there were any. Throws what kubectl says.
 */
export function readByKubectl(kubectl: string, text: string): readonly Readonly<Record<string, unknown>>[] {
  return printedByKubectl(kubectl, text).map((json) => unmarked(JSON.parse(json)));
}

/** The JSON texts that kubectl prints for the documents of a YAML text, mark and all. */
export function printedByKubectl(kubectl: string, text: string | Buffer): readonly string[] {
  const args = ['label', '--local', '--overwrite', '-f', '-', `${MARK}=x`, '-o', 'json'];
  const env = { HOME: '/nonexistent', KUBECONFIG: '/dev/null' };
  const printed = execFileSync(kubectl, args, { input: text, encoding: 'utf8', env, stdio: 'pipe', maxBuffer: 1 << 28 });
  return printed.split(/\n(?=\{)/).filter((json) => json.trim() !== '');
}

/** An object without kubectl's mark, and without labels where none are left. */
export function unmarked(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value) || !isRecord(value['metadata'])) throw new Error('kubectl printed something else than an object');
  const { labels, ...metadata } = value['metadata'];
  const { [MARK]: _mark, ...kept } = isRecord(labels) ? labels : {};
  return { ...value, metadata: Object.keys(kept).length > 0 ? { ...metadata, labels: kept } : metadata };
}
