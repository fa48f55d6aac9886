// Masks out of a project and into another: what COCO can hold comes back pixel for pixel, whatever was drawn.
import { rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { created } from '../main/contract/diff.ts';
import type { ExportSettings } from '../main/contract/jobs.ts';
import { packMask, type Shape, unpackMask } from '../main/contract/project.ts';
import type { Box, Mask } from '../main/contract/records.ts';
import { fromBitmap, maskArea, maskBox, maskIou } from '../main/contract/rle.ts';
import { exportCoco, verifyCoco } from '../main/jobs/exporting/exporting.ts';
import { openProject, type Project } from '../main/store/project.ts';
import { freshFolder } from './formats/reads.ts';
import { importHere } from './jobs/readHere.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const [width, height] = [14, 9];
const quiet = { signal: new AbortController().signal, total: () => {}, step: () => {} };
let count = 0;
const fresh = (): Project => {
  const project = openProject(path.join(folder, `${++count}.loupe`), { create: true });
  open.push(project);
  return project;
};

interface Drawn {
  readonly label: string;
  readonly mask: Mask | null;
  readonly box: Box;
  readonly crowd: boolean;
  readonly attributes: Shape['attributes'];
}

/** A project of two images with the things drawn on the second. */
function projectOf(things: readonly Drawn[]): Project {
  const project = fresh();
  const [, imageId = 0] = project.addImages([
    { path: 'empty.png', width, height },
    { path: 'sub/b.png', width, height },
  ]);
  const names = [...new Set(things.map(({ label }) => label))];
  const labels = new Map(names.map((name) => [name, project.reserve(1)]));
  const changes = names.map((name, i) =>
    created('label', {
      ...{ id: labels.get(name) ?? 0, name, colour: '#0072b2', digit: null, attributes: [], place: i },
    }),
  );
  const shapes = things.map(({ label, mask, box, crowd, attributes }) => {
    const id = project.reserve(1);
    const own = { id, imageId, labelId: labels.get(label) ?? 0, mask: mask && packMask(mask), place: id };
    return created('shape', {
      ...{ ...own, box, crowd, attributes, hidden: false, locked: false, origin: { kind: 'drawn' } },
    });
  });
  if (things.length > 0) project.applyMany('Draw', [...changes, ...shapes]);
  return project;
}

const thingsIn = (project: Project): Drawn[] => {
  const names = new Map(project.labels().map(({ id, name }) => [id, name]));
  const shapes = [...project.allImages()].flatMap(({ id }) => project.shapesOf(id)).toSorted((a, b) => a.id - b.id);
  return shapes.map(({ labelId, mask, box, crowd, attributes }) => ({
    ...{ label: names.get(labelId) ?? '', mask: mask && unpackMask(mask), box, crowd, attributes },
  }));
};

async function roundTrip(project: Project, masks: ExportSettings['masks']) {
  const file = path.join(folder, `${++count}.json`);
  const written = await exportCoco(project, file, { settings: { masks, onlyAccepted: false }, progress: quiet });
  const { problems } = await verifyCoco(project, file);
  const back = fresh();
  const report = await importHere(back, file);
  return { written, problems, back, report, file };
}

const anyMask = fc
  .array(fc.constantFrom(0, 0, 1), { minLength: width * height, maxLength: width * height })
  .map((bits) => fromBitmap(Uint8Array.from(bits), width, height))
  .filter((mask) => maskArea(mask) > 0);
/** Blobs, as people draw them: rows of one stretch each, over and under each other. */
const blob = fc
  .array(fc.tuple(fc.nat(width - 1), fc.integer({ min: 1, max: width })), { minLength: 1, maxLength: height })
  .map((rows) => {
    const bits = new Uint8Array(width * height);
    for (const [y, [from, long]] of rows.entries())
      bits.fill(1, y * width + from, y * width + Math.min(width, from + long));
    return fromBitmap(bits, width, height);
  });
const label = fc.constantFrom('cup', 'plate', 'ein "Topf"', '杯子', '__proto__', 'constructor');
const attributes = fc.constantFrom<Shape['attributes']>({}, { old: true }, { note: 'größer', count: 3, ratio: 0.25 });
const drawn: fc.Arbitrary<Drawn> = fc
  .record({ label, mask: fc.oneof(anyMask, blob), crowd: fc.boolean(), attributes })
  .map((thing) => ({ ...thing, box: maskBox(thing.mask) }));
const unlike = (things: readonly Drawn[]): Drawn[] => {
  const seen = new Set<string>();
  return things.filter((each) => {
    const key = JSON.stringify([each.label, each.crowd, each.mask]);
    return !seen.has(key) && seen.add(key);
  });
};

describe('run lengths', () => {
  test('bring back every mask, label, crowd and attribute', async () => {
    const check = async (given: readonly Drawn[]) => {
      const things = unlike(given);
      const project = projectOf(things);
      const { problems, back, report } = await roundTrip(project, 'run lengths');
      const onlyCrowds = things.length > 0 && things.every(({ crowd }) => crowd);
      expect(problems.length).toBe(onlyCrowds ? 1 : 0);
      expect(thingsIn(back)).toEqual(things);
      expect([report.shapes, report.leftOut, report.images]).toEqual([things.length, [], 2]);
      for (const one of open.splice(0)) one.close();
    };
    await fc.assert(fc.asyncProperty(fc.array(drawn, { maxLength: 4 }), check), { numRuns: 25 });
  });
});

describe('auto', () => {
  test('loses at most what its sentence states', async () => {
    const check = async (things: readonly Drawn[]) => {
      const project = projectOf(things);
      const { written, back, problems } = await roundTrip(project, 'auto');
      expect(problems.filter((each) => !/every annotation is a crowd/.test(each))).toEqual([]);
      const returned = thingsIn(back);
      expect(returned.length).toBe(things.length);
      const ious = things.map(({ mask }, i) => {
        const again = returned[i]?.mask;
        return mask && again ? maskIou(mask, again) : 0;
      });
      const told = written.stated.join(' ').match(/IoU at least (?<least>[\d.]+)/u)?.groups?.least ?? '1';
      for (const iou of ious) expect(iou).toBeGreaterThanOrEqual(Number(told) - 1e-4);
      for (const one of open.splice(0)) one.close();
    };
    const some = fc.array(drawn, { minLength: 1, maxLength: 3 }).map(unlike);
    await fc.assert(fc.asyncProperty(some, check), { numRuns: 25 });
  });
});

describe('the same file again', () => {
  test('adds nothing to the project that it came from, whatever was drawn', async () => {
    const check = async (given: readonly Drawn[]) => {
      const things = unlike(given);
      const project = projectOf(things);
      const { file } = await roundTrip(project, 'run lengths');
      const before = thingsIn(project);
      const again = await importHere(project, file);
      expect([again.shapes, again.labels, thingsIn(project)]).toEqual([0, 0, before]);
      for (const one of open.splice(0)) one.close();
    };
    await fc.assert(fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 3 }), check), { numRuns: 15 });
  });
});

test('a box alone comes back as a box alone', async () => {
  const box = { x1: 2, y1: 3, x2: 8, y2: 7 };
  const project = projectOf([{ label: 'cup', mask: null, box, crowd: false, attributes: {} }]);
  const { back, written } = await roundTrip(project, 'auto');
  expect(thingsIn(back)).toMatchObject([{ label: 'cup', mask: null, box }]);
  expect(written.stated).toHaveLength(1);
});

test('a project without anything is a file without anything', async () => {
  const { back, report, problems } = await roundTrip(projectOf([]), 'auto');
  expect([thingsIn(back), report.images, report.shapes, problems]).toEqual([[], 2, 0, []]);
  expect([...back.allImages()].map((image) => image.path)).toEqual(['empty.png', 'sub/b.png']);
});
