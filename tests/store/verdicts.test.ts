// Verdicts in a project: one rule, whoever makes the change, as part of the step that undo takes back.
import { copyFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changed, created, deleted } from '../../main/contract/diff.ts';
import type { CorrectedObject, ImageDetail, StoredPrompt } from '../../main/contract/project.ts';
import { backupPath } from '../../main/store/open.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { reading } from './dump.ts';
import { addLabel, addPrompt, apply, newFile, newProject, opened } from './newProject.ts';
import { operation, perform } from './operations.ts';
import { columnsMask, height, proposalOf, shapeOf, width } from './records.ts';

/** What a verdict may say of an object beside what stands, told without the rule of the contract. */
function contradiction(
  { index, box, mask }: CorrectedObject,
  prompt: StoredPrompt,
  detail: ImageDetail,
): string | null {
  const proposal = detail.proposals.find(({ id }) => id === prompt.correction?.proposalId);
  const offered = index === null ? undefined : proposal?.objects[index];
  const shape = detail.shapes.find(({ id }) => id === mask.shapeId);
  if (mask.shapeId !== null && !shape) return 'points nowhere';
  if (shape && mask.verdict === 'wrong') return 'is wrong and stands';
  if (!shape && mask.verdict === 'corrected') return 'is corrected and does not stand';
  if (!shape && index === null) return 'was found by the person and does not stand';
  if (mask.verdict === 'right' && shape && shape.mask?.counts !== offered?.mask?.counts) return 'is right and differs';
  const isBoxAsOffered = offered !== undefined && JSON.stringify(box.value) === JSON.stringify(offered.box);
  if (box.verdict === 'right' && !isBoxAsOffered) return 'has a right box that differs';
  if (box.verdict === 'corrected' && isBoxAsOffered) return 'has a corrected box that does not differ';
  return null;
}

function contradictions(project: Project): string[] {
  const found: string[] = [];
  for (const { id } of project.allImages()) {
    const detail = project.detail(id);
    for (const prompt of detail?.prompts ?? []) {
      for (const object of prompt.correction?.objects ?? []) {
        const why = detail && contradiction(object, prompt, detail);
        if (why) found.push(`prompt ${prompt.id}: an object ${why}`);
      }
      const { found: list, objects } = prompt.correction ?? { found: null, objects: [] };
      if (list && (list.value === 'nothing') !== (objects.length === 0))
        found.push(`prompt ${prompt.id}: ${list.value}`);
    }
  }
  return found;
}

test('after any operations and undos, every verdict agrees with what stands', () => {
  const file = newFile();
  const operations = fc.array(operation, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(operations, (list) => {
      rmSync(file, { force: true });
      const project = openProject(file, { create: true });
      try {
        project.addImages(['a', 'b'].map((name) => ({ path: name, width, height })));
        for (const one of list) {
          perform(project, one);
          expect(contradictions(project)).toEqual([]);
        }
        while (project.undo() !== null) expect(contradictions(project)).toEqual([]);
        while (project.redo() !== null) expect(contradictions(project)).toEqual([]);
      } finally {
        project.close();
      }
    }),
    { numRuns: 25 },
  );
});

/** An image with an accepted answer of two objects, as shapes of the labels `frog` and `toad`. */
function accepted() {
  const { project, images } = newProject();
  const [frog, toad] = [addLabel(project, 'frog'), addLabel(project, 'toad')];
  const prompt = addPrompt(project, images[0], 'all frogs');
  const box = { x1: 0, y1: 0, x2: 4, y2: 10 };
  const objects = [
    { box, mask: columnsMask(4) },
    { box, mask: columnsMask(2) },
  ];
  const [proposal] = project.addProposals(prompt.id, [{ ...proposalOf('objects'), objects }], null);
  const shapes = [
    shapeOf(project.reserve(1), images[0], frog.id),
    shapeOf(project.reserve(1), images[0], toad.id, columnsMask(2)),
  ];
  const correction = {
    proposalId: proposal?.id ?? 0,
    found: { value: 'objects' as const, verdict: 'right' as const },
    reasoning: { text: 'left', verdict: 'right' as const },
    objects: shapes.map(({ id }, index) => ({
      index,
      box: { value: box, verdict: 'right' as const },
      mask: { shapeId: id, verdict: 'right' as const },
    })),
  };
  const kept = changed('prompt', prompt, { correction });
  if (!kept) throw new Error('it is another prompt now');
  project.apply({ title: 'Accept', changes: [...shapes.map((shape) => created('shape', shape)), kept] });
  const now = () => project.record('prompt', prompt.id)?.correction ?? null;
  const verdicts = () => now()?.objects.map(({ mask }) => [mask.shapeId, mask.verdict]);
  return { project, images, frog, shapes, correction, now, verdicts };
}

