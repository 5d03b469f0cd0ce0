// `evenkeel app`: everything that is done with Applications.
import type { Command } from 'commander';
import type { Shell } from '../shell.ts';
import { addCreate } from './create.ts';
import { addDelete } from './delete.ts';
import { addDiff } from './diff.ts';
import { addExplain } from './explain.ts';
import { addGet } from './get.ts';
import { addHistory } from './history.ts';
import { addList } from './list.ts';
import { addManifests } from './manifests.ts';
import { addSync } from './sync.ts';
import { addWait } from './wait.ts';

export function addApp(program: Command, shell: Shell): void {
  const app = program.command('app').description('create, show, sync and delete Applications');
  for (const add of [addCreate, addList, addGet, addSync, addWait, addDiff, addExplain, addManifests, addHistory, addDelete])
    add(app, shell);
}
