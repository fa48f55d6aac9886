// Says what colour a shape has: its label's, its own, or that of the person's verdict on it; as numbers that fill pixels.
import type { Label, Shape } from '../../main/contract/project.ts';
import type { Settings } from '../../main/contract/settings.ts';
import type { OpenImage } from '../state/workbench.ts';

/** Okabe and Ito's, which colour-blind people can tell apart, and some between them. */
const objectColours = [
  '#e69f00',
  '#56b4e9',
  '#009e73',
  '#f0e442',
  '#0072b2',
  '#d55e00',
  '#cc79a7',
  '#8c6bb1',
  '#66a61e',
  '#e7298a',
];
const verdictColours = { right: '#009e73', corrected: '#56b4e9', wrong: '#d55e00', none: '#e69f00' } as const;
const unlabelled = '#999999';

type Colouring = Settings['colourBy'];
export type ColourOf = (shape: Shape) => string;

/** Colours stay with ids, whatever else comes and goes. */
export function colouring(by: Colouring, labels: ReadonlyMap<number, Label>, open: OpenImage | null): ColourOf {
  if (by === 'object') return ({ id }) => objectColours[id % objectColours.length] ?? unlabelled;
  if (by === 'label') return ({ labelId }) => labels.get(labelId)?.colour ?? unlabelled;
  const verdicts = verdictsOf(open);
  return ({ id }) => verdictColours[verdicts.get(id) ?? (open?.review.status === 'accepted' ? 'right' : 'none')];
}

function verdictsOf(open: OpenImage | null): Map<number, keyof typeof verdictColours> {
  const verdicts = new Map<number, keyof typeof verdictColours>();
  for (const { correction } of open?.prompts.values() ?? []) {
    for (const { mask } of correction?.objects ?? [])
      if (mask.shapeId !== null) verdicts.set(mask.shapeId, mask.verdict ?? 'none');
  }
  return verdicts;
}

/** '#rrggbb' and 0 to 1 to a pixel of ImageData, read as one little-endian number. */
export function pixelOf(colour: string, opacity: number): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  const alpha = Math.round(Math.min(1, Math.max(0, opacity)) * 255);
  const [red, green, blue] = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255];
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
