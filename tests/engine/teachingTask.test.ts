// What a run is asked to learn, written and read back; a run that an older Loupe began goes on.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readTask, type TeachingFile, writeTask } from '../../main/engine/teachingTask.ts';
import { sampleOf } from '../learn/teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-teaching-task-'));
afterAll(() => rmSync(root, { recursive: true }));

const task: TeachingFile = {
  ...{ weights: '/models/Seg-Zero-3B', segmenter: '/models/sam2.1_hiera_large.pt', tier: 'auto', images: [] },
  ...{ held: [1, 2], taught: [3], folds: 5, minutes: 10, seed: 7 },
};

it('comes back as it was, whole or not at all', async () => {
  await writeTask(root, task);
  expect(await readTask(root)).toEqual(task);
  expect(readdirSync(root)).toEqual(['task.json']);
});

it('names no segmenter and no folds where an older Loupe wrote it', async () => {
  await writeTask(root, task);
  const file = path.join(root, 'task.json');
  const { segmenter: _, folds: __, ...older } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify(older));
  expect(await readTask(root)).toEqual({ ...task, segmenter: null, folds: null });
});

it('names no weights that made a draft where an older Loupe wrote it, and those that are named else', async () => {
  const [first, second] = [sampleOf(1, 'cat', []), { ...sampleOf(1, 'dog', []), draftedBy: 'toy@1' }];
  const images = [{ imageId: 1, file: 'a.png', things: [], samples: [first, second] }];
  const { draftedBy: _, ...older } = first;
  await writeTask(root, { ...task, images });
  const file = path.join(root, 'task.json');
  const written = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...written, images: [{ ...images[0], samples: [older, second] }] }));
  expect((await readTask(root)).images).toEqual(images);
});
