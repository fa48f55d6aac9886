import { describe, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { Conflict, changed, created, deleted, reverse } from '../../main/contract/diff.ts';
import type { Shape } from '../../main/contract/project.ts';
import { sentChanges, sentCharacters } from '../../main/store/journal.ts';
import { addLabel, addPrompt, addShape, apply, newFile, newProject, opened } from './newProject.ts';
import { columnsMask, labelOf, shapeOf } from './records.ts';

describe('apply', () => {
  test('creates, changes and deletes every kind of record', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shape = addShape(project, images[0], label.id);
    const prompt = addPrompt(project, images[0], 'the car');
    expect(project.record('label', label.id)).toEqual(label);
    expect(project.record('shape', shape.id)).toEqual(shape);
    expect(project.record('prompt', prompt.id)).toEqual(prompt);
    apply(project, { kind: 'shape', id: shape.id, before: { locked: false }, after: { locked: true, mask: null } });
    expect(project.record('shape', shape.id)).toEqual({ ...shape, locked: true, mask: null });
    apply(project, {
      kind: 'review',
      id: images[0],
      before: { note: '' },
      after: { note: 'blurred', status: 'unclear' },
    });
    expect(project.detail(images[0])?.review).toEqual({ id: images[0], status: 'unclear', note: 'blurred' });
    apply(project, { kind: 'prompt', id: prompt.id, before: {}, after: null });
    expect(project.record('prompt', prompt.id)).toBeNull();
  });

  test('tells what it stored, and what undo and redo would do', () => {
    const { project } = newProject();
    const label = labelOf(project.reserve(1), '  car ');
    const recorded = project.apply({ title: 'Add label', changes: [created('label', label)] });
    expect(recorded).toEqual({
      seq: 1,
      diff: { title: 'Add label', changes: [created('label', { ...label, name: 'car' })] },
      undo: 'Add label',
      redo: null,
    });
    expect(project.info()).toMatchObject({ undo: 'Add label', redo: null });
  });

  test('stores nothing of a diff of which one change is in conflict', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shape = shapeOf(project.reserve(1), images[0], label.id);
    const stale = { kind: 'label', id: label.id, before: { name: 'bus' }, after: { name: 'tram' } } as const;
    expect(() => apply(project, created('shape', shape), stale)).toThrow(Conflict);
    expect(project.record('shape', shape.id)).toBeNull();
    expect(project.detail(images[0])?.shapes).toEqual([]);
    expect(project.info()).toMatchObject({ shapes: 0, undo: 'Add label car' });
  });

  test('says in conflict what is there already and what is not there any more', () => {
    const { project } = newProject();
    const label = addLabel(project, 'car');
    expect(() => apply(project, created('label', label))).toThrow(`label ${label.id} is there already`);
    apply(project, deleted('label', label));
    expect(() => apply(project, deleted('label', label))).toThrow(`label ${label.id} is not there any more`);
  });

  test('an empty diff is no step', () => {
    const { project } = newProject();
    expect(apply(project)).toMatchObject({ diff: { changes: [] }, undo: null });
    addLabel(project, 'car');
    project.undo();
    expect(apply(project).redo).toBe('Add label car');
  });
});

describe('records that are no good are refused in one sentence', () => {
  const refusal = (change: (shape: Shape) => object, sentence: string) => () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shape = shapeOf(project.reserve(1), images[0], label.id);
    const broken = { ...shape, ...change(shape) };
    expect(() => apply(project, created('shape', broken))).toThrow(BadInput);
    expect(() => apply(project, created('shape', broken))).toThrow(sentence);
    expect(project.info().shapes).toBe(0);
  };

  test(
    'of another size than the image',
    refusal(() => ({ mask: { size: [4, 5], counts: 'd0' } }), 'mask of 5 x 4'),
  );
  test(
    'with a damaged mask',
    refusal(() => ({ mask: { size: [10, 20], counts: '!' } }), 'compressed mask'),
  );
  test(
    'with a box of text',
    refusal(() => ({ box: 'left' }), 'box'),
  );
  test(
    'with a number that nobody reserved',
    refusal(({ id }) => ({ id: id + 1 }), 'was not reserved'),
  );
  test(
    'on an image that is not there',
    refusal(({ id }) => ({ imageId: id + 99 }), 'there is no image'),
  );
  test(
    'with a label that is not there',
    refusal(({ id }) => ({ labelId: id + 99 }), 'label'),
  );

  test('a change that would leave a record broken', () => {
    const { project } = newProject();
    const label = addLabel(project, 'car');
    const change = { kind: 'label', id: label.id, before: {}, after: { colour: 'red' } } as const;
    expect(() => apply(project, change)).toThrow(`label ${label.id} cannot be stored, colour`);
    expect(() => apply(project, { ...change, after: { id: 99 } })).toThrow('its id cannot be changed');
    expect(project.record('label', label.id)).toEqual(label);
  });

  test('a review is neither made nor deleted', () => {
    const { project, images } = newProject();
    const review = { id: images[0], status: 'accepted', note: '' } as const;
    expect(() => apply(project, created('review', review))).toThrow(Conflict);
    expect(() => apply(project, { kind: 'review', id: images[0], before: {}, after: null })).toThrow(
      'cannot be deleted',
    );
  });
});

