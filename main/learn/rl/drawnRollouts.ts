// Writes and reads the answers that a run's last step learnt from, with what they drew, in a file of the run's folder.
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Frame } from '../../contract/geometry.ts';
import { type DrawnGroup, type DrawnRollout, StepRollouts } from '../../contract/learning.ts';
import { packMask } from '../../contract/project.ts';
import { inPicture } from '../../contract/reasoning.ts';
import type { Box, Mask } from '../../contract/records.ts';
import { advantagesOf } from './groups.ts';

const MOST_BYTES = 2 ** 24;
/** Most characters of an answer: nobody reads more over a picture. */
const MOST_LETTERS = 400;

/** An answer as it was sampled, and what it comes to on the picture, in image pixels. */
export interface SampledAnswer {
  readonly text: string;
  readonly boxes: readonly Box[];
  /** All that was drawn, together; null: nothing. */
  readonly mask: Mask | null;
}

/** The answers to one question, and what each earned. */
export interface SampledGroup {
  /** Missing: the picture is no image of the project. */
  readonly imageId?: number;
  readonly text: string;
  readonly size: Frame;
  /** What coordinates in the answers count in. */
  readonly frame: Frame;
  /** What they are rewarded by; null: nothing matches, or an outline is not known. */
  readonly truth: Mask | null;
  readonly answers: readonly SampledAnswer[];
  readonly rewards: readonly DrawnRollout['reward'][];
}

/** Takes the groups of a project's images; coordinates in their texts become image pixels, as people read them. */
export function drawnGroups(groups: readonly SampledGroup[]): DrawnGroup[] {
  return groups.flatMap(({ imageId, text, size, frame, truth, answers, rewards }) => {
    if (imageId === undefined) return [];
    const advantages = advantagesOf([{ rewards }]);
    const rollouts = answers.flatMap((answer, i): DrawnRollout[] => {
      const [reward, advantage] = [rewards[i], advantages[i]];
      if (reward === undefined || advantage === undefined) return [];
      const shown = inPicture(answer.text, frame, size).slice(0, MOST_LETTERS);
      const mask = answer.mask && packMask(answer.mask);
      return [{ text: shown, boxes: [...answer.boxes], mask, reward, advantage }];
    });
    return [{ imageId, text, truth: truth && packMask(truth), rollouts }];
  });
}

const fileIn = (folder: string): string => path.join(folder, 'rollouts.json');

/** In place of those of the step before, whole at any time. What is only shown ends no run: a full disk is met by a checkpoint. */
export async function writeRollouts(folder: string, rollouts: StepRollouts): Promise<void> {
  const file = fileIn(folder);
  await writeFile(`${file}.part`, JSON.stringify(rollouts))
    .then(() => rename(`${file}.part`, file))
    .catch(() => {});
}

/** Null where the run left no such file, or one that cannot be read: a view of it is missing, nothing else. */
export async function readRollouts(folder: string): Promise<StepRollouts | null> {
  const info = await stat(fileIn(folder)).catch(() => null);
  if (!info || info.size > MOST_BYTES) return null;
  try {
    return StepRollouts.parse(JSON.parse(await readFile(fileIn(folder), 'utf8')));
  } catch {
    return null;
  }
}
