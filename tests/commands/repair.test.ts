// `loupe repair` as the program runs it: a project that stays as it is, one that is changed in one step, and what is refused.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addRepair } from '../../main/commands/repair.ts';
import { created } from '../../main/contract/diff.ts';
import { packMask, type Shape } from '../../main/contract/project.ts';
import { openProject } from '../../main/store/project.ts';
import { writeRepairRecord } from '../../main/weights/records/repairRecord.ts';
import { nothing, pictures, weightsSaying } from '../engine/weights.ts';
import { fromBox } from '../pictures/disc.ts';
import { ran } from './inProcess.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-repair-'));
  weights = await weightsSaying(root, [nothing]);
  await pictures(path.join(root, 'pictures'), 2);
});
afterAll(() => rm(root, { recursive: true }));

/** A project of two masks whose outlines follow no edge. */
function project(name: string): string {
  const file = path.join(root, name);
  const made = openProject(file, { create: true });
  const images = made.addImages([0, 1].map((i) => ({ path: `pictures/disc-${i}.png` })));
  const labelId = made.reserve(1);
  const label = { id: labelId, name: 'cup', colour: '#aa3300', digit: null, attributes: [], place: 0 };
  const box = { x1: 4, y1: 2, x2: 70, y2: 58 };
  const shapes = images.map(
    (imageId, i): Shape => ({
      ...{ id: made.reserve(1), imageId, labelId, mask: packMask(fromBox(box)), box, place: i },
      ...{ attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'drawn' } },
    }),
  );
  made.applyMany('Draw', [created('label', label), ...shapes.map((shape) => created('shape', shape))]);
  made.close();
  return file;
}

const loupe = (...args: string[]) => ran([addRepair], ['repair', ...args, '--weights', weights]);

const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const masksIn = (file: string): unknown[] => {
  const opened = openProject(file);
  const masks = [...opened.allImages()].flatMap(({ id }) => opened.detail(id)?.shapes.map(({ mask }) => mask) ?? []);
  opened.close();
  return masks;
};

describe('repair', () => {
  it('says that nobody measured the weights, and ends with 1', async () => {
    const { code, out } = await loupe(project('unmeasured.loupe'));
    expect(code).toBe(1);
    expect(out).toContain('2 masks redrawn by loupe-nano');
    expect(out).toContain('nobody measured what these weights gain; "loupe train repair" does');
  });

  it('leaves the project as it is without --apply, byte for byte', async () => {
    const figures = { before: 0, after: 0, harm: 0, auprc: 0, masks: 0 };
    await writeRepairRecord(weights, { features: ['same'], base: 0.3, trees: [], margin: 0, figures });
    const file = project('still.loupe');
    const before = digest(file);
    const { code, out } = await loupe(file, '--json');
    expect(digest(file)).toBe(before);
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ weights: expect.stringMatching(/^loupe-nano/), applied: 0, failed: [] });
    expect(report.shapes).toHaveLength(2);
    expect(report.shapes[0]).toMatchObject({ label: 'cup', verdict: 'better', image: 'pictures/disc-0.png' });
    expect(report.shapes[0].gain).toBeCloseTo(0.3, 9);
  });

  it('with --apply replaces what is likely better, in one step that undo takes back', async () => {
    const file = project('applied.loupe');
    const before = masksIn(file);
    const { out } = await loupe(file, '--apply', '--label', 'cup');
    expect(out).toContain('2 replaced in one step, which undo takes back');
    expect(masksIn(file)).not.toEqual(before);
    const opened = openProject(file);
    expect(opened.info().undo).toBe('Repair masks');
    opened.undo();
    opened.close();
    expect(masksIn(file)).toEqual(before);
  });

  it('refuses a label that is not there, and a project that is not there', async () => {
    const unknown = await loupe(project('label.loupe'), '--label', 'dog');
    expect([unknown.code, unknown.line]).toEqual([2, expect.stringContaining('has no label "dog"; there are "cup"')]);
    const none = await loupe(path.join(root, 'none.loupe'));
    expect([none.code, none.line]).toEqual([2, expect.stringContaining('none.loupe')]);
  });
});
