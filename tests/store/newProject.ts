// A project in a folder of its own, with images and labels, and short ways to make records for it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { ImageQuery } from '../../main/contract/api.ts';
import { type Change, created } from '../../main/contract/diff.ts';
import type { Label, PackedMask, Shape, StoredPrompt } from '../../main/contract/project.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { height, labelOf, promptOf, shapeOf, width } from './records.ts';

/** A path in a new folder that goes with the test. */
export function newFile(name = 'test.loupe'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'loupe-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, name);
}

/** Closed when the test ends. */
export function opened(file: string): Project {
  const project = openProject(file, { create: true });
  onTestFinished(() => project.close());
  return project;
}

/** Three images, a.png to c.png, of 20 x 10 pixels. */
export function newProject(): { project: Project; images: [number, number, number] } {
  const project = opened(newFile());
  const [a = 0, b = 0, c = 0] = project.addImages(
    ['a.png', 'b.png', 'c.png'].map((name) => ({ path: name, width, height })),
  );
  return { project, images: [a, b, c] };
}

export function addLabel(project: Project, name: string): Label {
  const label = labelOf(project.reserve(1), name);
  project.apply({ title: `Add label ${name}`, changes: [created('label', label)] });
  return label;
}

export function addShape(project: Project, imageId: number, labelId: number, mask?: PackedMask | null): Shape {
  const shape = shapeOf(project.reserve(1), imageId, labelId, mask);
  project.apply({ title: 'Draw mask', changes: [created('shape', shape)] });
  return shape;
}

export function addPrompt(project: Project, imageId: number, text: string): StoredPrompt {
  const prompt = promptOf(project.reserve(1), imageId, text);
  project.apply({ title: 'Ask', changes: [created('prompt', prompt)] });
  return prompt;
}

export const apply = (project: Project, ...changes: Change[]) => project.apply({ title: 'Change', changes });

export const everything: ImageQuery = { search: '', status: 'all', labelId: null, order: 'path' };
