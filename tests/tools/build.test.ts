// What the host forks must be in the build under the name that it looks for beside itself.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');

test('every program that is forked is built, and is an entry for the search for dead code', () => {
  const [build, knip] = [read('tools/build.mjs'), read('knip.json')];
  const names = /export type ProgramName = (?<names>.*);/u.exec(read('main/engine/protocol.ts'))?.groups?.names;
  const engines = [...(names ?? '').matchAll(/'(\w+)'/gu)].map(([, name]) => `main/engine/${name}.ts`);
  const tasks = ['main/jobs/readProgram.ts', 'main/jobs/examineProgram.ts'];
  expect(engines).toContain('main/engine/train.ts');
  for (const file of [...engines, ...tasks]) {
    expect(existsSync(path.join(repository, file))).toBe(true);
    expect(build).toContain(`${path.basename(file, '.ts')}: '${file}'`);
    expect(knip).toContain(`"${file}"`);
  }
});
