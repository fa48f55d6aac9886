// The list of rewards over a project: the lowest first, as many as are asked for, and nothing that nobody has judged.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changed, created } from '../../../main/contract/diff.ts';
import { type Correction, packMask } from '../../../main/contract/project.ts';
import { fromBitmap } from '../../../main/contract/rle.ts';
import { projectRewards } from '../../../main/jobs/teaching/projectRewards.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { proposalOf } from '../../store/records.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-rewards-'));
let project: Project;
let imageIds: readonly number[];
afterAll(() => {
  project.close();
  rmSync(root, { recursive: true });
});

const side = 8;
/** The first columns of a picture. */
const columns = (count: number) => {
  const bitmap = Uint8Array.from({ length: side * side }, (_, i) => (i % side < count ? 1 : 0));
  return packMask(fromBitmap(bitmap, side, side));
};
const boxOf = (count: number) => ({ x1: 0, y1: 0, x2: count, y2: side });

/** What a person kept has four columns; the model drew so many. */
function judged(imageId: number, text: string, drawn: number): void {
  const [promptId, shapeId, labelId] = [project.reserve(1), project.reserve(1), project.reserve(1)];
  const label = { id: labelId, name: text, colour: '#e69f00', digit: null, attributes: [], place: labelId };
  const prompt = { id: promptId, imageId, text, points: [], box: null, correction: null };
  const shape = {
    ...{ id: shapeId, imageId, labelId, mask: columns(4), box: boxOf(4), attributes: {} },
    ...{ crowd: false, hidden: false, locked: false, place: 0 },
    origin: { kind: 'drawn' as const },
  };
  project.apply({
    title: 'Ask',
    changes: [created('label', label), created('prompt', prompt), created('shape', shape)],
  });
  const objects = [{ box: boxOf(drawn), mask: columns(drawn) }];
  const [proposal] = project.addProposals(promptId, [{ ...proposalOf('objects'), objects }], null);
  const correction: Correction = {
    ...{ proposalId: proposal?.id ?? null, found: { value: 'objects', verdict: 'right' } },
    reasoning: { text: 'left', verdict: null },
    objects: [{ index: 0, box: { value: boxOf(4), verdict: 'corrected' }, mask: { shapeId, verdict: 'corrected' } }],
  };
  project.apply({ title: 'Judge', changes: [changed('prompt', prompt, { ...prompt, correction }) ?? []].flat() });
}

beforeAll(() => {
  project = openProject(path.join(root, 'p.loupe'), { create: true });
  const files = ['a.png', 'b.png', 'c.png'].map((file) => ({ path: file, width: side, height: side }));
  imageIds = project.addImages(files);
  const [first = 0, second = 0, third = 0] = imageIds;
  judged(first, 'bolt', 4);
  judged(second, 'nut', 1);
  judged(second, 'screw', 2);
  const asked = { id: project.reserve(1), imageId: third, text: 'nail', points: [], box: null, correction: null };
  project.apply({ title: 'Ask', changes: [created('prompt', asked)] });
  project.addProposals(asked.id, [proposalOf('objects')], null);
});

describe('rewards of a project', () => {
  it('come with their image, prompt and weights, the lowest first', async () => {
    const { rows, total } = await projectRewards(project);
    expect(total).toBe(3);
    expect(rows.map(({ path: file, text }) => [file, text])).toEqual([
      ['b.png', 'nut'],
      ['b.png', 'screw'],
      ['a.png', 'bolt'],
    ]);
    for (const { weights } of rows) expect(weights).toBe('nano-1');
  });

  it('are the squares of overlaps, and their sum', async () => {
    const { rows } = await projectRewards(project);
    const boxes = rows.map(({ box }) => box);
    expect(boxes).toEqual([1 / 16, 1 / 4, 1]);
    for (const { format, box, mask, total } of rows) {
      expect(mask).toBeCloseTo(box, 4);
      expect(total).toBeCloseTo(format + box + mask, 9);
    }
  });

  it('are as many as are asked for, and all are counted', async () => {
    const { rows, total } = await projectRewards(project, 1);
    expect(rows.map(({ text }) => text)).toEqual(['nut']);
    expect(total).toBe(3);
  });

  it('leave out what a person has taken back', async () => {
    // The prompt that nobody has judged, then the last verdict.
    project.undo();
    project.undo();
    const { rows } = await projectRewards(project);
    expect(rows.map(({ text }) => text)).not.toContain('screw');
  });
});
