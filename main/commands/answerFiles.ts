// Writes what the model found into a folder: overlay.png, mask.png and coco.json.
import path from 'node:path';
import { packMask } from '../contract/project.ts';
import { inPicture } from '../contract/reasoning.ts';
import { maskArea, maskBox, unionOf } from '../contract/rle.ts';
import type { Proposal, ProposedObject } from '../flow/predictor.ts';
import type { OutShape } from '../formats/coco/cocoAnnotations.ts';
import { type CocoContent, writeCocoFile } from '../formats/coco/cocoWrite.ts';
import { slashed } from '../formats/reading/values.ts';
import { type ImageFile, writePng } from '../pictures/image.ts';
import { drawMaskFile, drawOverlay } from '../pictures/overlay.ts';
import { writing } from './arguments/outFolder.ts';

export interface AnswerContents {
  readonly image: ImageFile;
  readonly prompt: string;
  readonly proposal: Proposal;
}

/** Writes the three files, replacing earlier ones, and returns their paths. */
export function writeAnswerFiles(folder: string, { image, prompt, proposal }: AnswerContents): Promise<string[]> {
  const named = (name: string) => path.join(folder, name);
  const files = { overlay: named('overlay.png'), mask: named('mask.png'), coco: named('coco.json') };
  const findings = proposal.objects.map((object) => ({ ...object, label: labelOf(object, prompt) }));
  const mask = unionOf(proposal.objects.map((object) => object.mask));
  return writing(folder, async () => {
    // Without an object the overlay says at least what was looked for.
    const drawn = findings.length > 0 ? findings : [{ mask: null, box: null, label: prompt }];
    await writePng(files.overlay, drawOverlay(image, ...drawn));
    await writePng(files.mask, drawMaskFile(image, mask));
    await writeCocoFile(files.coco, cocoOf(image, { prompt, proposal }), { masks: 'run lengths' });
    return Object.values(files);
  });
}

/** The name that the answer gives to what it found. */
const labelOf = ({ label }: ProposedObject, prompt: string): string => label?.trim() || prompt;

/** One image, and one annotation for each object that has pixels. */
function cocoOf(image: ImageFile, found: { prompt: string; proposal: Proposal }): CocoContent {
  const drawn = found.proposal.objects.filter(({ mask }) => maskArea(mask) > 0);
  const labels = [...new Set(drawn.map((object) => labelOf(object, found.prompt)))];
  const { width, height } = image;
  const { answer, frame } = found.proposal;
  const extra = { caption: found.prompt, reasoning: inPicture(answer.reasoning, frame, image) };
  const shapes = drawn.map((object, i): OutShape => {
    const category = labels.indexOf(labelOf(object, found.prompt)) + 1;
    const where = { mask: packMask(object.mask), box: maskBox(object.mask), frame: { width, height }, crowd: false };
    return { id: i + 1, imageId: 1, category, ...where, extra };
  });
  return {
    head: { info: JSON.stringify({ description: `Loupe: ${found.prompt}`, version: '1.0' }) },
    categories: labels.map((name, i) => JSON.stringify({ id: i + 1, name, supercategory: '' })),
    images: () => [{ id: 1, fileName: fileName(image.file), width, height }],
    shapes: () => shapes,
  };
}

/** COCO's paths are relative: without the folder, and not to be taken for a drive letter. */
function fileName(file: string): string {
  const name = slashed(path.basename(file));
  return /^[A-Za-z]:/u.test(name) ? `./${name}` : name;
}
