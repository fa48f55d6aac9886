import { describe, expect, test } from 'vitest';
import { changed, deleted } from '../../main/contract/diff.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Project } from '../../main/store/project.ts';
import { addLabel, addShape, apply, everything, newProject } from './newProject.ts';
import { columnsMask } from './records.ts';

const whole = { offset: 0, limit: 99 };

/** The first image has two shapes of 4 columns, compared with the model's of 2 and of 3 columns. */
function compared(): { project: Project; images: number[]; coarse: Shape; better: Shape } {
  const { project, images } = newProject();
  const label = addLabel(project, 'car');
  const [coarse, better] = [addShape(project, images[0], label.id), addShape(project, images[0], label.id)];
  project.setComparison(coarse.id, { mask: columnsMask(2), weights: 'nano', disagreement: 0.5 });
  project.setComparison(better.id, { mask: columnsMask(3), weights: 'nano', disagreement: 0.25 });
  return { project, images, coarse, better };
}

const open = (project: Project): number[] => project.pairs(whole).pairs.map(({ shapeId }) => shapeId);

const disagreementOf = (project: Project, image: number | undefined) =>
  project.list(everything, whole).rows.find(({ id }) => id === image)?.disagreement;

/** What the handler does: the shape takes the model's mask, as a person's change. */
function replace(project: Project, shape: Shape, columns: number): void {
  const change = changed('shape', shape, { mask: columnsMask(columns) });
  if (change) project.apply({ title: 'Replace mask', changes: [change] });
  project.judge(shape.id, 'replace');
}

describe('what is to be compared', () => {
  test('every shape with a mask that these weights were not compared with, of one label or of all', () => {
    const { project, images } = newProject();
    const [car, bus] = [addLabel(project, 'car'), addLabel(project, 'bus')];
    const first = addShape(project, images[0], car.id);
    addShape(project, images[0], car.id, null);
    const second = addShape(project, images[1], bus.id);
    const ids = (labelId: number | null, weights: string) =>
      [...project.shapesToCompare(labelId, weights)].map(({ id }) => id);
    expect(ids(null, 'nano')).toEqual([first.id, second.id]);
    expect(ids(bus.id, 'nano')).toEqual([second.id]);
    project.setComparison(first.id, { mask: columnsMask(2), weights: 'nano', disagreement: 0.5 });
    expect(ids(null, 'nano')).toEqual([second.id]);
    expect(ids(null, 'nano 2')).toEqual([first.id, second.id]);
  });

  test('can be stored while it is read, and is left out where the shape has gone', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shapes = Array.from({ length: 150 }, () => addShape(project, images[0], label.id));
    for (const shape of project.shapesToCompare(null, 'nano')) {
      if (shape.id === shapes[3]?.id) apply(project, deleted('shape', shape));
      project.setComparison(shape.id, { mask: columnsMask(2), weights: 'nano', disagreement: 0.5 });
    }
    expect(project.pairs(whole).total).toBe(149);
  });
});

