// Measures a segmenter at full size: encoding a picture, reading it from the cache, a click on its features, memory.
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { input, reachable, size, type Tensor } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import { anyImageEncoder } from '../../../models/sam/imageEncoder.ts';
import { decodedMasks } from '../../flow/segmenter/decoding.ts';
import { FeatureFiles, type FeatureMaps } from '../../flow/sessions/featureFiles.ts';
import { productFlops } from './flops.ts';
import { milliseconds, runOnce } from './machineLimits.ts';
import {
  MemoryMeter,
  type ModelBenchTask,
  type SegmenterFigures,
  type SegmenterPlan,
  speedOf,
  withWeights,
  zeros,
} from './modelBenchTask.ts';

/** An image, and a click on its features. */
function segmenterGraphs(p: Params, { config, encoder }: SegmenterPlan) {
  const { imageSize } = config;
  const image = input('image', [1, 3, imageSize, imageSize]);
  const sam = p.at('sam');
  const { masks, iou } = decodedMasks(p, config, { asks: 1, slots: 2, rough: false });
  return {
    encode: { outputs: { ...(encoder?.(sam, image) ?? anyImageEncoder(sam, config, image)) }, inputs: [image] },
    click: { outputs: { masks, iou }, inputs: reachable([masks, iou]).filter(({ op }) => op.name === 'Input') },
  };
}

export function benchSegmenter(bench: ModelBenchTask, name: string, plan: SegmenterPlan): Promise<SegmenterFigures> {
  return withWeights(bench, null, {
    ask: (p) => void segmenterGraphs(p, plan),
    async use(p, folder) {
      const { encode, click } = segmenterGraphs(p, plan);
      const memory = new MemoryMeter();
      const encoder = await Session.create(encode.outputs, { folder });
      const encoded = await speedOf(bench, encoder, zeros(encode.inputs), productFlops(encode.outputs));
      memory.look();
      const read = await readSpeed(bench, encode.outputs);
      const decoder = await Session.create(click.outputs, { folder });
      let clickMs = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5 * bench.plan.runs; i++)
        clickMs = Math.min(clickMs, await milliseconds(() => runOnce(decoder, zeros(click.inputs))));
      const figures = { encode: encoded, ...read, clickMs, ...memory.figures() };
      await encoder.release();
      await decoder.release();
      bench.report(
        `${name}: image ${encoded.ms.toFixed(0)} ms, from disk ${read.readMs.toFixed(0)} ms, click ${clickMs.toFixed(0)} ms`,
      );
      return figures;
    },
  });
}

/** What a picture costs that was encoded before: features of these shapes, written once and read again. */
async function readSpeed({ folder, plan }: ModelBenchTask, outputs: Readonly<Record<string, Tensor>>) {
  const place = path.join(folder, 'features');
  const files = new FeatureFiles(place);
  const maps: FeatureMaps = Object.fromEntries(
    Object.entries(outputs).map(([name, { shape }]) => [
      name,
      { data: new Float32Array(size(shape)).fill(0.1), shape },
    ]),
  );
  await files.of('features', async () => maps);
  const { size: bytes } = await stat(path.join(place, 'features'));
  let readMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5 * plan.runs; i++)
    readMs = Math.min(
      readMs,
      await milliseconds(() => files.of('features', () => Promise.reject(new Error('unreachable')))),
    );
  await rm(place, { recursive: true });
  return { readMs, fileMB: bytes / 2 ** 20 };
}

/** Encodes a picture and draws a click while others are open, and calls `look` when both have run. */
export function segmentBeside(bench: ModelBenchTask, plan: SegmenterPlan, look: () => void): Promise<void> {
  return withWeights(bench, null, {
    ask: (p) => void segmenterGraphs(p, plan),
    async use(p, folder) {
      const { encode, click } = segmenterGraphs(p, plan);
      const encoder = await Session.create(encode.outputs, { folder });
      const decoder = await Session.create(click.outputs, { folder });
      await runOnce(encoder, zeros(encode.inputs));
      await runOnce(decoder, zeros(click.inputs));
      look();
      await encoder.release();
      await decoder.release();
    },
  });
}
