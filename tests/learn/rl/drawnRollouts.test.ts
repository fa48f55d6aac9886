// Groups of sampled answers become what a person is shown: places in pixels, terms of the reward by name, advantages within the group.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { maskBox } from '../../../main/contract/rle.ts';
import { drawnGroups, readRollouts, type SampledGroup, writeRollouts } from '../../../main/learn/rl/drawnRollouts.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-drawn-'));
afterAll(() => rmSync(root, { recursive: true }));

const size = { width: 20, height: 10 };
const square = (x: number): Mask => fromPolygon([x, 2, x + 4, 2, x + 4, 6, x, 6], size.width, size.height);

/** Answers of a checkpoint whose rewards have terms of their own, and of which only some are drawn. */
function group(totals: readonly number[], also: Partial<SampledGroup> = {}): SampledGroup {
  return {
    ...{ imageId: 4, text: 'left bolt', size, frame: { width: 40, height: 40 }, truth: square(2) },
    answers: totals.map((total, i) => ({
      ...{ text: `<answer>{"bbox": [8, 8, 24, 24]}</answer> ${i}` },
      ...{ boxes: [maskBox(square(4))], mask: total > 1 ? square(4) : null },
    })),
    rewards: totals.map((total) => ({ total, terms: { thinking: 1, points: total - 1 } })),
    ...also,
  };
}

describe('a group of answers', () => {
  it('is shown in pixels of its own picture, whatever frame its answers count in', () => {
    const [drawn] = drawnGroups([group([3, 1])]);
    expect(drawn?.rollouts.map(({ text }) => text.slice(0, 36))).toEqual(
      Array(2).fill('<answer>{"bbox": [4, 2, 12, 6]}</answ'.slice(0, 36)),
    );
    expect(drawn?.truth && unpackMask(drawn.truth)).toEqual(square(2));
    expect(drawn?.rollouts.map(({ mask }) => mask && unpackMask(mask))).toEqual([square(4), null]);
  });

  it('keeps the terms by their names, and holds each answer against the others of its own group', () => {
    const [one, other] = drawnGroups([group([3, 1]), group([9, 9, 9])]);
    expect(one?.rollouts.map(({ reward }) => reward)).toEqual([
      { total: 3, terms: { thinking: 1, points: 2 } },
      { total: 1, terms: { thinking: 1, points: 0 } },
    ]);
    expect(one?.rollouts.map(({ advantage }) => Math.sign(advantage))).toEqual([1, -1]);
    expect(other?.rollouts.map(({ advantage }) => advantage)).toEqual([0, 0, 0]);
  });

  it('is left out where its picture is none of the project, and has no truth where nothing matches', () => {
    expect(drawnGroups([group([1, 2], { imageId: undefined })])).toEqual([]);
    expect(drawnGroups([group([1, 2], { truth: null })])[0]?.truth).toBeNull();
  });

  it('is read back as it was written; what another program wrote is no view at all', async () => {
    const groups = drawnGroups([group([3, 1])]);
    await writeRollouts(root, { step: 6, groups });
    expect(await readRollouts(root)).toEqual({ step: 6, groups });
    const old = groups.map((each) => ({
      ...each,
      rollouts: each.rollouts.map((one) => ({ ...one, reward: { format: 1, box: 1, mask: 1, total: 3 } })),
    }));
    writeFileSync(path.join(root, 'rollouts.json'), JSON.stringify({ step: 6, groups: old }));
    expect(await readRollouts(root)).toBeNull();
    writeFileSync(path.join(root, 'rollouts.json'), '{');
    expect(await readRollouts(root)).toBeNull();
  });
});
