// What a person is told who accepts a thing that stands already, and when nothing is said.
import { describe, expect, it } from 'vitest';
import { created, deleted } from '../../../main/contract/diff.ts';
import { packMask, type Shape } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { diffOf } from '../../../renderer/state/corrections.ts';
import { openedImage } from '../../../renderer/state/records.ts';
import { standsTwice } from '../../../renderer/state/standsTwice.ts';
import { block } from '../block.ts';
import { label, labelled, picture, shape } from '../panels/given.ts';

const { labels } = labelled(label(5, 'person'), label(6, 'skier'));
const box = { x1: 2, y1: 3, x2: 22, y2: 23 };
const masked = (id: number, place: Box, also: Partial<Shape> = {}) =>
  shape(id, { box: place, mask: packMask(block(place)), ...also });
const review = { id: 1, status: 'unreviewed', note: '' } as const;
const on = (...shapes: Shape[]) => openedImage({ image: picture(), review, shapes, prompts: [], proposals: [] });
const accepting = (...shapes: Shape[]) => diffOf('Accept the answer', ...shapes.map((each) => created('shape', each)));

describe('a thing that is accepted where a shape stands already', () => {
  it('is told of with both names, as nothing is left out', () => {
    const said = standsTwice(accepting(masked(2, box, { labelId: 6 })), on(masked(1, box)), labels);
    expect(said).toBe(
      '“skier” lies where “person” lies already: both stand and will be exported; delete one where they are the same thing.',
    );
  });

  it('is told of where the masks differ by a rim, and counted where there are several', () => {
    const near = { ...box, x2: 23 };
    const low = { x1: 2, y1: 24, x2: 22, y2: 29 };
    const said = standsTwice(accepting(masked(3, near), masked(4, low)), on(masked(1, box), masked(2, low)), labels);
    expect(said).toContain('“person” lies where “person” lies already, and 1 other shape alike: ');
  });

  it('is called by a label that is made with it, and compared by its box where there are no masks', () => {
    const rider = label(7, 'rider');
    const alone = shape(2, { box, labelId: 7 });
    const diff = diffOf('Accept the answer', created('label', rider), created('shape', alone));
    expect(standsTwice(diff, on(shape(1, { box })), labels)).toContain('“rider” lies where “person” lies already');
  });

  it.each<[string, Shape[], Shape[]]>([
    ['lies beside it', [masked(2, { x1: 12, y1: 3, x2: 32, y2: 23 })], [masked(1, box)]],
    ['fills a part of its box', [masked(2, box, { mask: packMask(block({ ...box, x2: 14 })) })], [masked(1, box)]],
    ['is a box around a mask', [shape(2, { box })], [masked(1, box)]],
    ['is the first of all', [masked(2, box)], []],
  ])('is not told of where it %s', (_, made, standing) =>
    expect(standsTwice(accepting(...made), on(...standing), labels)).toBeNull(),
  );

  it('is not told of where it takes the place of what an earlier answer left', () => {
    const old = masked(1, box);
    const diff = diffOf('Accept the answer', deleted('shape', old), created('shape', masked(2, box)));
    expect(standsTwice(diff, on(old), labels)).toBeNull();
  });
});
