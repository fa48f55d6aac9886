// Made-up shapes for measuring: wobbly outlines of 50 corners, spread over the whole image.
import { toColumns } from '../../../main/contract/maskColumns.ts';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import type { Label, Shape } from '../../../main/contract/project.ts';
import { extent } from '../../tools/masks.ts';

const CORNERS = 50;

/** Marsaglia's xorshift: the same shapes on every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export const benchLabels: readonly Label[] = ['#e69f00', '#56b4e9', '#009e73', '#cc79a7'].map((colour, i) => ({
  id: i + 1,
  name: `label ${i + 1}`,
  colour,
  digit: `${i + 1}`,
  attributes: [],
  place: i,
}));

/** `count` shapes that cover about a third of the image together. */
export function benchShapes(count: number, width: number, height: number): Shape[] {
  const random = randomFrom(7);
  const radius = Math.sqrt((width * height) / (3 * Math.PI * Math.max(count, 200)));
  return Array.from({ length: count }, (_, i) => {
    const [x, y] = [radius + random() * (width - 2 * radius), radius + random() * (height - 2 * radius)];
    const ring = Array.from({ length: CORNERS }, (_, corner) => {
      const turn = (2 * Math.PI * corner) / CORNERS;
      const away = radius * (0.8 + 0.25 * random());
      return [x + away * Math.cos(turn), y + away * Math.sin(turn)];
    }).flat();
    return shapeOf(i + 10, ring, { width, height });
  });
}

function shapeOf(id: number, ring: number[], { width, height }: { width: number; height: number }): Shape {
  const fields = extent(toColumns(fromPolygon(ring, width, height)));
  return {
    id,
    imageId: 1,
    labelId: 1 + (id % 4),
    mask: fields?.mask ?? null,
    box: fields?.box ?? { x1: 0, y1: 0, x2: 1, y2: 1 },
    attributes: {},
    crowd: false,
    hidden: false,
    locked: false,
    place: id,
    origin: { kind: 'drawn' },
  };
}
