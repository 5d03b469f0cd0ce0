// Commands as programs beside the stories that carry out what they ask for, by somebody with a home of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from '../world/world.ts';
import { type CliWorld, commandsIn } from './cli.ts';
import { type Deployment, type Stories, startStories } from './stories.ts';

export interface StoryCommands extends Stories {
  readonly evenkeel: CliWorld['evenkeel'];
  /** Runs a command that waits, and looks once what it asked for is there. */
  readonly answered: (shop: Deployment, args: readonly string[]) => ReturnType<CliWorld['evenkeel']>;
}

export async function startStoryCommands(): Promise<StoryCommands> {
  const stories = await startStories();
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-commands-'));
  const evenkeel = commandsIn(stories, stories.control, folder);
  return {
    ...stories,
    evenkeel,
    answered: async (shop, args) => {
      const asked = evenkeel(args);
      await eventually(async () => expect((await shop.read()).operation).toBeDefined());
      await shop.look('operation');
      return asked;
    },
    close: async () => {
      rmSync(folder, { recursive: true, force: true });
      await stories.close();
    },
  };
}
