import { describe, expect, test } from 'vitest';
import { created } from '../../main/contract/diff.ts';
import type { AttributeRule } from '../../main/contract/project.ts';
import { addLabel, addShape, apply, everything, newProject } from './newProject.ts';
import { shapeOf } from './records.ts';

const labels = (project: ReturnType<typeof newProject>['project'], image: number): number[] | undefined =>
  project.detail(image)?.shapes.map(({ labelId }) => labelId);

describe('merging', () => {
  test('gives the shapes to the other label and takes the first away, as one step', () => {
    const { project, images } = newProject();
    const [car, auto] = [addLabel(project, 'car'), addLabel(project, 'auto')];
    addShape(project, images[0], car.id);
    addShape(project, images[0], auto.id);
    const recorded = project.mergeLabels(auto.id, car.id);
    expect(recorded).toMatchObject({ undo: 'Merge "auto" into "car"' });
    expect(recorded.diff.changes.map(({ kind }) => kind)).toEqual(['shape', 'label']);
    expect(labels(project, images[0])).toEqual([car.id, car.id]);
    expect(project.labels()).toEqual([car]);
    project.undo();
    expect(labels(project, images[0])).toEqual([car.id, auto.id]);
    expect(project.labels()).toEqual([car, auto]);
    project.redo();
    expect(project.list({ ...everything, labelId: car.id }, { offset: 0, limit: 1 }).total).toBe(1);
  });

  test('brings over the rules for attributes that only the first has', () => {
    const { project } = newProject();
    const [car, auto] = [addLabel(project, 'car'), addLabel(project, 'auto')];
    const rule = (name: string, kind: AttributeRule['kind']): AttributeRule => ({ name, kind });
    const [parked, wheels, other] = [rule('parked', 'yes or no'), rule('wheels', 'number'), rule('parked', 'text')];
    apply(
      project,
      { kind: 'label', id: car.id, before: {}, after: { attributes: [parked] } },
      { kind: 'label', id: auto.id, before: {}, after: { attributes: [other, wheels] } },
    );
    project.mergeLabels(auto.id, car.id);
    expect(project.record('label', car.id)?.attributes).toEqual([parked, wheels]);
  });

  test('with itself or with one that has gone is refused', () => {
    const { project } = newProject();
    const car = addLabel(project, 'car');
    expect(() => project.mergeLabels(car.id, car.id)).toThrow('"car" cannot be merged with itself');
    expect(() => project.mergeLabels(car.id, 999)).toThrow('the label is not there any more');
  });
});

describe('a label with many shapes', () => {
  test('goes with all of them, and comes back', () => {
    const { project, images } = newProject();
    const car = addLabel(project, 'car');
    const shapes = Array.from({ length: 2300 }, () => created('shape', shapeOf(project.reserve(1), images[1], car.id)));
    project.applyMany('Import', shapes);
    const kept = addShape(project, images[1], addLabel(project, 'bus').id);
    const recorded = project.deleteLabel(car.id);
    expect([recorded.undo, recorded.more]).toEqual(['Delete label "car"', true]);
    expect(project.detail(images[1])?.shapes).toEqual([kept]);
    project.undo();
    expect(project.detail(images[1])?.shapes).toHaveLength(2301);
    expect(project.labels().map(({ name }) => name)).toEqual(['car', 'bus']);
  });
});
