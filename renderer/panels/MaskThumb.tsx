// A candidate in small: the part of the picture around its objects, with their masks over it and their boxes around.
import { memo, useEffect, useRef } from 'react';
import { thumbnailAddress } from '../../main/contract/addresses.ts';
import type { Image, StoredProposal } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { boxAroundAll, silhouette, viewAround } from '../state/silhouette.ts';

/** Of the thumbnail on screen; the mask is drawn at twice that, for sharp screens. */
const shape = { width: 64, height: 48 };
const drawn = { width: 128, height: 96 };

export const MaskThumb = memo(({ image, proposal }: { image: Image; proposal: StoredProposal }) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = { width: image.width ?? 1, height: image.height ?? 1 };
  const view = viewAround(boxAroundAll(proposal), size, shape);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context) paint(context, proposal, viewAround(boxAroundAll(proposal), sizeOf(image), shape));
  }, [image, proposal]);
  return (
    <span className="mask-thumb" style={{ ...shape, ...backdrop(image, view) }}>
      <canvas ref={canvas} {...drawn} style={{ width: '100%', height: '100%' }} aria-hidden />
    </span>
  );
});
MaskThumb.displayName = 'MaskThumb';

const sizeOf = ({ width, height }: Image) => ({ width: width ?? 1, height: height ?? 1 });

/** The thumbnail of the whole image, so large and so placed that the view fills the frame. */
function backdrop(image: Image, view: Box) {
  if (image.hash === null) return {};
  const scale = shape.width / (view.x2 - view.x1);
  const { width, height } = sizeOf(image);
  return {
    backgroundImage: `url("${thumbnailAddress(image.id, image.hash)}")`,
    backgroundSize: `${width * scale}px ${height * scale}px`,
    backgroundPosition: `${-view.x1 * scale}px ${-view.y1 * scale}px`,
    backgroundRepeat: 'no-repeat',
  };
}

function paint(context: CanvasRenderingContext2D, { objects }: StoredProposal, view: Box): void {
  context.clearRect(0, 0, drawn.width, drawn.height);
  const pixels = context.createImageData(drawn.width, drawn.height);
  for (const { mask } of objects) {
    if (mask === null) continue;
    silhouette(mask, view, drawn).forEach((inside, i) => {
      if (inside) pixels.data.set([86, 180, 233, 150], i * 4);
    });
  }
  context.putImageData(pixels, 0, 0);
  const scale = drawn.width / (view.x2 - view.x1);
  context.strokeStyle = '#f0e442';
  context.lineWidth = 2.5;
  for (const { box } of objects) {
    const [x, y] = [(box.x1 - view.x1) * scale, (box.y1 - view.y1) * scale];
    context.strokeRect(x, y, (box.x2 - box.x1) * scale, (box.y2 - box.y1) * scale);
  }
}
