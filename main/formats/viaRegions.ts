// Reads regions as all versions of VIA have them; finds out which attribute is the label, and says so.
import { BadInput } from '../contract/badInput.ts';
import type { Frame } from '../contract/geometry.ts';
import { readAttributes } from './reading/attributes.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading/reading.ts';
import { type BoxedMask, ellipseRing, maskOfRing, turnedRing } from './reading/rings.ts';
import { baseName, boxOf, type Fields, isFields, labelOf, numberOf, slashed, yesOf } from './reading/values.ts';

const LABEL = 'object';
/** What people call the attribute that says what a thing is, likeliest first. */
const LABEL_NAMES =
  'label class name type category object class_name classname class_id category_name object_name species'.split(' ');
/** Ways to choose one value among few, as a class is chosen. */
const CHOICES = new Set(['dropdown', 'radio', 'select']);

export interface ViaRegion {
  /** `name` says which kind of shape it is. */
  readonly shape: Fields;
  readonly said: Fields;
}

export interface Entry {
  readonly name: string;
  /** Null: a region that could not be read. */
  readonly regions: readonly (ViaRegion | null)[];
  /** About the whole picture. */
  readonly said: unknown;
}

interface From {
  readonly file: string;
  readonly context: ReadContext;
  /** What the project says of attributes of regions, by their name. */
  readonly rules: Fields;
}

export async function viaReading(entries: readonly Entry[], { file, context, rules }: From): Promise<Reading> {
  const { pictures, notes } = context;
  const key = labelKey(entries, rules);
  if (key !== null) notes.say(`labels are the regions' "${key}"`);
  const images: ReadImage[] = [];
  const shapes: ReadShape[] = [];
  for (const entry of entries) {
    const name = nameOf(entry.name);
    const picture = await pictures.find(name, file);
    const image = { name, width: picture?.width ?? null, height: picture?.height ?? null, ...(picture && { picture }) };
    images.push(image);
    for (const said of Object.keys(isFields(entry.said) ? readAttributes(entry.said, { what: name, notes }) : {}))
      notes.say(`"${said}" is said of a whole image, and is not read`);
    if (picture !== null) shapes.push(...shapesOf(entry, image, { key, notes, frame: picture }));
    else if (entry.regions.length > 0)
      notes.leave(`${entry.regions.length} regions of ${name}`, 'its picture was not found, and its size is not given');
  }
  return { format: 'VIA', images, labels: [...new Set(shapes.map(({ label }) => label))], shapes };
}

/** A picture may be given by its address. */
function nameOf(given: string): string {
  if (!/^https?:/iu.test(given)) return slashed(given);
  const name = baseName(given.replace(/[?#].*$/u, ''));
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The attribute that names things; null where no region says anything. */
function labelKey(entries: readonly Entry[], rules: Fields): string | null {
  const counts = new Map<string, number>();
  for (const region of entries.flatMap(({ regions }) => regions)) {
    for (const [name, value] of Object.entries(region?.said ?? {}))
      if (chosenOf(value) !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  const usual = LABEL_NAMES.flatMap((usual) => names.find((name) => name.trim().toLowerCase() === usual) ?? []);
  const isChoice = (name: string) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    return isFields(rule) && CHOICES.has(String(rule.type));
  };
  return usual[0] ?? names.find(isChoice) ?? names[0] ?? null;
}

/** A text, or of boxes that can be ticked the ones that are. */
function chosenOf(value: unknown): string | null {
  if (!isFields(value)) return labelOf(value);
  const ticked = Object.keys(value).filter((name) => yesOf(value[name]));
  return ticked.length > 0 ? ticked.join(', ') : null;
}

interface Of {
  readonly key: string | null;
  readonly notes: Notes;
  readonly frame: Frame;
}

function shapesOf({ regions }: Entry, image: ReadImage, { key, notes, frame }: Of): ReadShape[] {
  return regions.flatMap((region, i) => {
    const what = `region ${i + 1} of ${image.name}`;
    try {
      if (region === null) throw new BadInput('it says nothing of its shape');
      const placed = placedOf(region.shape, frame);
      const said = key !== null && Object.hasOwn(region.said, key) ? chosenOf(region.said[key]) : null;
      if (said === null) notes.say(`regions without a label get the label "${LABEL}"`);
      const others = Object.entries(region.said).filter(([name]) => name !== key || said === null);
      const attributes = readAttributes(Object.fromEntries(others.map(([name, value]) => [name, tickedOf(value)])), {
        what,
        notes,
      });
      return [{ image, label: said ?? LABEL, ...placed, crowd: false, attributes }];
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      notes.leave(what, error.message);
      return [];
    }
  });
}

const tickedOf = (value: unknown): unknown => (isFields(value) ? (chosenOf(value) ?? undefined) : value);

function placedOf(shape: Fields, frame: Frame): BoxedMask {
  const kind = String(shape.name);
  const place = PLACES.get(kind);
  if (place !== undefined) return place(shape, frame);
  if (['polyline', 'point', 'line'].includes(kind)) throw new BadInput(`a ${kind} has no area`);
  throw new BadInput(`a shape of the kind "${kind.slice(0, 40)}" is not read`);
}

type Place = (shape: Fields, frame: Frame) => BoxedMask;

const PLACES = new Map<string, Place>([
  ['rect', rectPlace],
  ['rectangle', rectPlace],
  [
    'circle',
    (shape, frame) => {
      const [x = 0, y = 0, radius = 0] = numbersIn(shape, ['cx', 'cy', 'r']);
      return maskOfRing(ellipseRing({ x, y }, radius), frame);
    },
  ],
  [
    'ellipse',
    (shape, frame) => {
      const [x = 0, y = 0, radiusX = 0, radiusY = 0] = numbersIn(shape, ['cx', 'cy', 'rx', 'ry']);
      // In radians.
      const degrees = ((numberOf(shape.theta) ?? 0) * 180) / Math.PI;
      return maskOfRing(turnedRing(ellipseRing({ x, y }, radiusX, radiusY), degrees, { x, y }), frame);
    },
  ],
  ['polygon', (shape, frame) => maskOfRing(cornersOf(shape), frame)],
]);

function rectPlace(shape: Fields, frame: Frame): BoxedMask {
  const [x = 0, y = 0, width = 0, height = 0] = numbersIn(shape, ['x', 'y', 'width', 'height']);
  const box = boxOf([x, y, x + width, y + height], frame);
  if (box === null) throw new BadInput('its box is empty or lies outside the picture');
  return { mask: null, box };
}

function numbersIn(shape: Fields, names: readonly string[]): number[] {
  return names.map((name) => {
    const number = numberOf(shape[name]);
    if (number === null) throw new BadInput(`its "${name}" is no number`);
    return number;
  });
}

function cornersOf({ all_points_x: xs, all_points_y: ys }: Fields): number[] {
  if (!Array.isArray(xs) || !Array.isArray(ys) || xs.length !== ys.length)
    throw new BadInput('its corners are no two lists of equal length');
  const ring = xs.flatMap((x: unknown, i) => [numberOf(x), numberOf(ys[i])]);
  if (!ring.every((each) => each !== null)) throw new BadInput('one of its corners is no number');
  return ring;
}