describe('corners that a person drew', () => {
  test('stand beside the mask, go with it, and come back by undo and in another session', () => {
    const file = newFile();
    const project = opened(file);
    const [imageId = 0] = project.addImages([{ path: 'a.png', width: 20, height: 10 }]);
    const label = addLabel(project, 'car');
    const rings = [[0, 0, 2.25, 0, 4, 0, 4, 10, 0, 10]];
    const mask = { ...columnsMask(4), rings };
    const { id } = addShape(project, imageId, label.id, mask);
    apply(project, { kind: 'shape', id, before: { mask }, after: { mask: columnsMask(4) } });
    expect(project.record('shape', id)?.mask?.rings).toBeUndefined();
    project.undo();
    expect(project.record('shape', id)?.mask).toEqual(mask);
    project.close();
    expect(opened(file).detail(imageId)?.shapes[0]?.mask).toEqual(mask);
  });
});

describe('labels', () => {
  test('one with shapes goes only together with them', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shape = addShape(project, images[0], label.id);
    expect(() => apply(project, deleted('label', label))).toThrow('the label still has 1 shapes');
    expect(project.labels()).toEqual([label]);
    apply(project, deleted('label', label), deleted('shape', shape));
    expect(project.labels()).toEqual([]);
    project.undo();
    expect(project.labels()).toEqual([label]);
    expect(project.detail(images[0])?.shapes).toEqual([shape]);
  });

  test('have names of their own, and may exchange them in one diff', () => {
    const { project } = newProject();
    const [car, bus] = [addLabel(project, 'car'), addLabel(project, 'bus')];
    const rename = (id: number, from: string, to: string) =>
      ({ kind: 'label', id, before: { name: from }, after: { name: to } }) as const;
    expect(() => apply(project, rename(bus.id, 'bus', 'car'))).toThrow('there is a label "car" already');
    apply(project, rename(bus.id, 'bus', 'car'), rename(car.id, 'car', 'bus'));
    expect(project.labels().map(({ name }) => name)).toEqual(['bus', 'car']);
  });
});

describe('undo and redo', () => {
  test('turn round exactly what was stored', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shape = addShape(project, images[0], label.id);
    const wider = changed('shape', shape, { mask: columnsMask(7), box: { x1: 0, y1: 0, x2: 7, y2: 10 } });
    if (!wider) throw new Error('nothing changed');
    const done = apply(project, wider);
    const undone = project.undo();
    expect(undone).toMatchObject({ seq: done.seq, diff: reverse(done.diff), undo: 'Draw mask', redo: 'Change' });
    expect(project.record('shape', shape.id)).toEqual(shape);
    expect(project.redo()).toEqual({ ...done, where: { imageId: images[0], images: 1 } });
    expect(project.record('shape', shape.id)).toEqual({ ...shape, ...wider.after });
  });

  test('bring back the whole of a record that was deleted by few of its fields', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const shape = addShape(project, images[0], label.id);
    apply(project, { kind: 'shape', id: shape.id, before: { labelId: label.id }, after: null });
    project.undo();
    expect(project.record('shape', shape.id)).toEqual(shape);
  });

  test('of a review alone say on which image it was', () => {
    const { project, images } = newProject();
    const [id = 0] = images;
    apply(project, { kind: 'review', id, before: { status: 'unreviewed' }, after: { status: 'accepted' } });
    for (const step of [project.undo(), project.redo()]) expect(step?.where).toEqual({ imageId: id, images: 1 });
  });

  test('answer null at either end', () => {
    const { project } = newProject();
    expect([project.undo(), project.redo()]).toEqual([null, null]);
    addLabel(project, 'car');
    expect(project.redo()).toBeNull();
    project.undo();
    expect(project.undo()).toBeNull();
  });

  test('a change after undo drops what could be made again', () => {
    const { project } = newProject();
    addLabel(project, 'car');
    const second = project.info().undo;
    project.undo();
    addLabel(project, 'bus');
    expect(project.redo()).toBeNull();
    expect(project.labels().map(({ name }) => name)).toEqual(['bus']);
    expect(second).toBe('Add label car');
  });

  test('go on after the project was closed and opened', () => {
    const file = newFile();
    const first = opened(file);
    const label = addLabel(first, 'car');
    addLabel(first, 'bus');
    first.undo();
    first.close();
    const second = opened(file);
    expect(second.info()).toMatchObject({ undo: 'Add label car', redo: 'Add label bus' });
    expect(second.redo()?.diff.title).toBe('Add label bus');
    second.undo();
    second.undo();
    expect(second.labels()).toEqual([]);
    second.redo();
    expect(second.labels()).toEqual([label]);
  });

  test('a seq is never given twice', () => {
    const { project } = newProject();
    addLabel(project, 'car');
    project.undo();
    expect(apply(project, created('label', labelOf(project.reserve(1), 'bus'))).seq).toBe(2);
  });
});

