// Opens a segmenter for clicks, boxes and rough masks: ONNX files of another tool, a checkpoint of SAM 1 or 2, or weights of ours.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { WeightsFile } from '../../models/runtime/weightsFile.ts';
import { BadInput } from '../contract/badInput.ts';
import type { DecodedImage, Mask } from '../contract/records.ts';
import { refuseOtherModel, refuseSeveral } from '../weights/foreignFormats.ts';
import { modelFiles } from '../weights/modelFiles.ts';
import { openWeights } from '../weights/open.ts';
import { isCheckpoint } from '../weights/openCheckpoint.ts';
import { openSegmenter } from '../weights/openSam.ts';
import { type RepairRecord, readRepairRecord } from '../weights/records/repairRecord.ts';
import { OnnxSegmenter } from './onnx/onnxSegmenter.ts';
import { type RepairedMask, repaired } from './segmenter/repair.ts';
import { Segmenter } from './segmenter/segmenter.ts';
import type { SegmenterPrompt } from './segmenter/zoom.ts';
import type { EngineOptions } from './sessions/engineOptions.ts';

export interface ClickSegmenter {
  /** What masks by it are said to be from. */
  readonly name: string;
  readonly warnings: readonly string[];
  /** How often the encoder has run. */
  readonly encodings: number;
  /** Whether small things are to be shown to it in a part of the picture. */
  readonly wantsParts: boolean;
  segment(image: DecodedImage, ask: SegmenterPrompt): Promise<Mask>;
  prepare(image: DecodedImage): Promise<void>;
  /** What it would draw in the place of a mask; null: nothing. Left out where it tells too little of its masks. */
  repair?(image: DecodedImage, standing: Mask): Promise<RepairedMask | null>;
  release(): Promise<void>;
}

/** Throws one sentence that names the file at fault. `taught`: tensors of a SAM 2 that take the place of its own. */
export async function openClickSegmenter(
  place: string,
  options: EngineOptions = {},
  taught?: WeightsFile,
): Promise<ClickSegmenter> {
  const info = await stat(place).catch(() => null);
  if (!info) throw new BadInput(`${place}: there is no such segmenter`);
  const names = info.isFile() ? [path.basename(place)] : await modelFiles(place);
  if (names.some((name) => name.endsWith('.onnx'))) return OnnxSegmenter.open(place, options);
  // Of a checkpoint in the published layout it is the SAM 2 in it that counts, if there is one.
  if (names.includes('config.json') && names.includes('tokenizer.json') && !(await isCheckpoint(place))) {
    await refuseOtherModel(place);
    const weights = await openWeights(place);
    // Read before: where it is damaged no session is left open.
    const record = await readRepairRecord(place);
    return named(weights.name, await Segmenter.open(weights, options), record);
  }
  refuseSeveral(place, names);
  const weights = await openSegmenter(place, taught);
  return named(taught ? `${weights.name} taught` : weights.name, await Segmenter.open(weights, options), null);
}

const named = (name: string, segmenter: Segmenter, record: RepairRecord | null): ClickSegmenter => ({
  ...{ name, warnings: [], wantsParts: segmenter.wantsParts },
  get encodings() {
    return segmenter.encodings;
  },
  segment: (image, ask) => segmenter.segment(image, ask),
  prepare: (image) => segmenter.prepare(image),
  repair: (image, standing) => repaired(segmenter, image, standing, record),
  release: () => segmenter.release(),
});
