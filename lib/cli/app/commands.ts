// `evenkeel app`: everything that is done with Applications.
import type { Command } from 'commander';
import type { Shell } from '../shell.ts';
import { addConfirm } from './confirm.ts';
import { addCreate } from './create.ts';
import { addDelete } from './delete.ts';
import { addDiff } from './diff.ts';
import { addExplain } from './explain.ts';
import { addGet } from './get.ts';
import { addHistory } from './history.ts';
import { addList } from './list.ts';
import { addManifests } from './manifests.ts';
import { addRestore } from './restore.ts';
import { addRollback } from './rollback.ts';
import { addSync } from './sync.ts';
import { addTerminate } from './terminate.ts';
import { addWait } from './wait.ts';

export function addApp(program: Command, shell: Shell): void {
  const app = program.command('app').description('create, show, sync and delete Applications');
  const commands = [addCreate, addList, addGet, addSync, addWait, addDiff, addExplain, addManifests, addHistory, addRollback];
  for (const add of [...commands, addRestore, addTerminate, addConfirm, addDelete]) add(app, shell);
}
