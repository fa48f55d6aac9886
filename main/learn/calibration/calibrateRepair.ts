// Fits the record that says by what features a repaired mask gains, from trials on photographs, and writes it beside the weights.

import { underKey } from '../../contract/lookup.ts';
import type { DecodedImage, Mask } from '../../contract/records.ts';
import { type CocoSource, readCocoPhotos } from '../../evaluate/cocoPhotos.ts';
import { type RepairTask, type RepairTrial, repairFigures, repairTrials } from '../../evaluate/repair.ts';
import { repaired } from '../../flow/segmenter/repair.ts';
import { Segmenter } from '../../flow/segmenter/segmenter.ts';
import { openWeights } from '../../weights/open.ts';
import { type RepairRecord, writeRepairRecord } from '../../weights/records/repairRecord.ts';
import { fitGain, fittedValue, type MeasuredGain } from './fitGain.ts';

const FOLDS = 5;
/** Trials that follow each other are of one picture: they stay in one fold. */
const TOGETHER = 8;
/** Mean IoU that masks may lose that were right: below the bar of 0.005, as other pictures may lose more. */
const MOST_HARM = 0.004;
const MARGINS = Array.from({ length: 60 }, (_, i) => Number((i * 0.0025).toFixed(4)));

/** Tries the weights on photographs to learn from, and writes the record beside them. */
export async function calibrateRepair(
  folder: string,
  source: CocoSource,
  task: RepairTask,
): Promise<{ file: string; record: RepairRecord }> {
  const weights = await openWeights(folder);
  const photos = await readCocoPhotos(source, { splits: ['train'], unsaid: 'train' });
  const segmenter = await Segmenter.open(weights, {});
  try {
    const predictor = { repair: (image: DecodedImage, mask: Mask) => repaired(segmenter, image, mask, null) };
    const record = calibrated(await repairTrials(predictor, photos, task), task.seed);
    return { file: await writeRepairRecord(folder, record), record };
  } finally {
    await segmenter.release();
  }
}

/** The margin is the least that keeps right masks unharmed, judged on folds that the fit in question did not see. */
export function calibrated(trials: readonly RepairTrial[], seed = 1): RepairRecord {
  const features = Object.keys(trials.find(({ redrawn }) => redrawn)?.redrawn?.features ?? {});
  const expected = outOfFold(trials, { features, seed });
  const judged = (margin: number) =>
    repairFigures(trials, (trial) => underKey(expected, trial, 'expected gains') - margin);
  const margin = MARGINS.find((each) => judged(each).harm <= MOST_HARM) ?? Math.max(0, ...expected.values());
  const { before, after, harm, auprc } = judged(margin);
  const { base, trees } = fitGain(measuredGains(trials, features), seed);
  const figures = { before, after, harm, auprc, masks: trials.length };
  return { features, base, trees: [...trees], margin, figures };
}

function outOfFold(
  trials: readonly RepairTrial[],
  { features, seed }: { features: readonly string[]; seed: number },
): Map<RepairTrial, number> {
  const foldOf = (i: number) => Math.floor(i / TOGETHER) % FOLDS;
  const expected = new Map<RepairTrial, number>();
  for (let fold = 0; fold < FOLDS; fold++) {
    const fitted = fitGain(
      measuredGains(
        trials.filter((_, i) => foldOf(i) !== fold),
        features,
      ),
      seed,
    );
    trials.forEach((trial, i) => {
      if (foldOf(i) === fold) expected.set(trial, fittedValue(fitted, valuesOf(trial, features)));
    });
  }
  return expected;
}

const measuredGains = (trials: readonly RepairTrial[], features: readonly string[]): MeasuredGain[] =>
  trials.flatMap((trial) =>
    trial.redrawn ? [{ features: valuesOf(trial, features), gain: trial.redrawn.iou - trial.before.iou }] : [],
  );

const valuesOf = ({ redrawn }: RepairTrial, features: readonly string[]): number[] =>
  features.map((name) => {
    // A mask that was not redrawn has no signs, and nothing to gain.
    if (!redrawn) return 0;
    const value = redrawn.features[name];
    if (value === undefined) throw new Error(`A redrawn mask lacks the sign "${name}".`);
    return value;
  });
