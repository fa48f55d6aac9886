// Shows a run by rewards while it trains: the answers of its last step as a file, and held-back prompts as points of its curves.
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from '../../contract/geometry.ts';
import type { Mask } from '../../contract/records.ts';
import { cIoU, gIoU, overlapOf } from '../../evaluate/metrics.ts';
import { meantMask } from '../../reward/objects.ts';
import { drawnGroups, type SampledGroup, writeRollouts } from './drawnRollouts.ts';
import type { Group, Watch } from './reinforcement.ts';
import { drawnQuestions, rewardsStage, type UnseededQuestion } from './rlTier.ts';
import type { Question } from './rollouts.ts';

/** Held-back prompts that are asked meanwhile: a step samples two to six groups, and these are as many again. */
const MOST_HELD = 4;
const FEWEST_STEPS_BETWEEN = 10;
/** Measurements of one run. */
const MOST_MEASURED = 12;

export interface RolloutWatch {
  readonly watch: Watch;
  /** Figures of the last measurement; empty before the first. */
  figures(): Readonly<Record<string, number>>;
}

interface Watched {
  readonly folder: string;
  /** The reasoner's frame, which the coordinates of answers count in. */
  readonly frame: Frame;
  /** Questions of held-back images. */
  readonly held: readonly UnseededQuestion[];
  readonly steps: number;
  readonly seed: number;
}

/** Asks the same prompts with the same seeds each time: what changes is the policy. */
export function rolloutWatch({ folder, frame, held, steps, seed }: Watched): RolloutWatch {
  const outlined = held.filter((one) => one.objects.length > 0 && meantMask(one) !== null);
  const most = Math.min(MOST_HELD, outlined.length);
  const questions = most > 0 ? drawnQuestions(outlined, most, { seed, step: -2 }) : [];
  const every = Math.max(FEWEST_STEPS_BETWEEN, Math.ceil(steps / MOST_MEASURED));
  let last: Record<string, number> = {};
  return {
    figures: () => last,
    watch: async (step, groups, open) => {
      await writeRollouts(folder, { step, groups: drawnGroups(sampledGroups(groups, frame)) });
      if (questions.length === 0 || step % every !== 0) return;
      last = await measured(questions, (question) => open.answered(question));
      const line = JSON.stringify({ stage: rewardsStage, step, ...last });
      await appendFile(path.join(folder, 'curves.jsonl'), `${line}\n`);
    },
  };
}

/** Overlaps of all sampled answers to the prompts, by what each draws. */
async function measured(questions: readonly Question[], answered: (question: Question) => Promise<Group>) {
  const groups: Group[] = [];
  for (const question of questions) groups.push(await answered(question));
  const overlaps = groups.flatMap(({ question, image, masks }) => {
    const nothing: Mask = { size: [image.height, image.width], counts: [image.width * image.height] };
    const truth = meantMask(question) ?? nothing;
    return masks.map((mask) => overlapOf(mask ?? nothing, truth));
  });
  return { 'validation gIoU': gIoU(overlaps), 'validation cIoU': cIoU(overlaps) };
}

const sampledGroups = (groups: readonly Group[], frame: Frame): SampledGroup[] =>
  groups.map(({ question, image, rollouts, masks, rewards }) => ({
    ...{ imageId: question.imageId, text: question.text, size: image, frame, truth: meantMask(question) },
    answers: rollouts.map(({ text, named }, i) => ({
      ...{ text, boxes: named.map(({ box }) => box), mask: masks[i] ?? null },
    })),
    rewards: rewards.map(({ total, ...terms }) => ({ total, terms })),
  }));
