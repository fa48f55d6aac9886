// `loupe graph print` from the shell: text, JSON, and one line for what cannot be printed.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

async function loupe(...args: readonly string[]) {
  const options = { maxBuffer: 64e6 };
  return run(process.execPath, [path.resolve('main/cli.ts'), 'graph', 'print', ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test('prints one part as canonical text, or as JSON with its number of nodes', async () => {
  const { stdout, code } = await loupe('loupe-nano', '--part', 'context');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^# context\n%0 = /u);
  expect(stdout).toMatch(/\ntoken = %\d+\n$/u);
  const [graph] = JSON.parse((await loupe('loupe-nano', '--part', 'context', '--json')).stdout);
  expect(stdout).toBe(`# ${graph.title}\n${graph.text}\n`);
  expect(graph.nodes).toBe(stdout.match(/^%/gmu)?.length);
}, 60_000);

test('refuses in one line what is no model, and a part that there is not', async () => {
  const gone = await loupe('/no/such/model');
  expect([gone.code, gone.stdout]).toEqual([2, '']);
  expect(gone.stderr).toBe('loupe: /no/such/model: there is no such file or folder\n');
  const { code, stderr } = await loupe('loupe-nano', '--part', 'heart');
  expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
  expect(stderr).toContain('heart');
}, 60_000);

test('prints every part of the embedded model, each under its title', async () => {
  const { stdout } = await loupe('loupe-nano', '--json');
  const graphs: { title: string; nodes: number; text: string }[] = JSON.parse(stdout);
  expect(graphs.map(({ title }) => title)).toEqual([
    'vision',
    'reasoner',
    'context',
    'segmenter, encoder',
    'segmenter, decoder',
  ]);
  for (const { nodes, text } of graphs) {
    expect(nodes).toBeGreaterThan(20);
    // Every node is numbered in order and none is used before it stands there.
    const lines = text.split('\n').slice(0, nodes);
    for (const [i, line] of lines.entries()) {
      expect(line.startsWith(`%${i} = `)).toBe(true);
      const used = [...line.slice(line.indexOf('(')).matchAll(/%(\d+)/gu)].map(([, number]) => Number(number));
      expect(used.every((number) => number < i)).toBe(true);
    }
  }
}, 60_000);
