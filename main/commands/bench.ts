// `loupe bench`: speed of the engine on this machine, as a table or as JSON.
import type { Command } from 'commander';
import type { EngineBench } from '../flow/engineBench.ts';
import type { Terminal } from '../terminal.ts';

export function addBench(program: Command, terminal: Terminal): void {
  program
    .command('bench')
    .description('measure speed')
    .command('engine')
    .description('training steps of two transformers beside the MatMul peak measured in the same run')
    .option('--json', 'print one JSON document instead of a table')
    .action((options: { json?: boolean }) => benchOfEngine(options, terminal));
}

async function benchOfEngine(options: { json?: boolean }, terminal: Terminal): Promise<void> {
  const { benchEngine } = await import('../flow/engineBench.ts');
  const figures = await benchEngine((line) => {
    terminal.note(`${line}\n`);
    terminal.signal.throwIfAborted();
  });
  terminal.print(options.json ? `${JSON.stringify(figures)}\n` : benchTable(figures));
}

export function benchTable({ matmulPeak, models }: EngineBench): string {
  const rows = Object.entries(models).map(([name, { msPerStep, gflops, shareOfPeak, peakMB }]) => {
    const cells = [`${msPerStep.toFixed(0)} ms`, `${gflops.toFixed(0)} GFLOP/s`, shareOfPeak.toFixed(2)];
    return [name, ...cells, `${peakMB.toFixed(0)} MB`];
  });
  const table = [['model', 'step', 'speed', 'of peak', 'peak memory'], ...rows];
  const lines = table.map((row) =>
    row
      .map((cell) => cell.padEnd(14))
      .join('')
      .trimEnd(),
  );
  return `${lines.join('\n')}\nMatMul peak in this run: ${matmulPeak.toFixed(0)} GFLOP/s\n`;
}
