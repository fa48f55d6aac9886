// What is found out about foreign files by trying them: pixels, boxes and rough masks that they hear or do not.
import { describe, expect, it } from 'vitest';
import type { Mask } from '../../../main/contract/records.ts';
import { maskArea, toBitmap } from '../../../main/contract/rle.ts';
import { dialects, type OnnxDialect, type PixelScale } from '../../../main/flow/onnx/onnxDialects.ts';
import { type ForeignMasks, maskOfPicture } from '../../../main/flow/onnx/onnxMasks.ts';
import { placedOn } from '../../../main/flow/onnx/onnxPicture.ts';
import { type ProbeResult, probe } from '../../../main/flow/onnx/onnxProbe.ts';
import type { PointedAt } from '../../../main/flow/onnx/onnxPrompts.ts';

const side = 256;

function dialect(id: string): OnnxDialect {
  const found = dialects.find((one) => one.id === id);
  if (!found) throw new Error(id);
  return found;
}

/** A decoder that paints a disc around the middle of the box, else around the click, of a size that the pixels decide. */
function files(hears: { boxes: boolean; rough: boolean; wants: PixelScale; boxRadius?: number }) {
  const masks = async (
    _: unknown,
    { box, points = [], rough }: PointedAt,
    scale: PixelScale,
  ): Promise<ForeignMasks> => {
    const isBox = box !== undefined && hears.boxes;
    const [click] = points;
    const at = isBox ? { x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2 } : (click ?? { x: 0, y: 0 });
    const radius = scale !== hears.wants ? 3 : isBox ? (hears.boxRadius ?? 44) : 44;
    const more = rough && hears.rough ? maskArea(rough) / 1e4 : 0;
    const inside = (i: number) => radius - Math.hypot((i % side) - at.x, Math.floor(i / side) - at.y) + more;
    const one = Float32Array.from({ length: side * side }, (__, i) => inside(i));
    return { width: side, height: side, masks: one, iou: Float32Array.of(0.5), over: 'picture' };
  };
  const encode = async (__: unknown, scale: PixelScale) => scale;
  const shown = (found: ForeignMasks, image: { width: number; height: number; data: Uint8Array }): Mask =>
    maskOfPicture(found, image, placedOn(image, { width: side, height: side }, 'squash'));
  return { encode, masks, shown };
}

const found = (id: string, hears: Parameters<typeof files>[0]): Promise<ProbeResult> =>
  probe(dialect(id), files(hears));

describe('probe', () => {
  it('finds that all is heard where it is', async () => {
    expect(await found('a', { boxes: true, rough: true, wants: 'imagenet' })).toEqual({
      ...{ boxes: true, rough: true, scale: 'imagenet' },
    });
  });

  it('finds boxes and rough masks that change nothing', async () => {
    expect(await found('a', { boxes: false, rough: true, wants: 'imagenet' })).toMatchObject({
      boxes: false,
      rough: true,
    });
    expect(await found('a', { boxes: true, rough: false, wants: 'imagenet' })).toMatchObject({
      boxes: true,
      rough: false,
    });
  });

  it('finds boxes that are heard as something else: far worse than a click', async () => {
    const hears = { boxes: true, rough: true, wants: 'imagenet', boxRadius: 8 } as const;
    expect(await found('a', hears)).toMatchObject({ boxes: false });
  });

  it('measures which pixels give the better masks, and keeps to the right ones where neither gives any', async () => {
    const hears = { boxes: true, rough: true } as const;
    expect(await found('b2', { ...hears, wants: 'slip' })).toMatchObject({ scale: 'slip' });
    expect(await found('b2', { ...hears, wants: 'imagenet' })).toMatchObject({ scale: 'imagenet' });
    expect(await found('b2', { ...hears, wants: 'unit' })).toMatchObject({ scale: 'imagenet' });
  });
});

describe('masks of foreign files', () => {
  const grid = { width: 4, height: 4, over: 'square' } as const;
  const image = { width: 8, height: 4, data: new Uint8Array(96) };

  it('are cut where padding begins, whatever their size', () => {
    // The upper half of the square is the picture: only its rows are shown.
    const masks = Float32Array.from({ length: 16 }, (_, i) => (Math.floor(i / 4) === 1 ? 1 : -1));
    const shown = maskOfPicture(
      { ...grid, masks, iou: Float32Array.of(1) },
      image,
      placedOn(image, { width: 4, height: 4 }, 'keep'),
    );
    expect(shown.size).toEqual([4, 8]);
    const rows = Array.from({ length: 4 }, (_, row) => toBitmap(shown)[row * 8 + 4]);
    expect(rows).toEqual([0, 0, 1, 1]);
  });

  it('are the one that the file thinks best of', () => {
    const masks = Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? -1 : 1));
    const placed = placedOn(image, { width: 4, height: 4 }, 'squash');
    expect(maskArea(maskOfPicture({ ...grid, masks, iou: Float32Array.of(0.2, 0.9) }, image, placed))).toBe(32);
    expect(maskArea(maskOfPicture({ ...grid, masks, iou: Float32Array.of(0.9, 0.2) }, image, placed))).toBe(0);
  });
});
