// Packs several asks for the segmenter's decoder, one after the other, with what it should draw over their places.
import type { NamedValues } from '../../../models/graph/value.ts';
import { resizeFloat } from '../../../models/nn/resample.ts';
import type { Mask } from '../../contract/records.ts';
import { toBitmap } from '../../contract/rle.ts';
import type { DecoderInputs } from '../../flow/segmenter/segmenter.ts';
import { joined } from '../loop/joinFloats.ts';

/** `prefix` is put before the names; `rough`: whether a map of what is pointed at is among them. */
export function decoderFeeds(
  inputs: readonly DecoderInputs[],
  { prefix = '', rough = true }: { prefix?: string; rough?: boolean } = {},
): NamedValues {
  const feeds: Record<string, Float32Array | BigInt64Array> = {};
  for (const name of ['embed', 's0', 's1', 'at', ...(rough ? ['rough'] : [])])
    feeds[prefix + name] = joined(inputs.map((one) => floatsOf(one.feeds[name])));
  feeds[`${prefix}labels`] = BigInt64Array.from(inputs.flatMap((one) => [...labelsOf(one.feeds.labels)]));
  return feeds;
}

function floatsOf(value: unknown): Float32Array {
  if (value instanceof Float32Array) return value;
  throw new Error('An ask of the decoder has no floats where the graph wants them.');
}

function labelsOf(value: unknown): BigInt64Array {
  if (value instanceof BigInt64Array) return value;
  throw new Error('An ask of the decoder has no labels of its points.');
}

/** What the decoder should draw over a part of the picture: the share of each of its cells that the mask covers. */
export function targetOf(mask: Mask, { x, y, width, height }: DecoderInputs['place'], side: number): Float32Array {
  const bitmap = toBitmap(mask);
  const across = mask.size[1];
  const data = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * across + x;
    data.set(bitmap.subarray(from, from + width), row * width);
  }
  return resizeFloat({ channels: 1, height, width, data }, { height: side, width: side }, { antialias: true }).data;
}
