// Weights in fewer bits: the same from a command and apart from the host; a stop leaves the checkpoint as it was.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type QuantiseEvent, quantiseApart, quantiseCheckpoint } from '../../../main/jobs/models/quantising.ts';
import { openCheckpoint, quantisedBits, quantisedName } from '../../../main/weights/openCheckpoint.ts';
import { toyTensors, writeToy } from '../../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-quantising-'));
afterAll(() => rmSync(root, { recursive: true }));
const [here, apart] = [path.join(root, 'Seg-Zero here'), path.join(root, 'Seg-Zero apart')];
const never = new AbortController().signal;
beforeAll(async () => {
  await writeToy(here, { says: 'nothing' });
  await writeToy(apart, { says: 'nothing' });
});

test('a program of its own writes the very same file, and counts every weight twice', async () => {
  const told: [number, number][] = [];
  const written = await quantiseCheckpoint({ folder: here, bits: 4, block: 32 }, (...far) => told.push(far));
  const events: QuantiseEvent[] = [];
  const task = { folder: apart, bits: 4, block: 32 } as const;
  expect(await quantiseApart(task, { signal: never, onEvent: (event) => events.push(event) })).toBe(written);
  expect(events).toEqual(told.map(([done, total]) => ({ done, total })));
  expect(told.at(-1)).toEqual([2 * written, 2 * written]);
  expect(readFileSync(path.join(apart, quantisedName)).equals(readFileSync(path.join(here, quantisedName)))).toBe(true);
  expect([await quantisedBits(apart), (await openCheckpoint(apart)).reasoner.language.layers]).toEqual([4, 1]);
});

test('one that is cancelled half way leaves what was there, and no piece of what it began', async () => {
  const before = readFileSync(path.join(apart, quantisedName));
  const cancel = new AbortController();
  const task = { folder: apart, bits: 8, block: 32 } as const;
  const stopped = quantiseApart(task, { signal: cancel.signal, onEvent: () => cancel.abort(new Error('cancelled')) });
  await expect(stopped).rejects.toThrow('cancelled');
  expect(readdirSync(apart).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(readFileSync(path.join(apart, quantisedName)).equals(before)).toBe(true);
});

test('what a program left that was killed is removed by the next one; what a living one writes is not', async () => {
  const gone = `${quantisedName}.${2 ** 22 + 1}.part`;
  const others = `${quantisedName}.${process.ppid}.part`;
  for (const name of [gone, others]) writeFileSync(path.join(here, name), 'half');
  await quantiseCheckpoint({ folder: here, bits: 8, block: 128 }, () => {});
  expect(readdirSync(here)).toContain(others);
  expect(readdirSync(here)).not.toContain(gone);
  expect(await quantisedBits(here)).toBe(8);
});

test('a folder that is no checkpoint, and a weight that few bits cannot hold, are one sentence', async () => {
  const task = { bits: 4, block: 32 } as const;
  const nothing = quantiseApart({ folder: root, ...task }, { signal: never, onEvent: () => {} });
  await expect(nothing).rejects.toThrow(/is no checkpoint of Qwen-VL, LENS or Seg-Zero$/u);
  const tensors = toyTensors({ says: 'nothing' });
  const [, head] = Object.entries(tensors).find(([name]) => name === 'lm_head.weight') ?? [];
  if (head?.data instanceof Float32Array) head.data[0] = Number.NaN;
  const bad = await writeToy(path.join(root, 'NaN'), { says: 'nothing' }, tensors);
  const refused = quantiseApart({ folder: bad, ...task }, { signal: never, onEvent: () => {} });
  await expect(refused).rejects.toThrow(/"lm_head\.weight" is NaN, which 4 bits cannot hold/u);
  expect(readdirSync(bad)).not.toContain(quantisedName);
});
