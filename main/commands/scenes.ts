// `loupe scenes`: draws the sample project's scenes again, with what may be asked of them and coarse masks to repair.
import path from 'node:path';
import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './arguments/options.ts';
import { prepareFolder } from './arguments/outFolder.ts';

const sample = path.resolve(import.meta.dirname, '../../resources/sample');

interface ScenesOptions {
  readonly out: string;
  readonly count: number;
}

export function addScenes(program: Command, terminal: Terminal): void {
  program
    .command('scenes')
    .description('draw the scenes of the sample project')
    .option('--out <folder>', 'where to', sample)
    .option('--count <n>', 'how many', wholeNumber(1, 1000), 12)
    .action((options: ScenesOptions) => scenes(options, terminal));
}

async function scenes({ out, count }: ScenesOptions, terminal: Terminal): Promise<void> {
  await prepareFolder(out);
  // Loaded late: only this way needs the set of icons.
  const { drawSampleScenes } = await import('../scenes/sampleScenes.ts');
  const files = await drawSampleScenes(out, count);
  terminal.print(`${files.length} scenes, prompts.json and coarse.json in ${path.resolve(out)}\n`);
}
