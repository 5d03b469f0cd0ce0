// Several kubeconfig files as one, with the context that was asked for (Kubernetes, "Organizing Cluster Access Using kubeconfig Files").
import { resolve } from 'node:path';
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { parseYaml, printYaml } from '../model/yaml.ts';
import { type Fields, valueAt, withValue } from './request/fields.ts';

export interface KubeconfigFile {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
}

const LISTS = ['clusters', 'users', 'contexts'] as const;
/** Fields that name files; they count from the folder of the file that they stand in. */
const PATHS = ['cluster.certificate-authority', 'user.client-certificate', 'user.client-key', 'user.tokenFile'];

/**
 * One kubeconfig's text. Where files disagree the first wins; `context` replaces the current one.
 * Throws InvalidInput that names a file which cannot be read as YAML, never with its content.
 */
export function mergedKubeconfig(files: readonly KubeconfigFile[], context: string | undefined): string {
  const configs = files.map((file) => ({ file, config: parsed(file) }));
  const lists = LISTS.map((list) => [list, configs.flatMap(({ file, config }) => entriesOf(config[list], file.folder))]);
  const current = context ?? configs.map(({ config }) => config['current-context']).find((name) => typeof name === 'string' && name !== '');
  return printYaml({ apiVersion: 'v1', kind: 'Config', ...Object.fromEntries(lists), 'current-context': current ?? '' });
}

function parsed({ path, text }: KubeconfigFile): Fields {
  let config: unknown;
  try {
    config = parseYaml(text) ?? {};
  } catch {
    throw new InvalidInput(`kubeconfig ${path}: is not valid YAML`); // a parser's words may quote a token
  }
  if (isRecord(config)) return config;
  throw new InvalidInput(`kubeconfig ${path}: holds no object`);
}

function entriesOf(list: unknown, folder: string): readonly Fields[] {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  return entries.filter(isRecord).map((entry) => withAbsolutePaths(entry, folder));
}

function withAbsolutePaths(entry: Fields, folder: string): Fields {
  const paths = PATHS.filter((path) => isText(valueAt(entry, path)));
  const command = valueAt(entry, 'user.exec.command');
  // A command without a slash is looked up on PATH.
  const commands = isText(command) && command.includes('/') ? ['user.exec.command'] : [];
  return [...paths, ...commands].reduce((changed, path) => withValue(changed, path, resolve(folder, String(valueAt(entry, path)))), entry);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
