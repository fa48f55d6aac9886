// Teaching a project in the process that trains: what is refused, and which versions can be used.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created } from '../../main/contract/diff.ts';
import type { TeachProgress } from '../../main/contract/learning.ts';
import { Engine } from '../../main/engine/supervisor.ts';
import { Meter } from '../../main/jobs/queue.ts';
import { promote, rollBack, teachProject, versionInUse } from '../../main/jobs/teaching.ts';
import { writePng } from '../../main/pictures/image.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { teachingImages, untaughtWeights } from '../learn/teaching.ts';

let root: string;
let weights: string;
const open: Project[] = [];
const engines: Engine[] = [];
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
});
afterAll(async () => {
  for (const engine of engines) await engine.close();
  for (const project of open) project.close();
  await rm(root, { recursive: true });
});

/** A project of pictures whose shapes are labelled as they are. */
async function projectOf(name: string, count: number): Promise<Project> {
  const project = openProject(path.join(root, `${name}.loupe`), { create: true });
  open.push(project);
  const images = teachingImages(count);
  for (const { imageId, read } of images)
    await writePng(path.join(root, `${imageId}.png`), { ...(await read()), channels: 3 });
  const ids = project.addImages(images.map(({ path: file }) => ({ path: file })));
  const labels = ['cat', 'dog'].map((text, i) => {
    const id = project.reserve(1);
    return { id, name: text, colour: '#aa0000', digit: null, attributes: [], place: i };
  });
  const shapes = images.map(({ samples }, i) => {
    const object = samples[0]?.objects[0];
    const label = labels.find((each) => each.name === samples[0]?.prompt.text);
    if (!object || !label) throw new Error('unreachable');
    const id = project.reserve(1);
    const plain = {
      attributes: {},
      crowd: false,
      hidden: false,
      locked: false,
      place: 0,
      origin: { kind: 'drawn' },
    } as const;
    return created('shape', {
      id,
      imageId: ids[i] ?? 0,
      labelId: label.id,
      mask: object.mask,
      box: object.box,
      ...plain,
    });
  });
  project.apply({ title: 'Draw', changes: [...labels.map((label) => created('label', label)), ...shapes] });
  return project;
}

function trainer(): Engine {
  const engine = new Engine({ weights: null, device: 'cpu' }, () => {}, { program: 'train', firstDelayMs: 20 });
  engines.push(engine);
  return engine;
}

const workOf = (project: Project, engine: Engine, heard: (progress: TeachProgress) => void = () => {}) => ({
  ...{ project, engine, weights, minutes: 5, seed: 1, heard },
  fileOf: ({ path: file }: { path: string }) => path.join(root, file),
});
const meter = () => new Meter(new AbortController().signal, () => {});

describe('teaching a project', { timeout: 400_000 }, () => {
  it('is refused with a sentence where nothing or too little teaches', async () => {
    const empty = await projectOf('empty', 0);
    await expect(teachProject(workOf(empty, trainer()), meter())).rejects.toThrow(
      'no image of the project has a correction',
    );
    const few = await projectOf('few', 3);
    const { gate } = await teachProject(workOf(few, trainer()), meter());
    expect(gate.reason).toMatch(/^3 different images/u);
    expect([few.versions(), few.split()]).toEqual([[], { held: [], taught: [] }]);
  });
});

describe('versions', () => {
  it('are rolled back only where one is in use, and used only where they are there', async () => {
    const project = await projectOf('none', 1);
    expect(versionInUse(project)).toBeNull();
    expect(() => rollBack(project)).toThrow('nothing to go back to');
    expect(() => promote(project, 99)).toThrow('there are no weights 99');
  });
});
