// Which kubeconfig a command uses: the one that is named, the user's own, else that of the local host that runs.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { InvalidInput, messageOf } from '../model/errors.ts';
import { type KubeconfigFile, mergedKubeconfig } from './kubeconfig.ts';
import type { CliSettings } from './settings.ts';
import type { GlobalFlags } from './shell.ts';

/** A kubeconfig in a file, or its text when several files or another context make it. */
export type FoundKubeconfig = { readonly path: string } | { readonly text: string };

const hostRecord = z.object({ process: z.object({ pid: z.number().int().positive() }), kubeconfig: z.string().min(1) });

/** Throws InvalidInput when there is none, with every place that was looked at. */
export function findKubeconfig(flags: GlobalFlags, settings: CliSettings): FoundKubeconfig {
  const paths = pathsFor(flags, settings);
  const context = flags.context ?? flags.kubeContext;
  const [path, ...more] = paths;
  if (path === undefined) {
    throw new InvalidInput(
      `no kubeconfig: name one with --kubeconfig or KUBECONFIG, or put one at ${settings.standardKubeconfig}; a local host that runs would be found too`,
    );
  }
  return more.length === 0 && context === undefined ? { path } : { text: mergedKubeconfig(paths.map(readFile), context) };
}

function pathsFor(flags: GlobalFlags, settings: CliSettings): readonly string[] {
  if (flags.kubeconfig !== undefined) return [flags.kubeconfig];
  if (settings.kubeconfigs.length > 0) {
    const there = settings.kubeconfigs.filter((path) => existsSync(path));
    if (there.length === 0) throw new InvalidInput(`KUBECONFIG names no file that exists: ${settings.kubeconfigs.join(', ')}`);
    return there;
  }
  if (existsSync(settings.standardKubeconfig)) return [settings.standardKubeconfig];
  const host = runningHost(settings.localHost);
  return host === undefined ? [] : [host];
}

function readFile(path: string): KubeconfigFile {
  try {
    return { path, folder: dirname(resolve(path)), text: readFileSync(path, 'utf8') };
  } catch (cause) {
    throw new InvalidInput(`kubeconfig ${path}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** The kubeconfig of the local host; one that has died without taking its record away does not count. */
function runningHost(record: string): string | undefined {
  try {
    const { process: host, kubeconfig } = hostRecord.parse(JSON.parse(readFileSync(record, 'utf8')));
    process.kill(host.pid, 0);
    return existsSync(kubeconfig) ? kubeconfig : undefined;
  } catch {
    return undefined;
  }
}
