// Makes asks for the segmenter from a sample's objects, with what it should draw: boxes as people and reasoners place them, and clicks.
import { unpackMask } from '../../contract/project.ts';
import type { Random } from '../../contract/random.ts';
import type { Box, DecodedImage, Mask, Point } from '../../contract/records.ts';
import { maskArea, maskBox, toBitmap } from '../../contract/rle.ts';
import type { SegmenterPrompt } from '../../flow/segmenter/zoom.ts';
import type { Sample } from './sample.ts';

export interface TaughtPrompt {
  readonly ask: SegmenterPrompt;
  readonly truth: Mask;
}

/** Masks of a sample's objects with their boxes; those without a mask, or with an empty one, teach no outline. */
export const outlinesOf = ({ objects }: Sample): { box: Box; mask: Mask }[] =>
  objects.flatMap(({ box, mask }) => {
    const unpacked = mask && unpackMask(mask);
    return unpacked && maskArea(unpacked) > 0 ? [{ box, mask: unpacked }] : [];
  });

/** Four asks for one object: its box, a box that is slightly off, a click on it, and a box with a click. */
export function decoderPromptsOf(
  truth: Mask,
  image: Pick<DecodedImage, 'width' | 'height'>,
  draw: Random,
): TaughtPrompt[] {
  const box = maskBox(truth);
  const click = () => clickOn(truth, draw);
  const asks: SegmenterPrompt[] = [
    { box },
    { box: jittered(box, image, draw) },
    { points: [click()] },
    { box, points: [click()] },
  ];
  return asks.map((ask) => ({ ask, truth }));
}

/** Corners off by up to a tenth of the side, inside the picture. */
function jittered({ x1, y1, x2, y2 }: Box, { width, height }: { width: number; height: number }, draw: Random): Box {
  const off = (side: number) => draw.between(-0.1, 0.1) * side;
  const [w, h] = [x2 - x1, y2 - y1];
  const left = Math.max(0, x1 + off(w));
  const top = Math.max(0, y1 + off(h));
  return { x1: left, y1: top, x2: Math.min(width, x2 + off(w)), y2: Math.min(height, y2 + off(h)) };
}

/** The middle of a pixel of the mask, each as likely as the others. */
function clickOn(mask: Mask, draw: Random): Point {
  const bitmap = toBitmap(mask);
  const width = mask.size[1];
  let left = draw.int(1, maskArea(mask));
  const at = bitmap.findIndex((inside) => inside === 1 && --left === 0);
  return { x: (at % width) + 0.5, y: Math.floor(at / width) + 0.5, sign: '+' };
}
