// Groups of answers: what each is worth in its group, and what becomes of groups in which all earn the same.
import { describe, expect, it } from 'vitest';
import { advantagesOf, chosenGroups, type Rewarded } from '../../../main/learn/rl/groups.ts';

const group = (...totals: readonly number[]): Rewarded => ({
  rewards: totals.map((total) => ({ format: 1, box: 0, mask: 0, total })),
});

describe('advantages', () => {
  it('are how far an answer lies above its own group, in its deviations', () => {
    const [a = 0, b = 0, ...rest] = advantagesOf([group(1, 3), group(0, 0, 3)]);
    expect([a, b]).toEqual([expect.closeTo(-Math.SQRT1_2, 3), expect.closeTo(Math.SQRT1_2, 3)]);
    expect(rest.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 6);
  });

  it('are 0 where all earn the same, and where they differ by nothing that a person would see', () => {
    expect(advantagesOf([group(2, 2, 2), group(1, 1.004)])).toEqual([0, 0, 0, 0, 0]);
  });

  it('are not raised by what every answer of a group is given', () => {
    const [plain, raised] = [advantagesOf([group(0, 1, 2)]), advantagesOf([group(1, 2, 3)])];
    for (const [i, one] of plain.entries()) expect(raised[i]).toBeCloseTo(one, 6);
  });
});

describe('groups of a step', () => {
  const useful = group(1, 2);
  const equal = group(3, 3);
  const chosen = async (groups: readonly Rewarded[], wanted: number) => {
    const asked: number[] = [];
    const result = await chosenGroups([...groups.keys()], wanted, async (i) => {
      asked.push(i);
      const found = groups[i];
      if (!found) throw new Error('unreachable');
      return { ...found, i };
    });
    return { ...result, asked, groups: result.groups.map(({ i }) => i) };
  };

  it('leave out those of equal rewards, count them, and take others in their place', async () => {
    expect(await chosen([equal, useful, equal, useful, useful], 2)).toEqual({
      ...{ groups: [1, 3], sampled: 4, useful: 2, asked: [0, 1, 2, 3] },
    });
  });

  it('are sampled no more than are needed', async () => {
    expect((await chosen([useful, useful, useful], 2)).asked).toEqual([0, 1]);
  });

  it('are filled up with equal ones where there are no others', async () => {
    expect(await chosen([equal, useful, equal], 2)).toMatchObject({ groups: [1, 0], sampled: 3, useful: 1 });
  });

  it('are refused where there are fewer questions than groups', async () => {
    await expect(chosen([equal], 2)).rejects.toThrow('1 questions are too few for 2 groups.');
  });

  it('come in the order of their questions, whatever was left out between them', async () => {
    const { groups, sampled, useful: found } = await chosen([useful, equal, equal, useful, equal, useful], 3);
    expect({ groups, sampled, found }).toEqual({ groups: [0, 3, 5], sampled: 6, found: 3 });
  });
});
