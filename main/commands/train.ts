// `loupe train`: trains the embedded weights from a seed, going on where an earlier run stopped, and draws the curves.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { parseSeed } from './options.ts';

interface TrainOptions {
  readonly out: string;
  readonly seed: number;
  readonly from?: string;
}

export function addTrain(program: Command, terminal: Terminal): void {
  program
    .command('train')
    .description('train weights')
    .command('nano')
    .description('loupe-nano from scratch; run it again after a stop and it goes on')
    .option('--out <folder>', 'checkpoints, curves and the finished weights', 'out/train-nano')
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .option('--from <folder>', 'weights to start from instead of the seed')
    .action((options: TrainOptions) => trainWeights(options, terminal));
}

async function trainWeights({ out, seed, from }: TrainOptions, terminal: Terminal): Promise<void> {
  const { trainNano } = await import('../nano/train.ts');
  const folder = path.resolve(out);
  await trainNano({ folder, seed, from, signal: terminal.signal, report: (line) => terminal.note(line) });
  await drawCurves(folder, terminal);
  terminal.print(`${folder}\n`);
}

/** A run that was stopped before its first report has none to draw. */
async function drawCurves(folder: string, terminal: Terminal): Promise<void> {
  const file = path.join(folder, 'curves.jsonl');
  if (!existsSync(file)) return;
  const { writeCurves } = await import('../learn/curves.ts');
  const drawn = await writeCurves(file, path.join(folder, 'curves'));
  terminal.note(`curves   ${drawn.map((each) => path.relative('', each)).join(', ')}\n`);
}
