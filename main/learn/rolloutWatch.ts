// Shows a run by rewards while it trains: the answers of its last step as a file, and held-back prompts as points of its curves.
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from '../contract/geometry.ts';
import type { DrawnGroup } from '../contract/learning.ts';
import { packMask } from '../contract/project.ts';
import { inPicture } from '../contract/reasoning.ts';
import type { Mask } from '../contract/records.ts';
import { cIoU, gIoU, overlapOf } from '../evaluate/metrics.ts';
import { writeRollouts } from './drawnRollouts.ts';
import { advantagesOf } from './groups.ts';
import type { Group, Watch } from './reinforcement.ts';
import { drawnQuestions, rewardsStage, type UnseededQuestion } from './rlTier.ts';
import type { Question } from './rollouts.ts';
import { meantMask } from './rolloutTargets.ts';

/** Held-back prompts that are asked meanwhile: a step samples two to six groups, and these are as many again. */
const MOST_HELD = 4;
const FEWEST_STEPS_BETWEEN = 10;
/** Measurements of one run. */
const MOST_MEASURED = 12;
/** Most characters of an answer: nobody reads more over a picture. */
const MOST_LETTERS = 400;

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
      await writeRollouts(folder, { step, groups: drawnGroups(groups, frame) });
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

/** Takes the groups of a project's images; coordinates in their texts become image pixels, as people read them. */
function drawnGroups(groups: readonly Group[], frame: Frame): DrawnGroup[] {
  const advantages = advantagesOf(groups);
  let first = 0;
  return groups.flatMap(({ question, image, rollouts, masks, rewards }) => {
    const own = advantages.slice(first, first + rollouts.length);
    first += rollouts.length;
    if (question.imageId === undefined) return [];
    const drawn = rollouts.flatMap(({ text, named }, i) => {
      const [mask, reward, advantage] = [masks[i], rewards[i], own[i]];
      if (reward === undefined || advantage === undefined) return [];
      const boxes = named.map(({ box }) => box);
      const shown = inPicture(text, frame, image).slice(0, MOST_LETTERS);
      return [{ text: shown, boxes, mask: mask ? packMask(mask) : null, reward, advantage }];
    });
    const meant = meantMask(question);
    return [{ imageId: question.imageId, text: question.text, truth: meant && packMask(meant), rollouts: drawn }];
  });
}
