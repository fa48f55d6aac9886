// A project into the file that it came from: only what was changed here is another, and the file of before lies beside it.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { changed, created, deleted } from '../../../main/contract/diff.ts';
import { packMask, type Shape } from '../../../main/contract/project.ts';
import { fromBitmap, maskBox } from '../../../main/contract/rle.ts';
import { writeBack } from '../../../main/jobs/exporting/writeBack.ts';
import { placeOf } from '../../../main/jobs/pictures/sourcePlaces.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { type Coco, imported, named, quiet, shapesOf, source } from '../cocoTrips.ts';

const read = (file: string): Coco => JSON.parse(readFileSync(file, 'utf8')) as Coco;

async function begun(content: unknown = source()) {
  const file = named(`back-${Math.random().toString(36).slice(2)}/instances.json`, content);
  const { project } = await imported(file);
  return { project, file, back: () => writeBack(project, file, quiet) };
}

function draw(project: Project): Shape {
  const [image] = [...project.allImages()];
  const [label] = project.labels();
  const mask = fromBitmap(new Uint8Array(12_000).fill(1, 0, 240), 120, 100);
  const id = project.reserve(1);
  const shape: Shape = {
    ...{ id, imageId: image?.id ?? 0, labelId: label?.id ?? 0, mask: packMask(mask), box: maskBox(mask) },
    ...{ attributes: {}, crowd: false, hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
  };
  project.apply({ title: 'Draw', changes: [created('shape', shape)] });
  return shape;
}

describe('writing back', () => {
  test('without a change the file says the same, in its order, and the one of before is kept', async () => {
    const { file, back } = await begun();
    const before = readFileSync(file, 'utf8');
    const { backup, annotations, stated } = await back();
    expect(read(file)).toEqual(source());
    expect([readFileSync(backup, 'utf8'), path.dirname(backup)]).toEqual([before, path.dirname(file)]);
    expect([annotations, stated]).toEqual([3, []]);
  });

  test('what was not taken from it stays in it', async () => {
    const odd = { id: 900, image_id: 785, category_id: 44, bbox: [], keypoints: [1, 2, 2] };
    const content = { ...source(), annotations: [odd, ...source().annotations, 'no annotation'] };
    const { file, back, project } = await begun({ ...content, images: [...source().images, { id: 'x' }] });
    draw(project);
    await back();
    const { annotations, images } = read(file);
    expect(annotations.slice(0, -1)).toEqual(content.annotations);
    expect(Number(annotations.at(-1)?.id)).toBeGreaterThan(900);
    expect(images.at(-1)).toEqual({ id: 'x' });
  });

  test('changed, deleted and new shapes are the only difference, also when it is written a second time', async () => {
    const { project, file, back } = await begun();
    const [first, second] = shapesOf(project);
    if (first === undefined || second === undefined) throw new Error('too few shapes');
    const box = { x1: 1, y1: 2, x2: 5, y2: 9 };
    const edit = changed('shape', first, { mask: null, box });
    project.apply({ title: 'Edit', changes: [...(edit ? [edit] : []), deleted('shape', second)] });
    draw(project);
    await back();
    const once = read(file);
    expect(once.annotations).toHaveLength(3);
    expect(once.annotations).toMatchObject([
      { id: 503, bbox: [1, 2, 4, 7], box_only: true, keypoints: [20, 20, 2, 30, 20, 1] },
      source().annotations[2] ?? {},
      { area: 240, image_id: 785 },
    ]);
    expect({ ...once, annotations: [] }).toEqual({ ...source(), annotations: [] });
    await back();
    expect(read(file)).toEqual(once);
    const { report } = await imported(file, project);
    expect(report.shapes).toBe(0);
    expect(shapesOf(project)).toHaveLength(3);
  });

  test('a file that somebody else changed is refused and left, and can be written once it was imported again', async () => {
    const { project, file, back } = await begun();
    draw(project);
    const theirs = { ...source(), annotations: source().annotations.slice(1) };
    writeFileSync(file, JSON.stringify(theirs));
    await expect(back()).rejects.toThrow(/instances\.json: was changed since it was imported; import it again/);
    expect([read(file), readdirSync(path.dirname(file))]).toEqual([theirs, ['instances.json']]);
    await imported(file, project);
    await back();
    // The one that they deleted stands in the project still, and so does the one that was drawn.
    expect(read(file).annotations.slice(0, 2)).toEqual(theirs.annotations);
    expect(read(file).annotations).toHaveLength(4);
  });

  test('a file that nothing came from, and one that is gone, are refused in one sentence', async () => {
    const { project } = await begun();
    const other = named('other.json', { ...source(), info: {} });
    await expect(writeBack(project, other, quiet)).rejects.toThrow(/nothing of this project came from it/);
    expect(read(other)).toEqual({ ...source(), info: {} });
  });

  test('project and file that were moved together find each other, and it is told', async () => {
    const { project, file } = await begun();
    const edit = changed('shape', shapesOf(project)[0] ?? draw(project), {
      mask: null,
      box: { x1: 1, y1: 2, x2: 5, y2: 9 },
    });
    project.apply({ title: 'Edit', changes: edit ? [edit] : [] });
    const moved = `${path.dirname(file)}-moved`;
    const [here, there] = [project.file, path.join(moved, 'p.loupe')];
    project.close();
    renameSync(path.dirname(file), moved);
    renameSync(here, there);
    const again = openProject(there);
    const place = path.join(moved, path.basename(file));
    expect(again.sourceFiles().map((source) => placeOf(there, source.path))).toEqual([place]);
    const { stated } = await writeBack(again, place, quiet);
    expect(stated[0]).toBe(`${path.basename(file)} was moved: it was imported from ${file} and is now ${place}`);
    expect(read(place).annotations[0]).toMatchObject({ id: 503, bbox: [1, 2, 4, 7] });
    expect((await writeBack(again, place, quiet)).stated).toEqual([]);
    again.close();
  });

  test('a copy is refused while the file itself is there, and so is a moved one that was changed', async () => {
    const { project, file } = await begun();
    const copy = named('copy/instances.json', readFileSync(file));
    await expect(writeBack(project, copy, quiet)).rejects.toThrow(/is a copy of .*, which the project came from/u);
    const place = path.join(path.dirname(project.file), path.basename(path.dirname(file)), path.basename(file));
    expect(place).toBe(file);
    writeFileSync(copy, JSON.stringify({ ...source(), info: { description: 'theirs' } }));
    await expect(writeBack(project, copy, quiet)).rejects.toThrow(/nothing of this project came from it/u);
  });

  test('of two files each gets its own back, whatever the other says', async () => {
    const { project, file, back } = await begun();
    const other = {
      ...source(),
      images: source().images.map((image, i) => ({ ...image, file_name: `other-${i}.png` })),
    };
    const { file: second } = await imported(other, project);
    const { stated } = await back();
    await writeBack(project, second, quiet);
    expect([read(file), read(second)]).toEqual([source(), other]);
    expect(stated).toEqual(['2 images are not of this file and were left out, with what is on them']);
  });

  test('keys that are not JSON would be lost: refused', async () => {
    const text = JSON.stringify(source()).replace('"videos":[{"id":1}]', '"videos":[NaN]');
    const { file, back } = await begun(text);
    await expect(back()).rejects.toThrow(/cannot be written back: "videos": it is not JSON/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});
