// Writes reports of imports, exports and checks as the sentences that a person reads, in the window and in a terminal.
import path from 'node:path';
import type { ImportReport, VerifyReport } from '../../contract/jobs.ts';
import type { Written } from '../../formats/coco/cocoWrite.ts';
import type { TrainerReport } from './trainerExport.ts';

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

export function sentenceOfImport({ format, images, shapes, labels, leftOut, unresolved }: ImportReport): string {
  const took = `Took ${counted(shapes, 'shape')} on ${counted(images, 'image')} and ${counted(labels, 'new label')} (${format}).`;
  const left = leftOut.length > 0 ? ` ${counted(leftOut.length, 'thing')} left out.` : '';
  const lost = unresolved.length > 0 ? ` ${counted(unresolved.length, 'picture')} not found.` : '';
  return took + left + lost;
}

/** A line for everything that is not as it stands in the file. */
export const linesOfImport = ({ leftOut, unresolved, notes }: ImportReport): string[] => [
  ...notes,
  ...leftOut.map(({ what, why }) => `left out: ${what}: ${why}`),
  ...unresolved.map((name) => `not found: ${name}`),
];

export function sentenceOfExport({ images, annotations, polygons }: Written, file: string): string {
  const runs = annotations - polygons;
  const how = `${counted(polygons, 'polygon mask')}, ${counted(runs, 'run-length mask')}`;
  return `Wrote ${counted(annotations, 'annotation')} on ${counted(images, 'image')} (${how}) to ${path.basename(file)}.`;
}

export const sentenceOfTraining = (
  { samples, negatives, held, pictures }: Omit<TrainerReport, 'leftOut'>,
  folder: string,
): string =>
  `${samples} samples on ${pictures} pictures in ${folder}: ${negatives} that nothing matches, ${held} held back as val; README.md there says how to start`;

export function sentenceOfVerify({ file, images, annotations, boxes, problems, compared }: VerifyReport): string {
  const alone = boxes > 0 ? ` (${boxes.toLocaleString('en')} without a mask)` : '';
  const read = `${counted(annotations, 'annotation')}${alone} on ${counted(images, 'image')}`;
  if (problems.length > 0) return `${path.basename(file)}: ${counted(problems.length, 'problem')} in ${read}.`;
  const same = compared ? ", and every mask is the project's" : '';
  return `${path.basename(file)}: no rule is broken in ${read}${same}.`;
}
