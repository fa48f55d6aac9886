// `loupe train`: trains the embedded weights from a seed, going on where an earlier run stopped.
import path from 'node:path';
import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { parseSeed } from './options.ts';

interface TrainOptions {
  readonly out: string;
  readonly seed: number;
}

export function addTrain(program: Command, terminal: Terminal): void {
  program
    .command('train')
    .description('train weights')
    .command('nano')
    .description('loupe-nano from scratch; run it again after a stop and it goes on')
    .option('--out <folder>', 'checkpoints, curves and the finished weights', 'out/train-nano')
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .action((options: TrainOptions) => trainWeights(options, terminal));
}

async function trainWeights({ out, seed }: TrainOptions, terminal: Terminal): Promise<void> {
  const { trainNano } = await import('../flow/trainNano.ts');
  const folder = path.resolve(out);
  await trainNano({ folder, seed, signal: terminal.signal, report: (line) => terminal.note(line) });
  terminal.print(`${folder}\n`);
}
