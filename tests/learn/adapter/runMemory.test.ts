// The memory of a run by rewards is foretold from its graphs: what it grows with, what is said before it starts, and what is offered instead.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TeachProgress } from '../../../main/contract/learning.ts';
import { givingBack } from '../../../main/engine/supervisor.ts';
import { requestSize } from '../../../main/flow/reasoner/reasoner.ts';
import { rewardsMemory, tiersWithRoom, tooLarge } from '../../../main/learn/adapter/runMemory.ts';
import { teach } from '../../../main/learn/teach.ts';
import { type CheckpointWeights, openModel } from '../../../main/weights/openCheckpoint.ts';
import { runProgram } from '../../program.ts';
import { toySamJson, writeToy, writeToySam } from '../../weights/toyCheckpoint.ts';
import { taskOf, teachingImages } from '../teaching.ts';

interface Figures {
  readonly foretold: number;
  readonly grown: number;
}

const root = mkdtempSync(path.join(tmpdir(), 'loupe-run-memory-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const images = teachingImages(12);
let lens: CheckpointWeights;
let segZero: CheckpointWeights;

beforeAll(async () => {
  await writeToySam(at('sam2'));
  for (const [name, base] of Object.entries({ LENS: 'lens-released', 'Seg-Zero': 'seg-zero' })) {
    await writeToy(at(name), { says: 'a', lens: name === 'LENS' });
    if (name === 'LENS') writeFileSync(at(name, 'segmenter.json'), JSON.stringify(toySamJson));
    const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 8 };
    writeFileSync(at(name, 'recipe.json'), JSON.stringify({ base, reasoner }));
  }
  [lens, segZero] = [await openModel(at('LENS')), await openModel(at('Seg-Zero'))];
});

describe('what a run by rewards is foretold to need', { timeout: 120_000 }, () => {
  const bytes = async (weights: CheckpointWeights, tokens: number, pictures = 1) => {
    return rewardsMemory(weights, new Array(pictures).fill({ tokens, features: 4 }));
  };

  it('grows with the requests, and with the pictures whose features are kept', async () => {
    const [short, long, many] = [await bytes(lens, 40), await bytes(lens, 1000), await bytes(lens, 40, 100)];
    expect(long.own).toBeGreaterThan(2 * short.own);
    expect(many.own - short.own).toBe(99 * 4 * lens.reasoner.language.hidden * 4);
    expect(long.read).toBe(short.read);
  });

  it('is more where the checkpoint draws by itself, by the segmenter that it reads', async () => {
    const [own, other] = [await bytes(lens, 40), await bytes(segZero, 40)];
    expect(own.own).toBeGreaterThan(other.own);
    expect(own.read).toBeGreaterThan(other.read);
  });

  it('counts of what is read what one graph at a time reads: the segmenter is not read while the language model learns', async () => {
    const { own, read, needed } = await bytes(lens, 40);
    expect(needed).toBeGreaterThan(own);
    expect(needed).toBeLessThan(own + read);
    const other = await bytes(segZero, 40);
    expect(other.needed).toBeLessThanOrEqual(other.own + other.read);
    expect((await bytes(lens, 40, 100)).needed - needed).toBe(99 * 4 * lens.reasoner.language.hidden * 4);
  });

  it.each(['56', '448'])(
    'is not much more than what a run of frames of %s pixels grows by, and hardly less',
    async (side) => {
      const program = new URL('../rewardsMemoryRun.ts', import.meta.url);
      let [foretold, grown] = [0, Number.POSITIVE_INFINITY];
      // The least of three where need be: on a busy machine the garbage collector comes late.
      for (let turn = 0; turn < 3 && foretold <= 0.9 * grown; turn++) {
        const figures = await runProgram<Figures>(program, [mkdtempSync(at('run-')), side], givingBack);
        [foretold, grown] = [figures.foretold, Math.min(grown, figures.grown)];
      }
      expect(foretold).toBeGreaterThan(0.9 * grown);
      // The least that an arena takes counts in small runs.
      expect(foretold).toBeLessThan(1.3 * grown + 50e6);
    },
  );

  it('is of requests as they are asked: words and the cells of the picture', () => {
    const size = { width: 64, height: 64 };
    const [one, two] = ['cat', 'the cat on the left'].map((text) => requestSize(lens, size, text));
    expect([one?.features, two?.features]).toEqual([4, 4]);
    expect((two?.tokens ?? 0) - (one?.tokens ?? 0)).toBe(16);
  });
});

describe('a run by rewards', { timeout: 120_000 }, () => {
  const asked = (memory: number) => ({ ...taskOf(at('run'), at('LENS'), images), tier: 'rl' as const, memory });

  it('that does not fit is refused before anything is measured, after its need was told', async () => {
    const heard: TeachProgress[] = [];
    const { gate, before } = await teach(asked(1e6), { report: (progress) => heard.push(progress) });
    expect(before).toBeNull();
    expect(gate.reason).toMatch(
      /^Tier rl of LENS needs about \d+\.\d GB of memory and this machine has 0\.0 GB; no other tier of it fits either/u,
    );
    const told = heard.flatMap(({ figures }) => figures['memory GB'] ?? []);
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThan(0.01);
    expect(heard.some(({ phase }) => phase === 'measuring')).toBe(false);
  });

  it('that does not fit is offered the tier that does', async () => {
    const { own: needed } = await rewardsMemory(lens, [requestSize(lens, { width: 64, height: 64 }, 'cat')]);
    const { gate } = await teach(asked(needed), { report: () => {} });
    expect(gate.reason).toContain('choose tier supervised, which needs about 0.0 GB.');
  });
});

describe('the tiers of a checkpoint that auto knows', { timeout: 120_000 }, () => {
  const sized = images.map((image) => ({ ...image, size: { width: 64, height: 64 } }));
  const withRoom = (memory: number, weights = lens) => tiersWithRoom({ memory }, { weights, images: sized });

  /** Megabytes at which the first tier has room, to a twentieth of one. */
  async function leastOf(tier: 'decoder' | 'supervised'): Promise<number> {
    let [low, high] = [0, 1e9];
    while (high - low > 5e4) {
      const middle = (low + high) / 2;
      if ((await withRoom(middle))[tier]) high = middle;
      else low = middle;
    }
    return high;
  }

  it('have room where there is memory, and none where there is not', async () => {
    expect(await withRoom(1e12)).toEqual({ decoder: true, supervised: true });
    expect(await withRoom(1e5)).toEqual({ decoder: false, supervised: false });
    // Another model draws.
    expect(await withRoom(1e5, segZero)).toEqual({ decoder: true, supervised: false });
  });

  it('are passed over where another one that teaches has room', async () => {
    const [decoder, supervised] = [await leastOf('decoder'), await leastOf('supervised')];
    expect(Math.abs(decoder - supervised)).toBeGreaterThan(1e5);
    const memory = (decoder + supervised) / 2;
    const fits = decoder < supervised ? 'decoder' : 'supervised';
    const task = { ...taskOf(at('auto'), at('LENS'), images), tier: 'auto' as const, minutes: 0.02, memory };
    expect((await teach(task, { report: () => {} })).tier).toBe(fits);
    const plenty = { ...task, folder: at('auto with room'), memory: 1e12 };
    expect((await teach(plenty, { report: () => {} })).tier).not.toBe(fits);
  });
});

it('names the first of the other tiers that fits', () => {
  const run = { name: 'LENS-3B', needed: 19.3e9, memory: 16e9 };
  const supervised = { tier: 'supervised', bytes: 9.8e9 } as const;
  const decoder = { tier: 'decoder', bytes: 2e9 } as const;
  expect(tooLarge(run, [supervised, decoder])).toBe(
    'Tier rl of LENS-3B needs about 19.3 GB of memory and this machine has 16.0 GB; choose tier supervised, which needs about 9.8 GB.',
  );
  // The last tenth is the system's.
  expect(tooLarge(run, [{ ...supervised, bytes: 15e9 }, decoder])).toContain('choose tier decoder, which needs about');
  expect(tooLarge(run, [{ ...supervised, bytes: 15e9 }])).toContain('loupe-nano learns in less');
});
