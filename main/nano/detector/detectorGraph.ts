// The detector's training step as one graph.
import { detectorHead } from '../../../models/detector/head.ts';
import { input } from '../../../models/graph/tensor.ts';
import type { Params } from '../../../models/nn/params.ts';
import type { Sam2Config } from '../../../models/sam2/config.ts';
import { imageEncoder } from '../../../models/sam2/imageEncoder.ts';
import { detectorLoss } from '../../../models/train/detectorLoss.ts';
import { detectorBatch, detectorGrid, detectorShape, samSide } from '../parameters/layout.ts';

/** `p` stands at the root: it reads the segmenter's picture encoder and the detector. */
export function detectorGraph(p: Params, config: Sam2Config, classes: number) {
  const { pictures, places } = detectorBatch;
  const image = input('samImage', [pictures, 3, samSide, samSide]);
  const head = { classes, width: detectorShape.width, blocks: detectorShape.blocks };
  const maps = detectorHead(p.at('detector'), head, imageEncoder(p.at('sam'), config, image));
  const every = [pictures, detectorGrid ** 2, classes];
  return detectorLoss(maps, {
    named: input('named', every),
    weight: input('weight', every),
    at: input('at', [places], 'int64'),
    boxes: input('boxes', [places, 4]),
    counts: input('counts', [places]),
  });
}
