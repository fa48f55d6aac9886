// Folders of toy weights that say what a test wants them to say, and pictures to ask about, for tests of the engine.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { exportNano } from '../../main/nano/export.ts';
import { writePng } from '../../main/pictures/image.ts';
import { speak, toyNano } from '../nano/toy.ts';
import { disc } from '../pictures/disc.ts';

export const found =
  '<think>1 red dog [10, 12, 14, 16]</think><answer>```json\n[{"bbox_2d": [2, 40, 60, 88], "label": "cat"}]\n```</answer>';
export const nothing = '<think>1 red dog [10, 12, 14, 16]</think><answer>```json\n[]\n```</answer>';

/** The folder of weights that write one of `answers`. */
export async function weightsSaying(root: string, answers: readonly string[]): Promise<string> {
  const nano = toyNano({ seed: 9 });
  speak(nano, answers);
  const folder = path.join(root, `weights-${answers.length}-${answers.join('').length}`);
  await exportNano(nano, folder);
  return folder;
}

/** PNG files of a disc, each of another radius. */
export async function pictures(folder: string, count: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files = Array.from({ length: count }, (_, i) => path.join(folder, `disc-${i}.png`));
  for (const [i, file] of files.entries()) await writePng(file, { ...disc(8 + i).image, channels: 3 });
  return files;
}
