// COCO files into projects of their own and out again, and one such file with every kind of key.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { ExportSettings } from '../../main/contract/jobs.ts';
import type { Shape } from '../../main/contract/project.ts';
import { exportCoco, verifyCoco } from '../../main/jobs/exporting/exporting.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { freshFolder, saved } from '../formats/reads.ts';
import { importHere } from './readHere.ts';

export type Fields = Record<string, unknown>;
export interface Coco extends Fields {
  images: Fields[];
  annotations: Fields[];
  categories: Fields[];
}

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => closeAll());
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

export const quiet = { signal: new AbortController().signal, total: () => {}, step: () => {} };

export function closeAll(): void {
  for (const project of open.splice(0)) project.close();
}

/** In the folder of the file, or of all. */
export function fresh(where = folder): Project {
  const project = openProject(path.join(where, `${++count}.loupe`), { create: true });
  open.push(project);
  return project;
}

export const named = (name: string, content: unknown): string => saved(folder, name, content);

export async function imported(content: unknown, project = fresh()) {
  const file = typeof content === 'string' ? content : saved(folder, `${++count}.json`, content);
  const report = await importHere(project, file);
  return { project, report, file };
}

export async function exported(project: Project, settings: Partial<ExportSettings> = {}) {
  const file = path.join(folder, `${++count}.out.json`);
  const written = await exportCoco(project, file, { settings: ExportSettings.parse(settings), progress: quiet });
  const { problems } = await verifyCoco(project, file);
  const text = readFileSync(file, 'utf8');
  return { ...written, problems, file, text, coco: JSON.parse(text) as Coco };
}

export const shapesOf = (project: Project): Shape[] =>
  [...project.allImages()].flatMap(({ id }) => project.shapesOf(id));

export const square = [10, 10, 50.5, 10, 50.5, 40.25, 10, 40.25];
/** Ids with gaps and out of order, and every kind of key that COCO's own files have. */
export const source = (): Coco => ({
  info: { description: 'own', year: 2017, contributor: 'somebody' },
  licenses: [{ id: 4, name: 'CC BY', url: 'http://example.org/by' }],
  images: [
    { id: 785, file_name: 'b.png', width: 120, height: 100, license: 4, coco_url: 'http://example.org/785' },
    { id: 139, file_name: 'a.png', width: 120, height: 100, date_captured: '2013-11-14', extra: { deep: [1, 2] } },
  ],
  annotations: [
    {
      ...{ id: 503, image_id: 785, category_id: 44, segmentation: [square], area: 1225.125, iscrowd: 0 },
      ...{ bbox: [10, 10, 40.5, 30.25], keypoints: [20, 20, 2, 30, 20, 1], num_keypoints: 2 },
      attributes: { occluded: true, tags: ['a', 'b'], size: { w: 1 } },
    },
    {
      ...{ id: 500, image_id: 139, category_id: 3, area: 30, bbox: [1, 1, 5, 6], iscrowd: 1 },
      segmentation: { size: [100, 120], counts: [101, 6, 94, 6, 94, 6, 94, 6, 94, 6, 11_493] },
    },
    {
      id: 501,
      image_id: 139,
      category_id: 3,
      segmentation: [],
      bbox: [39.34, 46.28, 50.11, 29.76],
      area: 1,
      iscrowd: 0,
    },
  ],
  categories: [
    { id: 3, name: 'car', supercategory: 'vehicle', color: [1, 2, 3] },
    { id: 44, name: 'person', supercategory: 'animal', keypoints: ['l', 'r'], skeleton: [[1, 2]] },
  ],
  videos: [{ id: 1 }],
});

export const byId = (records: readonly Fields[]) => records.toSorted((a, b) => Number(a.id) - Number(b.id));
export const sorted = (coco: Coco): Coco => ({ ...coco, annotations: byId(coco.annotations) });
