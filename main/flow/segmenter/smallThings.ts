// Shows a segmenter of whole pictures the part around a small thing, so that the thing has more of the encoder's pixels.
import type { Frame } from '../../contract/geometry.ts';
import type { Box, DecodedImage, Mask } from '../../contract/records.ts';
import { maskArea, maskBox } from '../../contract/rle.ts';
import { croppedTo, placeAround } from '../../pictures/crop.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import { boxAround, clickBoxes, focusOf, type SegmenterPrompt, withinPlace } from './zoom.ts';

/** Of either side of the picture: what is smaller is small. */
const SMALL = 0.25;
/** Sides of the part in those of the thing: as much again around it tells the thing from what is behind it. */
const CONTEXT = 2;
/** Parts of one picture that are kept: a person goes back and forth between few things. */
const MOST_PARTS = 4;

interface Part {
  readonly place: PicturePart;
  readonly image: DecodedImage;
}

/** Keeps what its encoder made of a picture as long as there is that picture. */
interface Drawing {
  /** Not where it looks at parts by itself, or encodes anew for every ask. */
  readonly wantsParts: boolean;
  segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask>;
}

export class SmallThings {
  private readonly segmenter: Drawing;
  private readonly parts = new WeakMap<DecodedImage, Part[]>();

  constructor(segmenter: Drawing) {
    this.segmenter = segmenter;
  }

  /** The mask at the picture's size. Where clicks alone say what is meant, the whole picture is asked how large that is. */
  async segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask> {
    const { segmenter } = this;
    const focus = segmenter.wantsParts ? focusOf(ask) : null;
    if (focus && isSmall(focus, image)) return this.drawPart(image, ask, focus);
    const whole = await segmenter.segment(image, ask);
    if (!segmenter.wantsParts || focus || maskArea(whole) === 0) return whole;
    const found = boxAround([maskBox(whole), ...clickBoxes(ask)]);
    return found && isSmall(found, image) ? this.drawPart(image, ask, found) : whole;
  }

  private async drawPart(image: DecodedImage, ask: SegmenterPrompt, focus: Box): Promise<Mask> {
    const { place, image: part } = this.partAround(image, focus);
    return inPicture(await this.segmenter.segment(part, withinPlace(ask, place)), place, image);
  }

  /** The same part while it still shows the thing well: its features are known, so that a thing is encoded once more at most. */
  private partAround(image: DecodedImage, focus: Box): Part {
    const parts = this.parts.get(image) ?? [];
    const known = parts.find(({ place }) => shows(place, focus, image));
    const place = known?.place ?? placeAround(focus, image, CONTEXT);
    const part = known ?? { place, image: croppedTo(image, place) };
    this.parts.set(image, [part, ...parts.filter((one) => one !== part)].slice(0, MOST_PARTS));
    return part;
  }
}

const isSmall = ({ x1, y1, x2, y2 }: Box, { width, height }: Frame): boolean =>
  x2 - x1 < SMALL * width && y2 - y1 < SMALL * height;

/** Whether the thing lies inside, off the edges beyond which the picture goes on, and is not lost in the part. */
function shows({ x, y, width, height }: PicturePart, { x1, y1, x2, y2 }: Box, picture: Frame): boolean {
  const margin = 0.1 * Math.max(width, height);
  const isInside =
    x1 >= (x > 0 ? x + margin : 0) &&
    y1 >= (y > 0 ? y + margin : 0) &&
    x2 <= (x + width < picture.width ? x + width - margin : picture.width) &&
    y2 <= (y + height < picture.height ? y + height - margin : picture.height);
  return isInside && Math.max(x2 - x1, y2 - y1) >= SMALL * Math.max(width, height);
}

/** A mask of the part as one of the picture: its runs, down the columns, moved. */
function inPicture({ size: [rows], counts }: Mask, place: PicturePart, { width, height }: Frame): Mask {
  const moved: number[] = [];
  let [at, last] = [0, 0];
  counts.forEach((run, i) => {
    const end = at + run;
    for (let start = at; i % 2 === 1 && start < end; ) {
      const column = Math.floor(start / rows);
      const stop = Math.min(end, (column + 1) * rows);
      const top = (place.x + column) * height + place.y + start - column * rows;
      // Where the part is as high as the picture a run goes on in the next column.
      if (top === last && moved.length > 0) moved.push((moved.pop() ?? 0) + stop - start);
      else moved.push(top - last, stop - start);
      last = top + stop - start;
      start = stop;
    }
    at = end;
  });
  return { size: [height, width], counts: [...moved, width * height - last] };
}
