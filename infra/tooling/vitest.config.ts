import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

// `unit` is pure and quick; `adapters` and `journey` meet the real parts, which one control plane per run serves.
const real = { globalSetup: ['test/world/setup.ts'], testTimeout: 120_000, hookTimeout: 180_000, maxWorkers: 2 };

/** The story takes longest, and mostly waits: at the end it would run alone. */
class StoryFirst extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer['sort']>[0]): ReturnType<BaseSequencer['sort']> {
    const sorted = await super.sort(files);
    const isStory = ({ moduleId }: (typeof files)[number]) => moduleId.endsWith('/test/journey/story.test.ts');
    return [...sorted.filter(isStory), ...sorted.filter((file) => !isStory(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: StoryFirst },
    projects: [
      { test: { name: 'unit', root: '.', include: ['test/unit/**/*.test.ts'], isolate: false, maxWorkers: 2 } },
      { test: { name: 'adapters', root: '.', include: ['test/adapters/**/*.test.ts'], ...real } },
      { test: { name: 'journey', root: '.', include: ['test/journey/**/*.test.ts'], ...real } },
    ],
  },
});
