// What the host forks must be in the build under the name that it looks for beside itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const repository = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');

test('every program that is forked is built, and is an entry for the search for dead code', () => {
  const [build, knip] = [read('tools/build.mjs'), read('knip.json')];
  const names = /export type ProgramName = (?<names>.*);/u.exec(read('main/engine/protocol.ts'))?.groups?.names;
  const engines = [...(names ?? '').matchAll(/'(\w+)'/gu)].map(([, name]) => `main/engine/${name}.ts`);
  const tasks = readdirSync(path.join(repository, 'main'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('Program.ts'))
    .map((name) => `main/${name.replaceAll(path.sep, '/')}`);
  expect([...engines, ...tasks]).toEqual(
    expect.arrayContaining([
      'main/engine/train.ts',
      'main/jobs/importing/readProgram.ts',
      'main/pictures/svgProgram.ts',
    ]),
  );
  for (const file of [...engines, ...tasks]) {
    expect(existsSync(path.join(repository, file))).toBe(true);
    expect(build).toContain(`${path.basename(file, '.ts')}: '${file}'`);
    expect(knip).toContain(`"${file}"`);
  }
});

test('signing, notarisation and updates are described and off: they need keys of whoever publishes', () => {
  const text = read('electron-builder.yml');
  const config: unknown = parse(text);
  expect(config).toMatchObject({
    ...{ publish: null, forceCodeSigning: false },
    mac: { identity: null, notarize: false, hardenedRuntime: true },
  });
  const said = text.split('\n').filter((line) => line.startsWith('#'));
  for (const word of ['WIN_CSC_LINK', 'CSC_LINK', 'APPLE_API_KEY', 'mac.notarize', 'electron-updater', 'publish'])
    expect(said.join('\n')).toContain(word);
});
