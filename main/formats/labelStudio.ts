// A Label Studio export (JSON) to images and shapes; places in it are percent of the picture.
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import { fromPolygon } from '../contract/polygon.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { jsonPieces } from './jsonStream.ts';
import type { Notes, ReadContext, ReadImage, Reading, ReadShape } from './reading.ts';
import {
  attributesOf,
  baseName,
  boxOf,
  type Fields,
  isFields,
  labelOf,
  numberOf,
  ringOf,
  sideOf,
  textOf,
  yesOf,
} from './values.ts';

const ELLIPSE_CORNERS = 90;
const REGIONS = new Set(['polygon', 'rectangle', 'ellipse']);

export async function readLabelStudio(file: string, { notes, pictures }: ReadContext): Promise<Reading> {
  const images: ReadImage[] = [];
  const shapes: ReadShape[] = [];
  let place = 0;
  for (const { value: task } of jsonPieces(file)) {
    place++;
    if (!isFields(task)) continue;
    const name = nameOf(task) ?? `task ${place}`;
    const chosen = chosenOf(task, name, notes);
    const results = chosen === null ? [] : resultsOf(chosen);
    const size = results.map(sizeOf).find((each) => each !== null);
    // Only results state the size; without any, the picture itself has to.
    const picture = size || results.length > 0 ? null : await pictures.find(name, file);
    const frame = size ?? picture;
    const image: ReadImage = {
      ...{ name, width: frame?.width ?? null, height: frame?.height ?? null },
      ...(picture && { picture }),
      ...(chosen !== null && results.length === 0 && { reviewed: true }),
    };
    images.push(image);
    for (const [i, result] of results.entries()) {
      const shape = taken(result, image, { what: `result ${i + 1} of ${name}`, notes });
      if (shape !== null) shapes.push(shape);
    }
  }
  return { format: 'Label Studio', images, labels: [...new Set(shapes.map(({ label }) => label))], shapes };
}

