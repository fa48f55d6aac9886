// What proposals earn against what a person kept of them.
import { describe, expect, test } from 'vitest';
import type { Correction, ImageDetail, StoredProposal } from '../../main/contract/project.ts';
import { proposalRewards } from '../../main/learn/proposalRewards.ts';
import { columnsMask, height, promptOf, proposalOf, shapeOf, width } from '../store/records.ts';

const image = { id: 1, path: 'a.png', hash: null, width, height, state: 'present', problem: null } as const;
const review = { id: 1, status: 'unreviewed', note: '' } as const;
const box = { x1: 0, y1: 0, x2: 4, y2: 10 };
const object = { index: 0, box: { value: box, verdict: 'right' }, mask: { shapeId: 20, verdict: 'right' } } as const;
const kept: Correction = {
  ...{ proposalId: 40, found: { value: 'objects', verdict: 'right' }, reasoning: { text: '', verdict: null } },
  objects: [object],
};
const proposal = (id: number, also: Partial<StoredProposal> = {}): StoredProposal => ({
  ...{ ...proposalOf('objects'), id, promptId: 30, rewards: { format: 1 }, objects: [{ box, mask: columnsMask(4) }] },
  ...also,
});
const rewards = (proposals: StoredProposal[], correction: Correction | null = kept, also: Partial<ImageDetail> = {}) =>
  proposalRewards({
    ...{ image, review, proposals, shapes: [shapeOf(20, 1, 10)] },
    ...{ prompts: [{ ...promptOf(30, 1, 'the frog'), correction }], ...also },
  });

describe('rewards of proposals', () => {
  test('what was kept as proposed earns everything, another candidate the squares of its overlaps', () => {
    const half = { box: { ...box, x2: 2 }, mask: columnsMask(2) };
    const [whole, part] = rewards([proposal(40), proposal(41, { objects: [half] })]);
    expect(whole).toMatchObject({ promptId: 30, proposalId: 40, format: 1, box: 1 });
    expect([whole?.mask, whole?.total].map((one) => Number(one?.toFixed(4)))).toEqual([1, 3]);
    expect(part).toMatchObject({ format: 1, box: 0.25 });
    expect(part?.mask).toBeCloseTo(0.25, 4);
  });

  test('naming everything, a bad form and reasoning against the answer cost their terms', () => {
    const more = Array.from({ length: 4 }, () => ({ box, mask: columnsMask(4) }));
    const [many, bad, contradicting] = rewards([
      proposal(40, { objects: more }),
      proposal(41, { rewards: { format: 0 } }),
      proposal(42, {
        answer: {
          ...proposalOf('objects').answer,
          text: '<think>frog 1 [0, 0, 4, 10], frog 2 [50, 50, 90, 90]. frog 2.</think><answer>```json\n[{"bbox_2d": [0, 0, 4, 10], "label": "frog"}]\n```</answer>',
        },
      }),
    ]);
    expect(many?.box).toBe(0.25);
    expect([bad?.format, bad?.box]).toEqual([0, 1]);
    expect(contradicting?.format).toBe(0);
  });

  test('where nothing matches saying so earns, and drawing something does not', () => {
    const nothing: Correction = { ...kept, found: { value: 'nothing', verdict: 'corrected' }, objects: [] };
    const [silent, loud] = rewards([proposal(40, { found: 'nothing', objects: [] }), proposal(41)], nothing);
    expect(silent).toMatchObject({ box: 1, mask: 1 });
    expect(loud).toMatchObject({ box: 0, mask: 0 });
  });

  test('what nobody has judged earns nothing that could be shown', () => {
    expect(rewards([proposal(40)], null)).toEqual([]);
    expect(rewards([proposal(40)], { ...kept, found: { value: 'objects', verdict: null } })).toEqual([]);
  });
});
