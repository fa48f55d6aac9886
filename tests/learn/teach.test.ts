// Runs of toy weights: what is refused before anything is trained, what a run leaves, and that a stopped one goes on to the bit.
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import type { TeachProgress } from '../../main/contract/learning.ts';
import { unpackMask } from '../../main/contract/project.ts';
import { random } from '../../main/contract/random.ts';
import type { Mask } from '../../main/contract/records.ts';
import { fromBitmap, maskBox, toBitmap } from '../../main/contract/rle.ts';
import { readChanges } from '../../main/learn/gate/changes.ts';
import type { SampleObject } from '../../main/learn/samples/sample.ts';
import type { TeachOutcome, TeachTask } from '../../main/learn/samples/task.ts';
import { teach } from '../../main/learn/teach.ts';
import { noBase, objectOf, sampleOf, side, taskOf, teachingImages, untaughtWeights } from './teaching.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
});
afterAll(() => rm(root, { recursive: true }));

let runs = 0;
const folder = () => path.join(root, `run-${runs++}`);

async function run(task: TeachTask, signal?: AbortSignal): Promise<{ outcome: TeachOutcome; heard: TeachProgress[] }> {
  const heard: TeachProgress[] = [];
  const outcome = await teach(task, { signal, report: (progress) => heard.push(progress) });
  return { outcome, heard };
}

/** Moved by 20 pixels while the box stays. */
const shifted = (mask: Mask) => {
  const bitmap = toBitmap(mask);
  const moved = bitmap.map((_, i) => (i % side >= 20 ? (bitmap[i - 20] ?? 0) : 0));
  return objectOf(fromBitmap(moved, side, side), maskBox(mask));
};

const noisy = (mask: Mask, seed: number) => {
  const draw = random(seed, 9);
  const noise = Uint8Array.from({ length: side * side }, () => draw.int(0, 1));
  return objectOf(fromBitmap(noise, side, side), maskBox(mask));
};

/** As an import has them that makes the boxes from the masks: nothing disagrees. */
const noise = (mask: Mask, seed: number) => boxedAgain(noisy(mask, seed));
const moved = (mask: Mask) => boxedAgain(shifted(mask));

function boxedAgain({ mask }: SampleObject): SampleObject {
  if (!mask) throw new Error('there is no mask');
  return objectOf(unpackMask(mask));
}

/** Each picture has the mask of another one. */
function swapped(_: Mask, seed: number): SampleObject {
  const [{ mask = null } = {}] = teachingImages(24)[(seed + 7) % 24]?.things ?? [];
  if (!mask) throw new Error('there is no mask');
  return objectOf(unpackMask(mask));
}

