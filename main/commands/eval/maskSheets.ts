// Writes best.svg, median.svg and worst.svg: ten masks each of those that were drawn under true boxes.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MaskUnderBox } from '../../evaluate/photoSets.ts';
import { rankedMasks } from '../../evaluate/ranked.ts';
import { drawSheet, type SheetGround } from '../../pictures/maskSheet.ts';
import { writing } from '../arguments/outFolder.ts';

const EACH = 10;

/** The folder is there already. Returns the files' paths. */
export async function writeSheets(
  folder: string,
  masks: readonly MaskUnderBox[],
  ground: SheetGround,
): Promise<string[]> {
  const files: string[] = [];
  const ranked = rankedMasks(masks, EACH);
  for (const name of ['best', 'median', 'worst'] as const) {
    const some = ranked[name];
    const title = `The ${name} ${some.length} of ${masks.length} masks under true boxes, by IoU with the truth`;
    const entries = some.map(({ iou, set, label, ...entry }) => ({
      ...entry,
      lines: [`IoU ${iou.toFixed(3)}`, label, set],
    }));
    const file = path.join(folder, `${name}.svg`);
    const svg = await drawSheet(title, entries, ground);
    await writing(folder, () => writeFile(file, svg));
    files.push(file);
  }
  return files;
}
