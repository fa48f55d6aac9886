// A project of pictures with named things: what stands in it is what a person would have drawn, and what is held out.
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NamedPicture, picturedProject } from '../../../main/commands/bench/picturedProject.ts';
import { packMask, unpackMask } from '../../../main/contract/project.ts';
import { samplesOf } from '../../../main/learn/samples/sample.ts';
import { decodeImage } from '../../../main/pictures/image.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { freshFolder } from '../../formats/reads.ts';
import { side, teachingImages } from '../../learn/teaching.ts';

const folder = path.join(freshFolder(), 'made');
let pictures: NamedPicture[];
let project: Project;
beforeAll(async () => {
  const made = teachingImages(4).map(async ({ read, things }) => ({
    image: await read(),
    things: things.flatMap(({ name, box, mask }) => (mask ? [{ name, box, mask: unpackMask(mask) }] : [])),
  }));
  pictures = await Promise.all(made);
  project = await picturedProject({ folder, pictures, names: ['cat', 'dog'], held: 1 });
});
afterAll(() => {
  project.close();
  rmSync(path.dirname(folder), { recursive: true });
});

/** Every image with all that stands on it. */
const details = () =>
  [...project.allImages()].map(({ id }) => {
    const detail = project.detail(id);
    if (!detail) throw new Error(`image ${id} is not there`);
    return detail;
  });

describe('a project of pictures', () => {
  it('holds every picture, pixel by pixel', async () => {
    expect(existsSync(project.file)).toBe(true);
    for (const [i, { image }] of details().entries()) {
      const { width, height, data } = await decodeImage(path.join(folder, image.path));
      expect([width, height]).toEqual([side, side]);
      expect(Buffer.from(data).equals(Buffer.from(pictures[i]?.image.data ?? []))).toBe(true);
    }
  });

  it('has a shape for each thing, with its label, mask and box', () => {
    const names = new Map(project.labels().map(({ id, name }) => [id, name]));
    expect([...names.values()]).toEqual(['cat', 'dog']);
    const shapes = details().map((detail) => detail.shapes);
    expect(shapes.map((some) => some.map(({ labelId }) => names.get(labelId)))).toEqual([
      ...[['cat'], ['dog'], ['cat'], ['dog']],
    ]);
    for (const [i, some] of shapes.entries()) {
      const thing = pictures[i]?.things[0];
      expect(some).toMatchObject([{ box: thing?.box, mask: thing && packMask(thing.mask), origin: { kind: 'drawn' } }]);
    }
  });

  it('teaches by the names of its labels', () => {
    const samples = details().flatMap((detail) => samplesOf(detail, project.labels()));
    expect(samples.map(({ prompt }) => prompt.text)).toEqual(['cat', 'dog', 'cat', 'dog']);
  });

  it('holds the last ones out, also when it is opened again', () => {
    const ids = [...project.allImages()].map(({ id }) => id);
    expect(project.split()).toEqual({ held: ids.slice(3), taught: [] });
    project.close();
    project = openProject(project.file);
    expect(project.split().held).toEqual(ids.slice(3));
  });

  it('is refused where a thing has no label', async () => {
    const strange = { folder: path.join(folder, 'strange'), pictures, names: ['cat'], held: 0 };
    await expect(picturedProject(strange)).rejects.toThrow('"dog" of 2.png has no row');
  });
});