describe('verdicts follow', () => {
  test('a tool, in the step that undo takes back', () => {
    const { project, shapes, correction, now, verdicts } = accepted();
    const [shape, other] = shapes;
    if (!shape || !other) throw new Error('there are two');
    const painted = changed('shape', shape, { mask: columnsMask(5) });
    if (!painted) throw new Error('it is another mask');
    const { diff } = project.apply({ title: 'Paint', changes: [painted] });
    expect(diff.changes.map(({ kind }) => kind)).toEqual(['shape', 'prompt']);
    expect(verdicts()).toEqual([
      [shape.id, 'corrected'],
      [other.id, 'right'],
    ]);
    expect(now()?.found.verdict).toBe('right');
    expect(project.undo()?.diff.changes.map(({ kind }) => kind)).toEqual(['prompt', 'shape']);
    expect(now()).toEqual(correction);
    project.redo();
    expect(verdicts()?.[0]).toEqual([shape.id, 'corrected']);
  });

  test('a label that is deleted with its shapes', () => {
    const { project, frog, shapes, correction, now, verdicts } = accepted();
    project.deleteLabel(frog.id);
    expect(verdicts()).toEqual([
      [null, 'wrong'],
      [shapes[1]?.id, 'right'],
    ]);
    expect(now()?.found.verdict).toBe('corrected');
    project.undo();
    expect(now()).toEqual(correction);
  });

  test('a step that is made in pieces, as imports are', () => {
    const { project, shapes, verdicts } = accepted();
    const step = project.startMany('Import');
    const [shape, other] = shapes;
    if (!shape || !other) throw new Error('there are two');
    step.add([deleted('shape', shape)]);
    expect(verdicts()?.[0]).toEqual([null, 'wrong']);
    step.add([deleted('shape', other)]);
    expect(step.end().diff.changes.map(({ kind }) => kind)).toEqual(['shape', 'prompt', 'shape', 'prompt']);
    expect(verdicts()).toEqual([
      [null, 'wrong'],
      [null, 'wrong'],
    ]);
    project.undo();
    expect(verdicts()?.map(([, verdict]) => verdict)).toEqual(['right', 'right']);
  });

  test('a shape that goes to another image', () => {
    const { project, images, shapes, verdicts } = accepted();
    const [shape] = shapes;
    apply(project, { kind: 'shape', id: shape?.id ?? 0, before: {}, after: { imageId: images[1] } });
    expect(verdicts()?.[0]).toEqual([null, 'wrong']);
  });

  test('and words that contradict what stands are put right when they are stored', () => {
    const { project, correction, now, verdicts } = accepted();
    const id = project.detail(1)?.prompts[0]?.id ?? 0;
    const wrong = {
      ...correction,
      objects: correction.objects.map((one) => ({ ...one, mask: { shapeId: 999, verdict: 'right' as const } })),
    };
    apply(project, { kind: 'prompt', id, before: {}, after: { correction: wrong } });
    expect(verdicts()).toEqual([
      [null, 'wrong'],
      [null, 'wrong'],
    ]);
    project.undo();
    expect(now()).toEqual(correction);
  });
});

