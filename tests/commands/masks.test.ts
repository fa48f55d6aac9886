// `loupe masks` as the program runs it: masks in the project's file, a label of one's own, JSON, and what is refused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMasks } from '../../main/commands/masks.ts';
import { created } from '../../main/contract/diff.ts';
import type { Shape } from '../../main/contract/project.ts';
import { openProject } from '../../main/store/project.ts';
import { nothing, pictures, weightsSaying } from '../engine/weights.ts';
import { ran } from './inProcess.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-masks-'));
  weights = await weightsSaying(root, [nothing]);
  await pictures(path.join(root, 'pictures'), 2);
});
afterAll(() => rm(root, { recursive: true }));

/** A project of two boxes, as YOLO files bring them. */
function project(name: string): string {
  const file = path.join(root, name);
  const made = openProject(file, { create: true });
  const images = made.addImages([0, 1].map((i) => ({ path: `pictures/disc-${i}.png` })));
  const labelId = made.reserve(1);
  const label = { id: labelId, name: 'cup', colour: '#aa3300', digit: null, attributes: [], place: 0 };
  const shapes = images.map(
    (imageId, i): Shape => ({
      ...{ id: made.reserve(1), imageId, labelId, mask: null, box: { x1: 22, y1: 14, x2: 50, y2: 42 }, place: i },
      ...{ attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'imported', file: 'yolo' } },
    }),
  );
  made.applyMany('Import', [created('label', label), ...shapes.map((shape) => created('shape', shape))]);
  made.close();
  return file;
}

const loupe = (...args: string[]) => ran([addMasks], ['masks', ...args, '--weights', weights]);

const masksIn = (file: string): number => {
  const opened = openProject(file);
  const all = [...opened.allImages()].flatMap(({ id }) => opened.detail(id)?.shapes ?? []);
  opened.close();
  return all.filter(({ mask }) => mask !== null).length;
};

describe('masks', () => {
  it('stand in the file afterwards, in one step; the next run has nothing to do and ends with 1', async () => {
    const file = project('boxes.loupe');
    const { code, out } = await loupe(file);
    expect([code, out.split('\n')[0], masksIn(file)]).toEqual([0, '2 masks made of 2 boxes.', 2]);
    const again = await loupe(file);
    expect([again.code, again.out]).toEqual([
      1,
      'No box is without a mask, so nothing is drawn; what the box tool draws is a mask already.\n',
    ]);
    const opened = openProject(file);
    expect(opened.info().undo).toBe('Boxes to masks');
    opened.undo();
    opened.close();
    expect(masksIn(file)).toBe(0);
  });

  it('are told as one JSON document', async () => {
    const { out } = await loupe(project('json.loupe'), '--label', 'cup', '--json');
    const report = JSON.parse(out);
    expect(report).toMatchObject({ weights: expect.stringMatching(/^loupe-nano/), failed: [] });
    expect(report.shapes).toHaveLength(2);
    expect(report.shapes[0]).toMatchObject({ label: 'cup', verdict: 'mask', image: 'pictures/disc-0.png' });
  });

  it('are not made of a label or a project that is not there', async () => {
    const unknown = await loupe(project('label.loupe'), '--label', 'dog');
    expect([unknown.code, unknown.line]).toEqual([2, expect.stringContaining('has no label "dog"; there are "cup"')]);
    const none = await loupe(path.join(root, 'none.loupe'));
    expect([none.code, none.line]).toEqual([2, expect.stringContaining('none.loupe')]);
  });
});
