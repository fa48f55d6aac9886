// Any COCO file comes out as it went in, and adds nothing when it comes again; what is the same thing is known.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changed, created } from '../../main/contract/diff.ts';
import { packMask, type Shape } from '../../main/contract/project.ts';
import { fromBitmap, maskArea } from '../../main/contract/rle.ts';
import { parseSegmentation } from '../../main/formats/coco/cocoRules.ts';
import { type Coco, closeAll, exported, imported, shapesOf, sorted, source, square } from './cocoTrips.ts';

describe('any file', () => {
  const number = fc.oneof(fc.nat(100), fc.double({ min: 0, max: 100, noNaN: true }));
  const corner = fc.tuple(fc.double({ min: 0, max: 40, noNaN: true }), fc.double({ min: 0, max: 30, noNaN: true }));
  const ring = fc.array(corner, { minLength: 3, maxLength: 6 }).map((corners) => corners.flat());
  const runs = fc
    .uint8Array({ minLength: 1200, maxLength: 1200, max: 1 })
    .map((bits) => fromBitmap(bits, 40, 30))
    .chain((mask) => fc.constantFrom<object>(mask, packMask(mask)));
  const extras = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 8 }).map((key) => `x_${key}`),
    fc.jsonValue(),
    { maxKeys: 3 },
  );
  const annotation = fc.record({
    segmentation: fc.oneof(fc.array(ring, { minLength: 1, maxLength: 2 }), runs, fc.constant([])),
    area: number,
    iscrowd: fc.constantFrom(0, 1),
    image: fc.nat(1),
    category: fc.nat(2),
    more: extras,
    attributes: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue()),
  });
  const file = fc
    .record({
      ids: fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 12, maxLength: 12 }),
      annotations: fc.array(annotation, { maxLength: 5 }),
      beside: fc.array(extras, { minLength: 5, maxLength: 5 }),
    })
    .map(({ ids, annotations, beside }): Coco => {
      const id = (place: number) => ids[place] ?? 0;
      const sizes = { width: 40, height: 30 };
      return {
        ...beside[0],
        ...{ info: beside[1] ?? {}, licenses: [beside[2]] },
        images: [0, 1].map((i) => ({ ...beside[3], id: id(i), file_name: `p/${i}.png`, ...sizes })),
        categories: [0, 1, 2].map((i) => ({ ...beside[4], id: id(2 + i), name: `name ${i}` })),
        annotations: annotations.map(({ image, category, more, area, ...rest }, i) => ({
          ...{ ...more, ...rest, area, id: id(5 + i), image_id: id(image), category_id: id(2 + category) },
          bbox: [1.5, 2.25, 20, 17.125],
        })),
      };
    });

  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  /** Those whose masks are empty become their boxes, which is no round trip. */
  const hasMasks = ({ annotations }: Coco) =>
    annotations.every(({ segmentation }) => {
      if (Array.isArray(segmentation) && segmentation.length === 0) return true;
      return maskArea(parseSegmentation(segmentation, 40, 30)) > 0;
    });

  test('comes out equal, also after every shape was changed and all of it undone', async () => {
    const check = async (coco: Coco) => {
      const { project, report } = await imported(coco);
      expect(report.leftOut).toEqual([]);
      const out = await exported(project);
      expect(sorted(out.coco)).toEqual(sorted(plain(coco) as Coco));
      expect(out.problems.filter((each) => !/every annotation is a crowd/.test(each))).toEqual([]);
      const box = { x1: 1, y1: 1, x2: 3, y2: 3 };
      const edits = shapesOf(project).flatMap((shape) => changed('shape', shape, { mask: null, box }) ?? []);
      if (edits.length > 0) {
        project.apply({ title: 'Boxes', changes: edits });
        expect((await exported(project)).coco.annotations.every((each) => each.box_only === true)).toBe(true);
        project.undo();
      }
      expect((await exported(project)).text).toBe(out.text);
      closeAll();
    };
    await fc.assert(fc.asyncProperty(file.filter(hasMasks), check), { numRuns: 25 });
  });

  test('adds nothing when it comes again, nor does its export', async () => {
    const check = async (coco: Coco) => {
      const { project, file: from } = await imported(coco);
      const before = shapesOf(project);
      const out = await exported(project);
      for (const again of [from, out.file]) {
        const { report } = await imported(again, project);
        expect([report.shapes, report.labels]).toEqual([0, 0]);
      }
      expect(shapesOf(project)).toEqual(before);
      expect(sorted((await exported(project)).coco)).toEqual(sorted(out.coco));
      closeAll();
    };
    await fc.assert(fc.asyncProperty(file.filter(hasMasks), check), { numRuns: 15 });
  });
});

describe('the same thing again', () => {
  test('an edited shape is known by its id in its own file; how many were the same is said', async () => {
    const { project, file } = await imported(source());
    const edits = shapesOf(project).flatMap(
      (shape) => changed('shape', shape, { mask: null, box: { x1: 60, y1: 60, x2: 63, y2: 63 } }) ?? [],
    );
    project.apply({ title: 'Move', changes: edits });
    const { report } = await imported(file, project);
    expect([report.shapes, report.notes[0]]).toEqual([0, '3 shapes were in the project already and not added again']);
  });

  test('a mask that covers the same to 0.98 under the same label is the same; under another it is new', async () => {
    const near = {
      ...source(),
      annotations: [{ ...source().annotations[0], id: 9, segmentation: [[...square.slice(0, 6), 11, 40.25]] }],
    };
    const { project } = await imported(source());
    expect((await imported(near, project)).report.shapes).toBe(0);
    const other = { ...near, annotations: near.annotations.map((each) => ({ ...each, category_id: 3 })) };
    expect((await imported(other, project)).report.shapes).toBe(1);
  });

  test('what was drawn here is known by its id when the export comes back, also when it was changed since', async () => {
    const { project } = await imported({ ...source(), annotations: [] });
    const [image] = [...project.allImages()];
    const [label] = project.labels();
    const id = project.reserve(1);
    const box = { x1: 10, y1: 10, x2: 50, y2: 40 };
    const shape: Shape = {
      ...{ id, imageId: image?.id ?? 0, labelId: label?.id ?? 0, mask: null, box, attributes: {}, crowd: false },
      ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' } },
    };
    project.apply({ title: 'Draw', changes: [created('shape', shape)] });
    const { file } = await exported(project);
    const edit = changed('shape', shape, { box: { ...box, x2: 44 } });
    project.apply({ title: 'Resize', changes: edit ? [edit] : [] });
    expect((await imported(file, project)).report.shapes).toBe(0);
    expect(shapesOf(project)).toHaveLength(1);
  });

  test('two that are alike stay two', async () => {
    const [one] = source().annotations;
    const twins = { ...source(), annotations: [one, { ...one, id: 504 }] };
    const { project, file } = await imported(twins);
    expect(shapesOf(project)).toHaveLength(2);
    expect((await imported(file, project)).report.shapes).toBe(0);
    expect((await exported(project)).coco.annotations.map(({ id }) => id)).toEqual([503, 504]);
  });
});