describe('a step of very many changes', () => {
  const many = sentChanges + 200;

  function* shapes(project: ReturnType<typeof newProject>['project'], imageId: number, labelId: number) {
    for (let i = 0; i < many; i++) yield created('shape', shapeOf(project.reserve(1), imageId, labelId));
  }

  test('is one step, tells the first thousand changes and says that there are more', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const recorded = project.applyMany('Import a.json', shapes(project, images[1], label.id));
    expect(recorded).toMatchObject({ more: true, undo: 'Import a.json' });
    expect(recorded.diff.changes).toHaveLength(sentChanges);
    expect(
      project.list({ search: '', status: 'all', labelId: label.id, order: 'path' }, { offset: 0, limit: 9 }),
    ).toMatchObject({ total: 1, rows: [{ id: images[1], shapes: many }] });
    expect(project.undo()).toMatchObject({ more: true, redo: 'Import a.json' });
    expect(project.info().shapes).toBe(0);
    project.redo();
    expect(project.info().shapes).toBe(many);
  });

  test('masks that are together too large for every window are not told, and stored all the same', () => {
    const { project } = newProject();
    const [imageId = 0] = project.addImages([{ path: 'large.png', width: 1024, height: 2048 }]);
    const label = addLabel(project, 'car');
    // In and out at every pixel: a character each.
    const dense = { size: [2048, 1024] as [number, number], counts: `111${'0'.repeat(2048 * 1024 - 3)}` };
    expect(2 * dense.counts.length).toBe(sentCharacters);
    const made = (count: number) =>
      Array.from({ length: count }, () => created('shape', shapeOf(project.reserve(1), imageId, label.id, dense)));
    const two = project.applyMany('Two', made(2));
    expect([two.diff.changes.length, two.more]).toEqual([2, undefined]);
    const three = project.applyMany('Three', made(3));
    expect([three.diff.changes.length, three.more, project.info().shapes]).toEqual([2, true, 5]);
    expect(project.undo()).toMatchObject({ more: true });
    expect(project.info().shapes).toBe(2);
  });

  test('stores nothing where one of them is no good', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    function* faulty() {
      yield* shapes(project, images[0], label.id);
      yield created('shape', shapeOf(project.reserve(1), images[0], label.id, { size: [1, 1], counts: '1' }));
    }
    expect(() => project.applyMany('Import', faulty())).toThrow(BadInput);
    expect(project.info()).toMatchObject({ shapes: 0, undo: 'Add label car' });
  });

  test('made in pieces, it can be undone when it has ended, with the person changing things in between', () => {
    const { project, images } = newProject();
    const label = addLabel(project, 'car');
    const piece = () => created('shape', shapeOf(project.reserve(1), images[0], label.id));
    const running = project.startMany('Import b.json');
    running.add([piece(), piece()]);
    addLabel(project, 'bus');
    running.add([piece()]);
    expect(project.undo()?.diff.title).toBe('Add label bus');
    expect(() => project.undo()).toThrow('"Import b.json" is still running');
    expect(running.end().diff.changes).toHaveLength(3);
    expect(project.undo()?.diff.changes).toHaveLength(3);
    expect(project.info()).toMatchObject({ shapes: 0, redo: 'Import b.json' });
    project.redo();
    expect(project.info().shapes).toBe(3);
  });
});
