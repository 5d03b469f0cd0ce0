import { defineConfig } from 'vitest/config';

// `unit` is pure and quick; `adapters` and `journey` meet the real parts, which one control plane per run serves.
const real = { globalSetup: ['test/world/setup.ts'], testTimeout: 120_000, hookTimeout: 180_000, maxWorkers: 2 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', root: '.', include: ['test/unit/**/*.test.ts'], isolate: false, maxWorkers: 2 } },
      { test: { name: 'adapters', root: '.', include: ['test/adapters/**/*.test.ts'], ...real } },
      { test: { name: 'journey', root: '.', include: ['test/journey/**/*.test.ts'], ...real } },
    ],
  },
});
