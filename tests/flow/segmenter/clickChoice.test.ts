// Among masks of one click: the one that the others overlap, never one that is cut off or leaves a click out.
import { expect, it } from 'vitest';
import type { Box } from '../../../main/contract/records.ts';
import { chosenByClicks, cutShare } from '../../../main/flow/segmenter/clickChoice.ts';
import type { FoundLogits } from '../../../main/flow/segmenter/zoom.ts';

const picture = { width: 96, height: 96 };
const whole = { x: 0, y: 0, width: 96, height: 96 };
const ask = { points: [{ x: 40, y: 40, sign: '+' as const }] };

/** A box of the place's own cells, one a pixel, is inside. */
function found({ x1, y1, x2, y2 }: Box, quality: number, place = whole): FoundLogits {
  const data = new Float32Array(place.width * place.height).fill(-5);
  for (let y = y1; y < y2; y++) data.fill(5, y * place.width + x1, y * place.width + x2);
  return { values: { width: place.width, height: place.height, data }, place, quality };
}

it('takes what several masks agree on before a single one that is believed a little better', () => {
  const alone = found({ x1: 38, y1: 38, x2: 44, y2: 44 }, 0.8);
  const larger = [20, 21, 22].map((from) => found({ x1: from, y1: from, x2: 60, y2: 60 }, 0.75));
  expect(larger).toContain(chosenByClicks([alone, ...larger], ask, picture));
  const sure = { ...alone, quality: 1.6 };
  expect(chosenByClicks([sure, ...larger], ask, picture)).toBe(sure);
});

it('takes no mask that leaves a click out while another obeys all', () => {
  const beside = [0, 1, 2].map((from) => found({ x1: from, y1: from, x2: 30, y2: 30 }, 0.9));
  const on = found({ x1: 30, y1: 30, x2: 50, y2: 50 }, 0.2);
  expect(chosenByClicks([...beside, on], ask, picture)).toBe(on);
  const off = { points: [...ask.points, { x: 45, y: 45, sign: '-' as const }] };
  const smaller = found({ x1: 36, y1: 36, x2: 44, y2: 44 }, 0.1);
  expect(chosenByClicks([on, smaller], off, picture)).toBe(smaller);
});

it('takes a mask that ends with its part of the picture last', () => {
  const part = { x: 24, y: 24, width: 32, height: 32 };
  const cut = found({ x1: 0, y1: 0, x2: 32, y2: 32 }, 0.7, part);
  const all = found({ x1: 20, y1: 20, x2: 60, y2: 60 }, 0.6);
  expect(cutShare(cut, picture)).toBe(4);
  expect(chosenByClicks([cut, all], ask, picture)).toBe(all);
  expect(cutShare(found({ x1: 0, y1: 0, x2: 96, y2: 96 }, 1), picture)).toBe(0);
  expect(cutShare(found({ x1: 5, y1: 5, x2: 20, y2: 20 }, 1, part), picture)).toBe(0);
});

it('gives an empty mask where none is drawn, and throws where there is no mask at all', () => {
  const empty = found({ x1: 0, y1: 0, x2: 0, y2: 0 }, 0.5);
  expect(chosenByClicks([empty], ask, picture)).toBe(empty);
  expect(() => chosenByClicks([], ask, picture)).toThrow('The segmenter gave no masks.');
});
