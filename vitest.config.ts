import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    ...{ include: ['tests/**/*.test.ts'], pool: 'forks', maxWorkers: 2 },
    // Patience for machines that do other things as well; no test measures time by these.
    ...{ testTimeout: 120_000, hookTimeout: 240_000, expect: { poll: { timeout: 20_000 } } },
  },
});
