// Whole answers on CPU and on WebGPU: the same words, boxes and masks, and what goes from model to model stays on the device.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Mask } from '../../main/contract/records.ts';
import { maskArea, maskIou } from '../../main/contract/rle.ts';
import type { ProposedObject } from '../../main/flow/predictor.ts';
import { exportNano } from '../../main/nano/export.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { speak, toyNano } from '../nano/toy.ts';
import { runProgram } from '../program.ts';
import { patience, runOnWebGpu } from '../runtime/webGpu.ts';
import { largestDifference } from '../tensors.ts';
import { writeToy } from '../weights/toyCheckpoint.ts';
import type { Asked } from './answersOnDevice.ts';

interface Handed {
  locations: string[];
  shapes: number[][];
  values: number[][];
}

interface Told {
  answer: { text: string };
  objects: ProposedObject[];
  candidates?: ProposedObject[][];
  clicked: Mask;
  handed?: { states: Handed; tokens: Handed };
  aborted?: string;
  held: number;
}

interface Answered {
  provider: string;
  warnings: string[];
  told: Told[];
}

const program = new URL('./answersOnDevice.ts', import.meta.url);
const lensSays = '<think>the red one</think><answer>{"bbox": [20, 15, 56, 42]}</answer>';
const nanoSays =
  '<think>1 red dog [10, 12, 14, 16]</think><answer>```json\n[{"bbox_2d": [2, 40, 60, 88], "label": "cat"}]\n```</answer>';
const click = { x: 36, y: 28, sign: '+' } as const;

let root: string;
/** Queries that are read again with the answer, with a box and without one, and queries that go on where the answer ended. */
let toys: string;
let cpu: Answered;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-on-device-'));
  const nano = toyNano({ seed: 9 });
  speak(nano, [nanoSays]);
  await exportNano(nano, path.join(root, 'nano'));
  const folders = [
    await writeToy(path.join(root, 'LENS'), { says: lensSays, lens: true }),
    await writeToy(path.join(root, 'LENS-wordless'), { says: 'I cannot say where', lens: true }),
    path.join(root, 'nano'),
  ];
  const asked: Asked[] = folders.map((folder) => ({ folder, text: 'the dog', samples: 2, click }));
  toys = JSON.stringify(asked);
  cpu = await runProgram<Answered>(program, ['cpu', toys]);
});
afterAll(() => rm(root, { recursive: true }));

/** Toys have three queries of 192, or four of 32, and segmenters 16 wide. */
function expectHandedOn({ told }: Answered, location: string): void {
  expect(told).toHaveLength(3);
  for (const { handed, aborted, held } of told) {
    expect(handed?.states.locations).toEqual([location, location]);
    expect(handed?.tokens.locations).toEqual([location, location]);
    expect(handed?.tokens.shapes).toEqual([
      [1, 1, 16],
      [1, 1, 16],
    ]);
    // One answer's states, and no token yet.
    expect(aborted).toBe('Error: enough, with 1 tensors held');
    expect(held).toBe(0);
  }
}

function expectSame(got: Told, wanted: Told): void {
  expect(got.answer.text).toBe(wanted.answer.text);
  expectSameObjects(got.objects, wanted.objects);
  for (const [i, candidate] of (wanted.candidates ?? []).entries())
    expectSameObjects(got.candidates?.[i] ?? [], candidate);
  expect(maskIou(got.clicked, wanted.clicked)).toBeGreaterThan(0.99);
}

function expectSameValues(got: Handed | undefined, wanted: Handed | undefined): void {
  expect(wanted?.values).toHaveLength(2);
  for (const [i, values] of (wanted?.values ?? []).entries()) {
    const size = Math.max(...values.map(Math.abs));
    expect(size).toBeGreaterThan(1e-3);
    expect(largestDifference(got?.values[i] ?? [], values) / size).toBeLessThan(1e-4);
  }
}

function expectSameObjects(got: readonly ProposedObject[], wanted: readonly ProposedObject[]): void {
  expect(got.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
  for (const [i, { box, mask }] of wanted.entries()) {
    expect(got[i]?.box).toEqual(box);
    expect(maskArea(mask)).toBeGreaterThan(0);
    expect(maskIou(got[i]?.mask ?? { ...mask, counts: [] }, mask)).toBeGreaterThan(0.99);
  }
}

it('states and tokens are let go after an answer and after an abort', () => expectHandedOn(cpu, 'cpu'));

it('states and tokens stay in the buffers of WebGPU, and mean the same there', patience, async ({ skip }) => {
  const gpu = await runOnWebGpu<Answered>(program, ['webgpu', toys], skip);
  expectHandedOn(gpu, 'gpu-buffer');
  for (const [k, wanted] of cpu.told.entries()) {
    const got = gpu.told[k];
    if (!got) throw new Error(`WebGPU answered ${k} questions only.`);
    expect(wanted.objects).toHaveLength(1);
    expectSame(got, wanted);
    expectSameValues(got.handed?.states, wanted.handed?.states);
    expectSameValues(got.handed?.tokens, wanted.handed?.tokens);
  }
});

it('nano answers and obeys a click as it does on the CPU', patience, async ({ skip }) => {
  const picture = path.resolve(import.meta.dirname, '../../resources/sample/scene-01.jpg');
  const question = { folder: embeddedWeights, text: 'please select the volleyball', samples: 1, picture };
  const asked = JSON.stringify([{ ...question, click: { x: 110, y: 580, sign: '+' } }]);
  const gpu = await runOnWebGpu<Answered>(program, ['webgpu', asked], skip);
  const [[got], [wanted]] = [gpu.told, (await runProgram<Answered>(program, ['cpu', asked])).told];
  if (!got || !wanted) throw new Error('There is no answer.');
  expect(wanted.objects.map(({ label }) => label)).toEqual(['volleyball']);
  expectSame(got, wanted);
});
