// Measures the weights after each stage on validation scenes that no stage trains on.
import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { evaluateScenes } from '../evaluate/scenes.ts';
import { loadPredictor } from '../flow/predict.ts';
import { exportNano } from './export.ts';
import type { Nano } from './parameters/nano.ts';

/** Enough for a standard error of about 0.03 on a share of 0.8. */
const scenes = 160;

export interface ValidationTask {
  folder: string;
  stage: string;
  signal?: AbortSignal;
  report(line: string): void;
  /** Scenes to measure on; 0: only write the weights. */
  count?: number;
}

/** Writes the weights and one line of `validation.jsonl` for each stage, once. */
export async function validate(nano: Nano, task: ValidationTask): Promise<void> {
  const { folder, stage, signal, report, count = scenes } = task;
  const file = path.join(folder, 'validation.jsonl');
  const done = existsSync(file) ? await readFile(file, 'utf8') : '';
  if (done.includes(`{"stage":"${stage}"`) || signal?.aborted) return;
  const weights = path.join(folder, 'weights');
  await exportNano(nano, weights);
  if (count === 0) return;
  const predictor = await loadPredictor(weights);
  const { overall, categories, segmenter } = await evaluateScenes(predictor, {
    seed: 0,
    split: 'validation',
    count,
    signal,
    atlas: nano.atlas,
  });
  await predictor.release();
  await appendFile(file, `${JSON.stringify({ stage, overall, categories, segmenter })}\n`);
  const { format, box50, gIoU, reward } = overall;
  const figures = { format, box50, gIoU, reward, segmenter: segmenter.gIoU };
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  report(`${stage} on ${count} validation scenes: ${shown.join('  ')}\n`);
}
