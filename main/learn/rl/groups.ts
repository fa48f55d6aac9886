// Computes advantages of rewarded groups of answers; groups that teach nothing are counted and replaced by others.
import { advantages } from '../../../models/train/advantage.ts';
import type { Random } from '../../contract/random.ts';
import type { Reward } from '../../reward/lens.ts';

export interface Rewarded {
  readonly rewards: readonly Pick<Reward, 'total'>[];
}

export interface ChosenGroups<G> {
  readonly groups: readonly G[];
  /** Groups that were sampled for them, and how many of these could teach anything. */
  readonly sampled: number;
  readonly useful: number;
}

/** Draws so many questions, each as often as the others, with seeds of their own for what is sampled. */
export function drawnWithSeeds<Q>(asked: readonly Q[], count: number, draw: Random): (Q & { readonly seed: number })[] {
  const times = Math.ceil(count / asked.length);
  const drawn = Array.from({ length: times }, () => draw.shuffle(asked)).flat();
  return drawn.slice(0, count).map((one) => ({ ...one, seed: draw.int(0, 2 ** 31 - 1) }));
}

/** Rewards that differ by less are equal: an advantage would blow their difference up to a whole deviation. */
const leastSpread = 0.01;

function isUseful({ rewards }: Rewarded): boolean {
  const totals = rewards.map(({ total }) => total);
  return Math.max(...totals) - Math.min(...totals) >= leastSpread;
}

/**
 * `wanted` groups of questions in their order. Where there are not as many questions whose rewards differ, groups of equal
 * rewards fill the batch: their advantages are 0, and their masks still teach.
 */
export async function chosenGroups<Q, G extends Rewarded>(
  questions: readonly Q[],
  wanted: number,
  answer: (question: Q) => Promise<G>,
): Promise<ChosenGroups<G>> {
  const useful: G[] = [];
  const equal: G[] = [];
  for (const question of questions) {
    if (useful.length >= wanted) break;
    const group = await answer(question);
    (isUseful(group) ? useful : equal).push(group);
  }
  const groups = [...useful, ...equal].slice(0, wanted);
  if (groups.length < wanted) throw new Error(`${questions.length} questions are too few for ${wanted} groups.`);
  return { groups, sampled: useful.length + equal.length, useful: useful.length };
}

/** Advantages of all answers, group after group; 0 where a group's rewards are equal. */
export const advantagesOf = (groups: readonly Rewarded[]): number[] =>
  groups.flatMap((group) =>
    isUseful(group)
      ? advantages(
          group.rewards.map(({ total }) => total),
          group.rewards.length,
        )
      : group.rewards.map(() => 0),
  );
