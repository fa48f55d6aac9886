// Reads the place of a shape from one result of Label Studio, which counts places in percent of the picture.
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { type BoxedMask, boxRing, ellipseRing, maskOfRing, turnedRing } from './reading/rings.ts';
import { boxOf, type Fields, numberOf, ringOf } from './reading/values.ts';

/** Gives a region in pixels of its picture. Throws `BadInput` where the result has no area. */
export function regionOf(type: string, value: Fields, frame: Frame): BoxedMask {
  const place = PLACES.get(type);
  if (place === undefined) throw new BadInput(`a result of type "${type}" is not read`);
  return place(value, frame);
}

export const isRegion = (type: string): boolean => PLACES.has(type);

type Place = (value: Fields, frame: Frame) => BoxedMask;

const PLACES = new Map<string, Place>([
  ['polygonlabels', polygonPlace],
  ['rectanglelabels', rectanglePlace],
  ['ellipselabels', ellipsePlace],
]);

function polygonPlace({ points }: Fields, frame: Frame): BoxedMask {
  const ring = ringOf(points);
  if (ring === null) throw new BadInput('its points are no pairs of numbers');
  return maskOfRing(
    ring.map((share, i) => (i % 2 === 0 ? across(share, frame) : down(share, frame))),
    frame,
  );
}

/** Turned about its first corner. */
function rectanglePlace(value: Fields, frame: Frame): BoxedMask {
  const { x, y, width, height } = shares(value, ['x', 'y', 'width', 'height']);
  const [x1, y1, x2, y2] = [across(x, frame), down(y, frame), across(x + width, frame), down(y + height, frame)];
  const degrees = degreesOf(value);
  if (degrees !== 0) return maskOfRing(turnedRing(boxRing({ x1, y1, x2, y2 }), degrees, { x: x1, y: y1 }), frame);
  const box = boxOf([x1, y1, x2, y2], frame);
  if (box === null) throw new BadInput('its box is empty or lies outside the picture');
  return { mask: null, box };
}

/** Turned about its centre. */
function ellipsePlace(value: Fields, frame: Frame): BoxedMask {
  const { x, y, radiusX, radiusY } = shares(value, ['x', 'y', 'radiusX', 'radiusY']);
  const centre = { x: across(x, frame), y: down(y, frame) };
  const ring = ellipseRing(centre, across(radiusX, frame), down(radiusY, frame));
  return maskOfRing(turnedRing(ring, degreesOf(value), centre), frame);
}

const across = (share: number, { width }: Frame): number => (share * width) / 100;
const down = (share: number, { height }: Frame): number => (share * height) / 100;

function shares<Name extends string>(value: Fields, names: readonly Name[]): Record<Name, number> {
  const pairs = names.map((name): [Name, number] => {
    const share = numberOf(value[name]);
    if (share === null) throw new BadInput(`its "${name}" is no number`);
    return [name, share];
  });
  return Object.fromEntries(pairs) as Record<Name, number>;
}

/** 0 where the value is missing: such a shape is not turned. */
const degreesOf = ({ rotation }: Fields): number => numberOf(rotation) ?? 0;