describe('a run is refused before it begins', () => {
  it.each([
    ['3 images', () => teachingImages(3), /^3 different images with 3 prompts teach; 10 are needed/u],
    ['masks that are noise', () => teachingImages(16, noisy), /^16 of 16 masks do not lie in their own boxes/u],
    ['masks that are noise and boxes that go with them', () => teachingImages(16, noise), /^The masks do not follow/u],
    [
      'masks moved with their boxes',
      () => teachingImages(16, moved),
      /^The masks do not follow what the pictures show/u,
    ],
    ['masks of other pictures', () => teachingImages(16, swapped), /made by chance, so look at some and mend them/u],
    ['masks beside their boxes', () => teachingImages(16, shifted), /masks do not lie in their own boxes/u],
    [
      'one label and nothing else',
      () => teachingImages(16, undefined, () => 'cat'),
      /“cat”, so nobody could say what else/u,
    ],
    ['no outline at all', () => withoutMasks(16), /^No object has a mask/u],
    [
      'copies of one picture',
      () => copies(16),
      /^1 different image with 16 prompts teach \(15 more are nearly the same/u,
    ],
  ])('with %s', async (_, images, why) => {
    const { outcome, heard } = await run(taskOf(folder(), weights, images()));
    expect(outcome.gate).toMatchObject({ promoted: false, reason: expect.stringMatching(why) });
    expect(outcome.gate.reason.match(/\.(\s|$)/gu)).toHaveLength(1);
    const untaught = { before: null, after: null, weights: null, held: [], taught: [], crossValidates: false };
    expect(outcome).toMatchObject(untaught);
    expect(new Set(heard.map(({ phase }) => phase))).toEqual(new Set(['looking']));
  });

  it('but not with one label where something is said to match nothing', async () => {
    const images = teachingImages(16, undefined, () => 'cat').map((image) => ({
      ...image,
      samples: [...image.samples, sampleOf(image.imageId, 'horse', [])],
    }));
    const { outcome } = await run({ ...taskOf(folder(), weights, images), minutes: 0.001 });
    expect(outcome.gate.nothing).toBe(0);
  });
});

const withoutMasks = (count: number) =>
  teachingImages(count).map((image) => ({
    ...image,
    samples: image.samples.map((s) => ({ ...s, objects: s.objects.map((object) => ({ ...object, mask: null })) })),
  }));

const copies = (count: number) => {
  const images = teachingImages(count);
  return images.map((image) => ({ ...image, read: images[0]?.read ?? image.read }));
};

describe('images that are gone', { timeout: 300_000 }, () => {
  /** Readable so many times. */
  const vanishing = (images: ReturnType<typeof teachingImages>, id: number, times: number) =>
    images.map((image) => {
      let read = 0;
      const reading = async () => {
        if (++read > times) throw new BadInput(`${image.path}: no such file`);
        return image.read();
      };
      return image.imageId === id ? { ...image, read: reading } : image;
    });

  it('before a run are left out and listed, and the others teach', async () => {
    const images = vanishing(vanishing(teachingImages(12), 3, 0), 7, 0);
    const { outcome } = await run({ ...taskOf(folder(), weights, images), minutes: 0.02 });
    expect(outcome.skipped).toEqual([
      { path: '3.png', reason: '3.png: no such file' },
      { path: '7.png', reason: '7.png: no such file' },
    ]);
    expect(outcome.weights).not.toBeNull();
    const seen = [...outcome.held, ...outcome.taught].toSorted((a, b) => a - b);
    expect(seen).toEqual([1, 2, 4, 5, 6, 8, 9, 10, 11, 12]);
  });

  it('are joined by those that an earlier run learnt from and that show what a held one shows', async () => {
    const images = teachingImages(12);
    const copied = images.map((image, i) => (i === 6 ? { ...image, read: images[0]?.read ?? image.read } : image));
    const asked = { ...taskOf(folder(), weights, copied), held: [1, 2, 4, 5, 6], taught: [7, 8], minutes: 0.02 };
    const { outcome } = await run(asked);
    expect(outcome.skipped).toEqual([
      { path: '7.png', reason: expect.stringMatching(/^7\.png: shows what a held-back image shows, and an earlier/u) },
    ]);
    expect(outcome.held.toSorted((a, b) => a - b)).toEqual([1, 2, 4, 5, 6]);
    expect(outcome.taught).not.toContain(7);
  });

  it('are counted as missing where too few are left', async () => {
    const images = [1, 2, 3].reduce((some, id) => vanishing(some, id, 0), teachingImages(12));
    const { outcome } = await run(taskOf(folder(), weights, images));
    expect(outcome.gate.reason).toMatch(/^9 different images with 9 prompts teach; 10 are needed/u);
    expect(outcome.skipped).toHaveLength(3);
  });

  it('since they were first measured are compared neither before nor after', async () => {
    const [held = 0, other = 0] = (await run({ ...taskOf(folder(), weights, teachingImages(12)), minutes: 0.001 }))
      .outcome.held;
    // Looked at and measured; of the other one even its features are prepared to be shown.
    const images = vanishing(vanishing(teachingImages(12), held, 2), other, 3);
    const { outcome } = await run({ ...taskOf(folder(), weights, images), minutes: 0.02 });
    expect(outcome.prompts).toHaveLength(3);
    expect([outcome.before?.prompts, outcome.after?.prompts]).toEqual([3, 3]);
    expect(outcome.prompts.map(({ imageId }) => imageId)).not.toContain(held);
    expect(outcome.gate.gain).toBeCloseTo((outcome.after?.gIoU ?? 0) - (outcome.before?.gIoU ?? 0), 6);
  });

  it('since they were looked at are not learnt from', async () => {
    const { outcome } = await run({
      ...taskOf(folder(), weights, vanishing(teachingImages(12), 1, 1)),
      ...{ held: [8, 9, 10, 11, 12], minutes: 0.02 },
    });
    expect(outcome.weights).not.toBeNull();
  });
});

describe('a run', { timeout: 300_000 }, () => {
  let whole: TeachOutcome;
  let heard: TeachProgress[];
  const task = (): TeachTask => {
    const base = teachingImages(24).slice(20);
    return {
      ...taskOf(folder(), weights, teachingImages(12)),
      base: { ...noBase, replayed: base.slice(0, 2), measured: base.slice(2) },
    };
  };
  beforeAll(async () => {
    ({ outcome: whole, heard } = await run(task()));
  });

  it('goes from looking to judging, and measures the same held-out prompts before and after', () => {
    expect([...new Set(heard.map(({ phase }) => phase))]).toEqual([
      ...['looking', 'measuring', 'preparing', 'training', 'judging'],
    ]);
    expect(whole.held).toHaveLength(5);
    expect(whole.taught).toHaveLength(7);
    expect(whole.samples).toBe(7);
    expect(whole.before?.prompts).toBe(5);
    expect(whole.after?.prompts).toBe(5);
    expect(whole.prompts.map(({ imageId }) => imageId).toSorted((a, b) => a - b)).toEqual(
      [...whole.held].toSorted((a, b) => a - b),
    );
    const changes = whole.prompts.map(({ before, after }) => after - before);
    expect(changes).toEqual([...changes].sort((a, b) => a - b));
    expect(whole.peakMB).toBeGreaterThan(50);
  });

  it('leaves what held-out prompts drew before and after beside its result, worst change first', async () => {
    const changes = await readChanges(path.dirname(whole.weights ?? ''));
    expect(changes.map(({ imageId, text, before, after }) => ({ imageId, text, before, after }))).toEqual(
      whole.prompts,
    );
    for (const { truth, was, is } of changes)
      expect([truth, was, is].map((mask) => mask?.size)).toEqual([...Array(3)].map(() => [side, side]));
    expect(changes.some(({ was, is }) => was?.counts !== is?.counts)).toBe(true);
  });

  it('says what the gate says of its own figures', () => {
    const { gate, before, after } = whole;
    expect(gate.gain).toBeCloseTo((after?.gIoU ?? 0) - (before?.gIoU ?? 0), 6);
    expect([typeof gate.base, typeof gate.otherLabels]).toEqual(['number', 'number']);
    expect(gate.promoted).toBe(gate.low > 0 && (gate.base ?? 0) >= -0.02 && (gate.otherLabels ?? 0) >= -0.02);
  });

  it('stopped and called again ends in the same weights, to the bit', async () => {
    const again = task();
    const abort = new AbortController();
    const stopping = teach(again, {
      signal: abort.signal,
      report: ({ phase }) => phase === 'training' && abort.abort(),
    });
    await expect(stopping).rejects.toThrow();
    const { outcome } = await run(again);
    const bytes = (outcomeOf: TeachOutcome) => readFile(path.join(outcomeOf.weights ?? '', 'model.safetensors'));
    expect((await bytes(outcome)).equals(await bytes(whole))).toBe(true);
    expect(outcome.gate).toEqual(whole.gate);
  });

  it('leaves all tensors as they were but those of the mask decoder and the context module', async () => {
    const { openSafetensors } = await import('../../models/runtime/safetensors.ts');
    const [from, to] = await Promise.all(
      [weights, whole.weights ?? ''].map((f) => openSafetensors(path.join(f, 'model.safetensors'))),
    );
    const changed: string[] = [];
    for (const name of from?.tensors.keys() ?? [])
      if (
        Buffer.compare(
          Buffer.from((await from?.read(name))?.buffer ?? new ArrayBuffer(0)),
          Buffer.from((await to?.read(name))?.buffer ?? new ArrayBuffer(0)),
        ) !== 0
      )
        changed.push(name);
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.filter((name) => !/^(sam\.sam_mask_decoder|connector|conv_1d|proj_to_sam)/u.test(name))).toEqual([]);
  });
});
