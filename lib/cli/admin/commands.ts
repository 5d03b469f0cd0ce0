// `evenkeel admin`: what is looked into without a cluster.
import type { Command } from 'commander';
import type { Shell } from '../shell.ts';
import { addCompare } from './compare.ts';
import { addSettings } from './overrides.ts';

export function addAdmin(program: Command, shell: Shell): void {
  const admin = program.command('admin').description('look into comparisons and settings, without a cluster');
  addCompare(admin, shell);
  addSettings(admin, shell);
}
