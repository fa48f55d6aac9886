// Says in one sentence that what was just accepted lies where other shapes lie already: a thing that was asked for twice.
import type { Diff } from '../../main/contract/diff.ts';
import { boxIou } from '../../main/contract/geometry.ts';
import { type Shape, unpackMask } from '../../main/contract/project.ts';
import { maskIou } from '../../main/contract/rle.ts';
import { several } from './words.ts';
import type { OpenImage, Workbench } from './workbench.ts';

/** Two masks of one thing may differ by a rim. */
const SAME_THING = 0.9;
/** Boxes that overlap less have no masks that overlap so far. */
const NEAR = 0.7;

/** Null where nothing of the diff lies so. `open`: the image before the diff. */
export function standsTwice(diff: Diff, open: OpenImage, labels: Workbench['labels']): string | null {
  const shapes = diff.changes.filter(({ kind }) => kind === 'shape');
  const made = shapes.flatMap(({ before, after }) => (before === null && after !== null ? [after as Shape] : []));
  const gone = new Set(shapes.flatMap(({ id, after }) => (after === null ? [id] : [])));
  const standing = [...open.shapes.values()].filter(({ id }) => !gone.has(id));
  const pairs = made.flatMap((shape) => {
    const other = standing.find((each) => isSameThing(shape, each));
    return other ? [{ shape, other }] : [];
  });
  const [first, ...more] = pairs;
  if (!first) return null;
  const names = new Map([...labels].map(([id, { name }]) => [id, name]));
  for (const { kind, id, after } of diff.changes)
    if (kind === 'label' && after?.name !== undefined) names.set(id, after.name);
  const nameOf = ({ labelId }: Shape) => `“${names.get(labelId) ?? 'object'}”`;
  const also = more.length > 0 ? `, and ${several(more.length, 'other shape')} alike` : '';
  return `${nameOf(first.shape)} lies where ${nameOf(first.other)} lies already${also}: both stand and will be exported; delete one where they are the same thing.`;
}

function isSameThing(a: Shape, b: Shape): boolean {
  if (boxIou(a.box, b.box) < NEAR) return false;
  if (a.mask === null || b.mask === null) return a.mask === b.mask && boxIou(a.box, b.box) >= SAME_THING;
  if (a.mask.counts === b.mask.counts) return true;
  const sizes = [a.mask.size, b.mask.size].map(String);
  return sizes[0] === sizes[1] && maskIou(unpackMask(a.mask), unpackMask(b.mask)) >= SAME_THING;
}
