import { defineConfig } from 'vitest/config';

/**
 * Tests whose files follow each other in one process, as nothing of a process outlives them: a process of their own, and
 * what it loads, takes a third of a second of a processor each. Browsers, and what stubs or measures a process, stay alone.
 */
export const plain = [
  ...['contract', 'graph', 'qwen', 'sam2', 'nn', 'scenes', 'reward', 'formats', 'pictures'].map(
    (room) => `tests/${room}/**/*.test.ts`,
  ),
  'tests/renderer/**/!(worked*|page|listen).test.ts',
  ...['exporting/exporting', 'importing/importing', 'importing/importer', 'sources'].map(
    (name) => `tests/jobs/${name}.test.ts`,
  ),
  'tests/commands/cases.test.ts',
];

export default defineConfig({
  test: {
    ...{ pool: 'forks', maxWorkers: 2 },
    // Graphs of tests are tiny: a second thread only waits, and takes a core from the other worker while it does.
    ...{ env: { LOUPE_THREADS: '1' }, setupFiles: ['tests/threads.ts'] },
    // Patience for machines that do other things as well; no test measures time by these.
    ...{ testTimeout: 120_000, hookTimeout: 240_000, expect: { poll: { timeout: 20_000 } } },
    projects: [
      { extends: true, test: { name: 'plain', include: plain, isolate: false } },
      { extends: true, test: { name: 'whole', include: ['tests/**/*.test.ts'], exclude: plain } },
    ],
  },
});
