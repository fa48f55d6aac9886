// `loupe eval`: what the weights get right, on drawn scenes of unseen seeds and on photographs.
import type { Command } from 'commander';
import type { SceneEvaluation } from '../flow/evaluateScenes.ts';
import type { Figures } from '../flow/metrics.ts';
import type { Terminal } from '../terminal.ts';
import { wholeNumber } from './options.ts';
import { openPredictor, type WeightsOptions, weightsOptions } from './weights.ts';

interface ScenesOptions extends WeightsOptions {
  readonly seed: number;
  readonly count: number;
  readonly json?: boolean;
}

export function addEval(program: Command, terminal: Terminal): void {
  const evaluation = program.command('eval').description('measure what the weights get right');
  const scenes = evaluation
    .command('scenes')
    .description('drawn scenes: format, boxes, masks and time per category')
    .requiredOption('--seed <number>', 'first seed of the scenes', wholeNumber(0, 2 ** 30 - 1))
    .requiredOption('--count <number>', 'scenes to draw', wholeNumber(1, 1_000_000))
    .option('--json', 'print one JSON document instead of a table');
  weightsOptions(scenes).action((options: ScenesOptions) => evalScenes(options, terminal));
}

async function evalScenes(options: ScenesOptions, terminal: Terminal): Promise<void> {
  const predictor = await openPredictor(options, terminal);
  try {
    const { evaluateScenes } = await import('../flow/evaluateScenes.ts');
    const progress = (done: number) => terminal.note(`\r${done} of ${options.count} scenes`);
    const { seed, count } = options;
    const figures = await evaluateScenes(predictor, { seed, count, signal: terminal.signal, progress });
    terminal.note('\n');
    terminal.print(options.json ? `${JSON.stringify(figures)}\n` : asTable(figures));
  } finally {
    await predictor.release();
  }
}

export function asTable({ overall, categories, segmenter }: SceneEvaluation): string {
  const rows = Object.entries(categories).map(([name, figures]) => row(name, figures));
  const heads = ['category', 'count', 'format', 'box>=0.5', 'gIoU', 'cIoU', 'median ms'];
  const lines = [heads, ...rows, row('overall', overall)].map(([name = '', ...cells]) =>
    [name.padEnd(15), ...cells.map((cell) => cell.padStart(10))].join(''),
  );
  return `${lines.join('\n')}\nsegmenter alone, given the true box: gIoU ${segmenter.gIoU.toFixed(3)}\n`;
}

const row = (name: string, { count, format, box50, gIoU, cIoU, medianMs }: Figures): string[] => [
  name,
  String(count),
  ...[format, box50, gIoU, cIoU].map((share) => share.toFixed(3)),
  medianMs.toFixed(0),
];
