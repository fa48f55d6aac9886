// Draws masks beside the true ones as one SVG sheet, each on its part of the picture or on plain ground.
import { outlinesOf, simplified } from '../contract/outline.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import { placeAround } from './crop.ts';
import type { PicturePart } from './enlarge.ts';
import { cutTile } from './image.ts';
import { escaped, svgLabel } from './svgText.ts';

export interface SheetEntry {
  readonly image: DecodedImage;
  readonly box: Box;
  readonly truth: Mask;
  readonly mask: Mask;
  /** The first line stands out. */
  readonly lines: readonly string[];
}

/** `picture`: outlines on the picture, which the sheet then holds a copy of. `plain`: filled shapes and nothing of the picture. */
export type SheetGround = 'picture' | 'plain';

const COLUMNS = 5;
const CELL = { width: 212, height: 254, side: 200 };
const HEADER = 66;
const INK = '#1f2933';
const GREY = '#66727f';
const PLAIN = '#eef1f4';
const TRUTH = '#1f6fb2';
const FOUND = '#e8590c';
const BOX = '#66727f';
/** How much of the picture is shown around box and mask, in shares of their longer side. */
const CONTEXT = 1.25;
/** Longer lines would run into the next cell. */
const MOST_LETTERS = 32;
/** Pixels of the picture for one of the sheet, on screens that show two for one. */
const DENSITY = 1.5;

/** Two rows of five where there are ten. */
export async function drawSheet(title: string, entries: readonly SheetEntry[], ground: SheetGround): Promise<string> {
  const width = COLUMNS * CELL.width + 4;
  const height = HEADER + Math.ceil(entries.length / COLUMNS) * CELL.height + 4;
  const cells = await Promise.all(entries.map((entry) => drawCell(entry, ground)));
  const placed = cells.map((cell, i) => {
    const at = `${8 + (i % COLUMNS) * CELL.width} ${HEADER + Math.floor(i / COLUMNS) * CELL.height}`;
    return `<g transform="translate(${at})">\n${cell}</g>\n`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="11" fill="${GREY}">\n`,
    `<title>${escaped(title)}</title>\n`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>\n`,
    svgLabel(8, 26, title, `font-size="16" font-weight="600" fill="${INK}"`),
    legend(),
    `${placed.join('')}</svg>\n`,
  ].join('');
}

function legend(): string {
  const names = [
    [8, 'true mask', TRUTH],
    [90, 'mask that was found', FOUND],
    [226, 'box that was asked with', BOX],
  ] as const;
  const parts = names.map(([x, name, colour]) => {
    return `<rect x="${x}" y="40" width="10" height="10" fill="${colour}"/>${svgLabel(x + 15, 49, name, '')}`;
  });
  return parts.join('');
}

async function drawCell({ image, box, truth, mask, lines }: SheetEntry, ground: SheetGround): Promise<string> {
  const place = placeAround(maskArea(mask) > 0 ? around(box, maskBox(mask)) : box, image, CONTEXT);
  const { x, y, width, height } = place;
  const shapes = [
    [truth, TRUTH],
    [mask, FOUND],
  ] as const;
  const drawn = shapes.map(([shape, colour]) => drawShape(outlinePath(shape, place), colour, ground));
  const texts = lines.map((text, i) =>
    svgLabel(0, CELL.side + 15 + 14 * i, shortened(text), i === 0 ? `font-weight="600" fill="${INK}"` : ''),
  );
  return [
    `<svg width="${CELL.side}" height="${CELL.side}" viewBox="${x} ${y} ${width} ${height}">`,
    `<title>${escaped(lines.join(', '))}</title>\n`,
    ground === 'picture'
      ? await pictureOf(image, place)
      : `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${PLAIN}"/>\n`,
    ...drawn,
    `<rect x="${box.x1}" y="${box.y1}" width="${box.x2 - box.x1}" height="${box.y2 - box.y1}" fill="none"`,
    ` stroke="${BOX}" stroke-dasharray="3 3" vector-effect="non-scaling-stroke"/>\n</svg>\n`,
    ...texts,
  ].join('');
}

const around = (a: Box, b: Box): Box => ({
  x1: Math.min(a.x1, b.x1),
  y1: Math.min(a.y1, b.y1),
  x2: Math.max(a.x2, b.x2),
  y2: Math.max(a.y2, b.y2),
});

function drawShape(path: string, colour: string, ground: SheetGround): string {
  if (ground === 'plain') return `<path d="${path}" fill="${colour}" fill-opacity="0.5" fill-rule="evenodd"/>\n`;
  const line = `d="${path}" fill="none" vector-effect="non-scaling-stroke"`;
  return `<path ${line} stroke="#ffffff" stroke-width="3.5"/><path ${line} stroke="${colour}" stroke-width="1.8"/>\n`;
}

/** Outlines are simplified to a pixel of the sheet. */
function outlinePath(mask: Mask, { width, height }: PicturePart): string {
  const tolerance = Math.max(width, height) / CELL.side;
  const rings = outlinesOf(mask).map(({ points }) => {
    const fewer = simplified(points, tolerance);
    return fewer.length >= 6 ? fewer : points;
  });
  return rings.map((ring) => `M${ring.join(' ')}Z`).join('');
}

async function pictureOf(image: DecodedImage, { x, y, width, height }: PicturePart): Promise<string> {
  const scale = Math.min(1, (DENSITY * CELL.side) / Math.max(width, height));
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const jpeg = await cutTile(image, { left: x, top: y, width, height }, size);
  const place = `x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none"`;
  return `<image ${place} href="data:image/jpeg;base64,${jpeg.toString('base64')}"/>\n`;
}

function shortened(text: string): string {
  const letters = [...text];
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join('')}…` : text;
}
