// What the model found to overlay.png, mask.png and coco.json in a folder.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { readAnswer } from '../contract/answer.ts';
import { BadInput, refusalOf } from '../contract/badinput.ts';
import { packMask } from '../contract/project.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import type { Proposal } from '../flow/predict.ts';
import { type CocoContent, type OutShape, writeCocoFile } from '../formats/cocoWrite.ts';
import { slashed } from '../formats/values.ts';
import { type ImageFile, writePng } from '../pictures/image.ts';
import { drawMaskFile, drawOverlay } from '../pictures/overlay.ts';

export interface Delivery {
  readonly image: ImageFile;
  readonly prompt: string;
  readonly proposal: Proposal;
}

/** Makes the folder before any long work, so that a bad one is known at once. */
export const prepareFolder = (folder: string): Promise<void> => writing(folder, () => makeFolder(path.resolve(folder)));

/** Node's own recursive mkdir never returns on file systems that refuse with ENOENT, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => null);
  if (info?.isDirectory()) return;
  if (path.dirname(folder) !== folder) await makeFolder(path.dirname(folder));
  await mkdir(folder);
}

/** Writes the three files, replacing earlier ones, and returns their paths. */
export function deliver(folder: string, { image, prompt, proposal }: Delivery): Promise<string[]> {
  const named = (name: string) => path.join(folder, name);
  const files = { overlay: named('overlay.png'), mask: named('mask.png'), coco: named('coco.json') };
  const label = labelOf(proposal) ?? prompt;
  return writing(folder, async () => {
    await writePng(files.overlay, drawOverlay(image, { ...proposal, label }));
    await writePng(files.mask, drawMaskFile(image, proposal.mask));
    await writeCocoFile(files.coco, cocoOf(image, { label, prompt, proposal }), { masks: 'run lengths' });
    return Object.values(files);
  });
}

/** The name that the answer gives to what it found. */
const labelOf = ({ answer }: Proposal): string | null => readAnswer(answer.text, 'loupe').label?.trim() || null;

/** One image, and one annotation where something was found. */
function cocoOf(image: ImageFile, found: { label: string; prompt: string; proposal: Proposal }): CocoContent {
  const shapes = shapesOf(image, found);
  const { width, height } = image;
  return {
    info: { description: `Loupe: ${found.prompt}`, version: '1.0' },
    categories: shapes.length > 0 ? [found.label] : [],
    images: () => [{ id: 1, fileName: fileName(image.file), width, height }],
    shapes: () => shapes,
  };
}

function shapesOf(
  { width, height }: ImageFile,
  { prompt, proposal }: { prompt: string; proposal: Proposal },
): OutShape[] {
  const { mask, answer } = proposal;
  if (mask === null || maskArea(mask) === 0) return [];
  const drawn = { mask: packMask(mask), box: maskBox(mask), frame: { width, height }, crowd: false };
  return [{ id: 1, imageId: 1, category: 1, ...drawn, extra: { caption: prompt, reasoning: answer.reasoning } }];
}

/** COCO's paths are relative: without the folder, and not to be taken for a drive letter. */
function fileName(file: string): string {
  const name = slashed(path.basename(file));
  return /^[A-Za-z]:/u.test(name) ? `./${name}` : name;
}

async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = refusalOf(error);
    throw why === null ? error : new BadInput(`${folder}: cannot be written to: ${why}`, { cause: error });
  }
}