describe('a project of format 1', () => {
  const stored = path.resolve(import.meta.dirname, '../fixtures/format-1.loupe');
  const migrated = () => {
    const file = newFile();
    copyFileSync(stored, file);
    const project = opened(file);
    const details = [...project.allImages()].flatMap(({ id }) => project.detail(id) ?? []);
    const prompts = details.flatMap((detail) => detail.prompts);
    return {
      file,
      project,
      details,
      correctionOf: (text: string, at = 0) => prompts.filter((one) => one.text === text)[at]?.correction,
    };
  };
  const box = { x1: 0, y1: 0, x2: 4, y2: 10 };

  test('opens as today’s, and its copy stays as it was', () => {
    const { file } = migrated();
    expect(reading(backupPath(file, 1), (db) => db.number('SELECT count(*) FROM prompt WHERE kept IS NOT NULL'))).toBe(
      5,
    );
  });

  test('has proposals with a list of objects, and frames with two sides', () => {
    const { details } = migrated();
    const proposals = details.flatMap((detail) => detail.proposals);
    const object = { box, mask: columnsMask(4), label: 'frog' };
    expect(proposals.map(({ found, objects, frame }) => [found, objects, frame.width, frame.height])).toEqual([
      ['objects', [object], 224, 224],
      ['objects', [object], 448, 448],
      ['nothing', [], 224, 224],
      // A mask without a box: what is left is the whole image.
      ['objects', [{ ...object, box: { x1: 0, y1: 0, x2: 20, y2: 10 } }], 224, 224],
      ['objects', [object], 224, 224],
      ['unreadable', [], 224, 224],
    ]);
    expect(proposals[0]?.answer).toEqual({
      text: '<think>frog [0, 0, 45, 224]</think><answer>[{"bbox_2d": [0, 0, 45, 224], "label": "frog"}]</answer>',
      reasoning: 'frog [0, 0, 45, 224]',
      tokens: [1, 2],
      logProbabilities: [-0.5, -0.25],
    });
  });

  test('has every correction that it had', () => {
    const { details, correctionOf } = migrated();
    const [shape, other] = details[0]?.shapes ?? [];
    expect(correctionOf('the frog')).toEqual({
      proposalId: expect.any(Number),
      found: { value: 'objects', verdict: 'right' },
      reasoning: { text: 'frog [0, 0, 45, 224]', verdict: 'right' },
      objects: [{ index: 0, box: { value: box, verdict: 'right' }, mask: { shapeId: shape?.id, verdict: 'right' } }],
    });
    expect(correctionOf('the frog again')).toMatchObject({
      found: { value: 'objects', verdict: 'right' },
      reasoning: { text: 'It is green.', verdict: 'corrected' },
      objects: [
        { box: { value: { x2: 6 }, verdict: 'corrected' }, mask: { shapeId: other?.id, verdict: 'corrected' } },
      ],
    });
    expect(correctionOf('the car')).toMatchObject({ found: { value: 'nothing', verdict: 'right' }, objects: [] });
    expect(correctionOf('the frog', 1)).toMatchObject({ objects: [{ mask: { shapeId: null, verdict: 'right' } }] });
    expect(correctionOf('what is it')).toBeNull();
    expect(correctionOf('unanswered')).toBeNull();
  });

  test('has no verdict that points nowhere any more, by a step of its own', () => {
    const { project, correctionOf } = migrated();
    expect(contradictions(project)).toEqual([]);
    expect(correctionOf('the ghost')).toMatchObject({ objects: [{ mask: { shapeId: null, verdict: 'wrong' } }] });
    expect(project.info().undo).toBe('Bring verdicts up to date');
  });

  test('can be taken back to its beginning and made again', () => {
    const { project } = migrated();
    const details = () => [...project.allImages()].map(({ id }) => project.detail(id));
    const full = details();
    let steps = 0;
    while (project.undo() !== null) steps++;
    expect(steps).toBeGreaterThan(12);
    expect(details().flatMap((detail) => [...(detail?.prompts ?? []), ...(detail?.shapes ?? [])])).toEqual([]);
    while (project.redo() !== null) steps--;
    expect(steps).toBe(0);
    expect(details()).toEqual(full);
  });
});
