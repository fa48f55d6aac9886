// A part of a picture in small with masks over it: a candidate's objects and their boxes, or what was drawn and what is true.
import { memo, useEffect, useMemo, useRef } from 'react';
import { pictureAddress, thumbnailAddress, wholeSide } from '../../../main/contract/addresses.ts';
import type { Size } from '../../../main/contract/maskColumns.ts';
import type { Image, PackedMask, StoredProposal } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { borderOf, boxAroundAll, silhouette, viewAround } from '../../state/silhouette.ts';

/** Pixels of a candidate on screen. */
const candidate = { width: 64, height: 48 };
/** The mask is drawn at twice its size on screen, for sharp screens. */
const SHARP = 2;
/** A thumbnail has so many pixels a side. */
const THUMBNAIL = 256;
const found = [86, 180, 233, 150] as const;

export interface Layer {
  readonly mask: PackedMask;
  /** Red, green, blue and how much of it, 0 to 255. */
  readonly colour: readonly [number, number, number, number];
  /** Only its border is drawn. */
  readonly isBorder: boolean;
}

export const MaskThumb = memo(({ image, proposal }: { image: Image; proposal: StoredProposal }) => {
  const { objects } = proposal;
  const layers = useMemo(
    () => objects.flatMap(({ mask }) => (mask ? [{ mask, colour: found, isBorder: false }] : [])),
    [objects],
  );
  return <MaskPicture image={image} around={boxAroundAll(proposal)} size={candidate} layers={layers} boxes={objects} />;
});
MaskThumb.displayName = 'MaskThumb';

interface Props {
  readonly image: Pick<Image, 'id' | 'hash' | 'width' | 'height'>;
  /** What is to be seen, with a margin; null: the whole picture. */
  readonly around: Box | null;
  readonly size: Size;
  readonly layers: readonly Layer[];
  readonly boxes?: readonly { readonly box: Box }[];
}

const none: NonNullable<Props['boxes']> = [];

export function MaskPicture({ image, around, size, layers, boxes = none }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = sizeOf(image);
  const view = useMemo(() => viewAround(around, { width, height }, size), [around, width, height, size]);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context) paint(context, view, { layers, boxes });
  }, [view, layers, boxes]);
  return (
    <span className="mask-thumb" style={{ ...size, ...backdrop(image, view, size) }}>
      <canvas
        ref={canvas}
        width={size.width * SHARP}
        height={size.height * SHARP}
        style={{ width: '100%', height: '100%' }}
        aria-hidden
      />
    </span>
  );
}

const sizeOf = ({ width, height }: Pick<Image, 'width' | 'height'>) => ({ width: width ?? 1, height: height ?? 1 });

/** The whole image, so large and so placed that the view fills the frame; in full only where a thumbnail has too few pixels. */
function backdrop(image: Props['image'], view: Box, size: Size) {
  const scale = size.width / (view.x2 - view.x1);
  const { width, height } = sizeOf(image);
  const longest = Math.max(width, height);
  const isEnlarged = scale * longest > THUMBNAIL && longest <= wholeSide;
  // The host reads an image that nobody has opened yet when its pixels are asked for.
  const address = (isEnlarged ? pictureAddress : thumbnailAddress)(image.id, image.hash);
  return {
    backgroundImage: `url("${address}")`,
    backgroundSize: `${width * scale}px ${height * scale}px`,
    backgroundPosition: `${-view.x1 * scale}px ${-view.y1 * scale}px`,
    backgroundRepeat: 'no-repeat',
  };
}

function paint(
  context: CanvasRenderingContext2D,
  view: Box,
  { layers, boxes }: { layers: readonly Layer[]; boxes: readonly { readonly box: Box }[] },
): void {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  const pixels = context.createImageData(width, height);
  for (const { mask, colour, isBorder } of layers) {
    const inside = silhouette(mask, view, { width, height });
    (isBorder ? borderOf(inside, { width, height }) : inside).forEach((is, i) => {
      if (is) pixels.data.set(colour, i * 4);
    });
  }
  context.putImageData(pixels, 0, 0);
  const scale = width / (view.x2 - view.x1);
  context.strokeStyle = '#f0e442';
  context.lineWidth = 2.5;
  for (const { box } of boxes) {
    const [x, y] = [(box.x1 - view.x1) * scale, (box.y1 - view.y1) * scale];
    context.strokeRect(x, y, (box.x2 - box.x1) * scale, (box.y2 - box.y1) * scale);
  }
}