/** Uploads are called 1a2b3c4d-name.jpg; local files stand behind ?d=. */
function nameOf(task: Fields): string | null {
  const data = isFields(task.data) ? task.data : {};
  const [address] = Object.values(data).flatMap((value) => textOf(value) ?? []);
  const given = textOf(task.file_upload) ?? address;
  if (given === undefined || given === null) return null;
  const local = /[?&]d=(?<path>[^&]+)/u.exec(given)?.groups?.path;
  const name = baseName(local === undefined ? given.replace(/[?#].*$/u, '') : decoded(local));
  return name.replace(/^[\da-f]{8}-/u, '') || null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Several people mark the same objects: those of the ground truth count, else the newest work; the others are named. */
function chosenOf({ annotations, completions }: Fields, name: string, notes: Notes): Fields | null {
  const all = [annotations, completions]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .filter((each): each is Fields => isFields(each) && !yesOf(each.was_cancelled));
  const truths = all.filter(({ ground_truth: truth }) => yesOf(truth));
  const inOrder = (truths.length > 0 ? truths : all).toSorted((a, b) =>
    dateOf(a) < dateOf(b) ? -1 : dateOf(a) > dateOf(b) ? 1 : 0,
  );
  const chosen = inOrder.at(-1) ?? null;
  for (const other of all) {
    if (other === chosen) continue;
    const results = resultsOf(other).length;
    const why = `${all.length} people or passes marked this task; ${chosen && yesOf(chosen.ground_truth) ? 'the ground truth' : 'the newest'} was taken`;
    notes.leave(`annotation ${String(other.id ?? '')} of ${name} (${results} result${results === 1 ? '' : 's'})`, why);
  }
  return chosen;
}

const dateOf = ({ updated_at: updated, created_at: made }: Fields): string => textOf(updated) ?? textOf(made) ?? '';

/** A region and its label may be two results of one id: "polygon" says where it lies, "labels" what it is. */
function resultsOf({ result }: Fields): Fields[] {
  const all = Array.isArray(result) ? result.filter(isFields) : [];
  const labels = new Map(
    all.filter(({ type, id }) => type === 'labels' && id !== undefined).map((each) => [each.id, each]),
  );
  const regions = new Set(all.filter(({ type }) => REGIONS.has(String(type))).map(({ id }) => id));
  return all.flatMap((each) => {
    if (each.type === 'labels' && regions.has(each.id)) return [];
    if (!REGIONS.has(String(each.type))) return [each];
    const said = labels.get(each.id)?.value;
    const type = `${String(each.type)}labels`;
    const value = isFields(each.value) ? each.value : {};
    return [{ ...each, type, value: { ...value, [type]: isFields(said) ? said.labels : undefined } }];
  });
}

function sizeOf(result: Fields): Frame | null {
  const [width, height] = [sideOf(result.original_width), sideOf(result.original_height)];
  return width !== null && height !== null ? { width, height } : null;
}

function taken(result: Fields, image: ReadImage, { what, notes }: { what: string; notes: Notes }): ReadShape | null {
  try {
    const value = isFields(result.value) ? result.value : {};
    const type = textOf(result.type) ?? '';
    const frame = sizeOf(result);
    if (frame === null) throw new BadInput('the size of its picture is not given');
    if (frame.width !== image.width || frame.height !== image.height)
      throw new BadInput('its picture has another size elsewhere');
    if (numberOf(result.image_rotation) ?? 0) throw new BadInput('its picture was turned in Label Studio');
    const { mask, box } = drawn(type, value, frame);
    const labels = Array.isArray(value[type]) ? value[type].flatMap((each) => labelOf(each) ?? []) : [];
    const [label = 'object', ...others] = labels;
    if (others.length > 0) notes.say(`${what} has several labels; the first, "${label}", was taken`);
    return { image, label, mask, box, crowd: false, attributes: attributesOf({ score: result.score }) };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    notes.leave(what, error.message);
    return null;
  }
}

function drawn(type: string, value: Fields, frame: Frame): { mask: Mask | null; box: Box } {
  const ring = ringFor(type, value);
  if (ring === null) throw new BadInput(`a result of type "${type}" is not read`);
  const pixels = ring.map((share, i) => (share * (i % 2 === 0 ? frame.width : frame.height)) / 100);
  if (type === 'rectanglelabels' && !numberOf(value.rotation)) {
    const box = boxOf([pixels[0] ?? 0, pixels[1] ?? 0, pixels[4] ?? 0, pixels[5] ?? 0], frame);
    if (box === null) throw new BadInput('its box is empty or lies outside the picture');
    return { mask: null, box };
  }
  const mask = fromPolygon(rotated(pixels, value, frame), frame.width, frame.height);
  if (maskArea(mask) === 0) throw new BadInput('no pixel of the picture lies in it');
  return { mask, box: maskBox(mask) };
}

/** In percent. */
function ringFor(type: string, value: Fields): number[] | null {
  if (type === 'polygonlabels') return ringOf(value.points);
  const [x, y] = [numberOf(value.x), numberOf(value.y)];
  if (x === null || y === null) return null;
  const [width, height] = [numberOf(value.width) ?? 0, numberOf(value.height) ?? 0];
  if (type === 'rectanglelabels') return [x, y, x + width, y, x + width, y + height, x, y + height];
  if (type !== 'ellipselabels') return null;
  const [radiusX, radiusY] = [numberOf(value.radiusX) ?? 0, numberOf(value.radiusY) ?? 0];
  return Array.from({ length: ELLIPSE_CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / ELLIPSE_CORNERS;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
  }).flat();
}

/** Clockwise by degrees, about the corner of a rectangle or the centre of an ellipse. */
function rotated(ring: number[], { rotation, x, y }: Fields, { width, height }: Frame): number[] {
  const angle = ((numberOf(rotation) ?? 0) * Math.PI) / 180;
  if (angle === 0) return ring;
  const [pivotX, pivotY] = [((numberOf(x) ?? 0) * width) / 100, ((numberOf(y) ?? 0) * height) / 100];
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  return ring.map((_, i) => {
    const [dx, dy] = [(ring[i - (i % 2)] ?? 0) - pivotX, (ring[i - (i % 2) + 1] ?? 0) - pivotY];
    return i % 2 === 0 ? pivotX + dx * cosine - dy * sine : pivotY + dx * sine + dy * cosine;
  });
}
