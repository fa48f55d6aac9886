import { defineConfig } from 'vitest/config';

/** Tests of plain functions: nothing of a process outlives them, so that their files need no process each. */
const plain = ['contract', 'graph', 'qwen', 'sam2', 'nn', 'scenes', 'reward'].map(
  (room) => `tests/${room}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    ...{ pool: 'forks', maxWorkers: 2 },
    // Patience for machines that do other things as well; no test measures time by these.
    ...{ testTimeout: 120_000, hookTimeout: 240_000, expect: { poll: { timeout: 20_000 } } },
    projects: [
      { extends: true, test: { name: 'plain', include: plain, isolate: false } },
      { extends: true, test: { name: 'whole', include: ['tests/**/*.test.ts'], exclude: plain } },
    ],
  },
});
