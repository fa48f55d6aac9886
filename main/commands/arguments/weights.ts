// Loads the predictor of the weights folder that the command line names.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { BadInput } from '../../contract/badInput.ts';
import { devices, type Settings } from '../../contract/settings.ts';
import type { Predictor } from '../../flow/predictor.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { refuseForeignFormat } from '../../weights/foreignFormats.ts';

export interface WeightsOptions {
  readonly weights: string;
  readonly provider?: Settings['device'];
  /** The segmenter for clicks and boxes, where it is not that of the weights. */
  readonly segmenter?: string;
}

/** Adds the options that every command with a model shares. */
export function weightsOptions(command: Command): Command {
  return command
    .addOption(new Option('--weights <folder>', 'weights to use').default(embeddedWeights, 'the embedded loupe-nano'))
    .addOption(
      new Option('--segmenter <place>', 'checkpoint of SAM 1 or 2, or folder of ONNX files, for boxes and clicks'),
    )
    .addOption(new Option('--provider <name>', 'what computes').choices(devices));
}

/** Loads the weights and passes on every warning, such as a provider that refused. */
export async function openPredictor(options: WeightsOptions, terminal: Terminal): Promise<Predictor> {
  const folder = path.resolve(options.weights);
  const info = await stat(folder).catch(() => null);
  if (info === null) throw new BadInput(`${folder}: no such weights folder`);
  if (!info.isDirectory()) {
    await refuseForeignFormat(folder);
    throw new BadInput(`${folder}: is a file; --weights takes the folder that holds a model`);
  }
  // Loaded late: commands without a model must not wait for ONNX Runtime.
  const { loadPredictor } = await import('../../flow/predict.ts');
  const predictor = await loadPredictor(folder, {
    provider: options.provider,
    segmenter: options.segmenter === undefined ? null : path.resolve(options.segmenter),
  });
  for (const warning of predictor.warnings) terminal.note(`warning: ${warning}\n`);
  return predictor;
}
