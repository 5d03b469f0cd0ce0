// What every composition root of the functions begins with. Each function has a root of its own beside this file, so that a bundle,
// and with it a cold start, holds only what its function needs: the bundler divides code between functions by file.
import { type Config, describeConfig, loadConfig } from '../../lib/adapters/config.ts';
import { createLog } from '../../lib/adapters/log.ts';
import type { Clock, Log } from '../../lib/ports.ts';

export const clock: Clock = Date.now;

/** The settings of this container, and its log, which tells them. Throws InvalidInput with every fault. */
export function settings(): { readonly config: Config; readonly log: Log } {
  const config = loadConfig(process.env);
  const log = createLog({ level: config.logLevel });
  log.info('started', { settings: describeConfig(config) });
  return { config, log };
}