describe('pairs', () => {
  test('come with the worst first', () => {
    const { project, images, coarse, better } = compared();
    expect(project.pairs({ offset: 0, limit: 1 })).toEqual({
      total: 2,
      pairs: [
        {
          ...{ shapeId: coarse.id, imageId: images[0], mask: columnsMask(2), weights: 'nano', disagreement: 0.5 },
          ...{ boundary: null, gain: null },
        },
      ],
    });
    expect(project.pairs({ offset: 1, limit: 9 }).pairs.map(({ shapeId }) => shapeId)).toEqual([better.id]);
  });

  test('are found by their shape until they are judged', () => {
    const { project, coarse, better } = compared();
    expect(project.pair(better.id)).toEqual(project.pairs(whole).pairs[1]);
    project.judge(coarse.id, 'keep');
    expect(project.pair(coarse.id)).toBeNull();
    expect(project.pair(99_999)).toBeNull();
  });

  test('come in the order asked for, those of which nothing is known last', () => {
    const { project, coarse, better } = compared();
    const third = addShape(project, coarse.imageId, coarse.labelId);
    const more = { mask: columnsMask(2), weights: 'nano', disagreement: 0.5 };
    project.setComparison(coarse.id, { ...more, gain: -0.1, boundary: 0.9 });
    project.setComparison(third.id, { ...more, disagreement: 0.1, gain: 0.2, boundary: 0.3 });
    const ids = (order: 'gain' | 'boundary' | 'disagreement') =>
      project.pairs({ ...whole, order }).pairs.map(({ shapeId }) => shapeId);
    expect(ids('gain')).toEqual([third.id, coarse.id, better.id]);
    expect(ids('boundary')).toEqual([coarse.id, third.id, better.id]);
    expect(ids('disagreement')).toEqual([coarse.id, better.id, third.id]);
  });

  test('forget what was expected of a mask that a person changed, until it stands again', () => {
    const { project, coarse } = compared();
    project.setComparison(coarse.id, {
      mask: columnsMask(2),
      weights: 'nano',
      disagreement: 0.5,
      gain: 0.2,
      boundary: 0.7,
    });
    const change = changed('shape', coarse, { mask: columnsMask(3) });
    if (change) apply(project, change);
    expect(project.pair(coarse.id)).toMatchObject({ gain: null, boundary: null });
    project.undo();
    expect(project.pair(coarse.id)).toMatchObject({ gain: 0.2, boundary: 0.7 });
  });

  test('leave with their shape and come back with it', () => {
    const { project, images, coarse, better } = compared();
    apply(project, deleted('shape', coarse));
    expect(open(project)).toEqual([better.id]);
    expect(disagreementOf(project, images[0])).toBe(0.25);
    project.undo();
    expect(open(project)).toEqual([coarse.id, better.id]);
    expect(disagreementOf(project, images[0])).toBe(0.375);
  });

  test('are measured again when a person changes the mask', () => {
    const { project, images, coarse, better } = compared();
    const change = changed('shape', coarse, { mask: columnsMask(3) });
    if (change) apply(project, change);
    expect(project.pairs(whole).pairs.find(({ shapeId }) => shapeId === coarse.id)?.disagreement).toBeCloseTo(
      1 / 3,
      12,
    );
    expect(disagreementOf(project, images[0])).toBeCloseTo((1 / 3 + 0.25) / 2, 12);
    project.undo();
    expect(open(project)).toEqual([coarse.id, better.id]);
    apply(project, { kind: 'shape', id: coarse.id, before: {}, after: { mask: null } });
    expect(open(project)).toEqual([better.id]);
  });
});

describe('verdicts', () => {
  test('keep takes the pair away', () => {
    const { project, coarse, better } = compared();
    project.judge(coarse.id, 'keep');
    expect(open(project)).toEqual([better.id]);
    expect(project.pairs(whole).total).toBe(1);
  });

  test('replace is taken back and made again together with the change of the shape', () => {
    const { project, images, coarse, better } = compared();
    replace(project, coarse, 2);
    expect(open(project)).toEqual([better.id]);
    expect(disagreementOf(project, images[0])).toBe(0.125);
    project.undo();
    expect(open(project)).toEqual([coarse.id, better.id]);
    expect(project.pairs(whole).pairs[0]?.disagreement).toBe(0.5);
    project.redo();
    expect(open(project)).toEqual([better.id]);
  });

  test('another step that is undone leaves them', () => {
    const { project, coarse, better } = compared();
    replace(project, coarse, 2);
    addLabel(project, 'bus');
    project.judge(better.id, 'replace');
    project.undo();
    expect(open(project)).toEqual([]);
  });

  test('end with a new comparison of the shape', () => {
    const { project, coarse, better } = compared();
    project.judge(coarse.id, 'keep');
    project.setComparison(coarse.id, { mask: columnsMask(1), weights: 'nano 2', disagreement: 0.75 });
    expect(open(project)).toEqual([coarse.id, better.id]);
  });

  test('on a shape that was not compared are refused', () => {
    const { project } = compared();
    expect(() => project.judge(12_345, 'keep')).toThrow('was not compared');
  });
});
