// Annotation files by the command line into a project of their own, out of it as COCO, and both checked; and pictures for them.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, expect } from 'vitest';
import { maskArea } from '../../main/contract/rle.ts';
import { parseSegmentation } from '../../main/formats/coco/cocoRules.ts';
import { freshFolder, saved } from '../formats/reads.ts';
import { loupe } from './inProcess.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

export interface Annotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly segmentation: unknown;
  readonly bbox: number[];
  readonly area: number;
  readonly attributes?: Record<string, unknown>;
  readonly box_only?: boolean;
  readonly score?: number;
  readonly keypoints?: readonly number[];
}

export interface Coco {
  readonly info?: unknown;
  readonly images: readonly { id: number; file_name: string; width: number; height: number; [key: string]: unknown }[];
  readonly annotations: readonly Annotation[];
  readonly categories: readonly { id: number; name: string; [key: string]: unknown }[];
}

/** A place in the folder of this test that nothing has yet. */
export const fresh = (ending: string): string => path.join(folder, `${++count}${ending}`);

export type Place = string | readonly [place: string, images: string];

/** Takes what lies in one or several places into a new project, and writes and checks its COCO file. */
export async function takenFrom(...places: readonly Place[]) {
  const project = fresh('.loupe');
  const reports: string[] = [];
  for (const place of places) {
    const [file, images] = typeof place === 'string' ? [place] : place;
    const run = await loupe('import', project, file, ...(images ? ['--images', images] : []));
    expect([run.line, run.code], `${file}: ${run.line}`).toEqual([null, 0]);
    reports.push(run.out);
  }
  return { project, reports, report: reports.at(-1) ?? '', ...(await exportedFrom(project)) };
}

/** The COCO file of a project, which keeps every rule and holds what the project does. */
export async function exportedFrom(project: string, ...options: string[]) {
  // Away from the pictures of other tests, which are called alike.
  const out = path.join(fresh('.out'), 'out.json');
  mkdirSync(path.dirname(out));
  await loupe('export', project, out, ...options);
  const coco: Coco = JSON.parse(readFileSync(out, 'utf8'));
  const checked = await loupe('verify', out, '--project', project);
  expect(checked.out, checked.out).toMatch(/no rule is broken/u);
  const images = new Map(coco.images.map((image) => [image.id, image]));
  const names = new Map(coco.categories.map(({ id, name }) => [id, name]));
  const rows = coco.annotations.map((each) => {
    const image = images.get(each.image_id);
    const drawn = isDrawn(each.segmentation)
      ? maskArea(parseSegmentation(each.segmentation, image?.width ?? 0, image?.height ?? 0))
      : 0;
    return { ...each, label: names.get(each.category_id), file: image?.file_name, pixels: drawn };
  });
  const labels = rows.map(({ label }) => label);
  return { out, coco, rows, labels, files: coco.images.map(({ file_name }) => file_name).sort() };
}

/** A box alone is written back as the file had it: with an empty list, null or nothing at all. */
const isDrawn = (segmentation: unknown): boolean =>
  Array.isArray(segmentation) ? segmentation.length > 0 : typeof segmentation === 'object' && segmentation !== null;

/** A folder of texts, JSON and pictures; a picture is its width and height. */
export async function tree(files: Readonly<Record<string, unknown>>): Promise<string> {
  const root = fresh('');
  for (const [name, content] of Object.entries(files)) {
    if (isSize(content)) await picture(path.join(root, name), ...content);
    else saved(root, name, content);
  }
  return root;
}

const isSize = (content: unknown): content is readonly [number, number] =>
  Array.isArray(content) && content.length === 2 && content.every((side) => typeof side === 'number');

async function picture(file: string, width: number, height: number): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  await sharp({ create: { width, height, channels: 3, background: '#888' } }).toFile(file);
}

/** One image of 100 x 80 and one category, unless told otherwise. */
export const cocoOf = (annotations: readonly object[], others: Readonly<Record<string, unknown>> = {}) => ({
  images: [{ id: 1, file_name: 'a.png', width: 100, height: 80 }],
  annotations: annotations.map((each, i) => ({ id: i + 1, image_id: 1, category_id: 1, iscrowd: 0, ...each })),
  categories: [{ id: 1, name: 'cup' }],
  ...others,
});

/** A square of 10 x 10 pixels. */
export const squareAt = (x: number, y: number): number[] => [x, y, x + 10, y, x + 10, y + 10, x, y + 10];
