// `loupe graph print`: the graphs that Loupe builds of a model, as the canonical text that tests compare.
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { GraphPart } from '../flow/modelGraphs.ts';
import type { Terminal } from '../terminal.ts';

const parts: readonly GraphPart[] = ['vision', 'reasoner', 'context', 'segmenter'];

interface PrintOptions {
  readonly part?: GraphPart;
  readonly json?: boolean;
}

export function addGraph(program: Command, terminal: Terminal): void {
  program
    .command('graph')
    .description('the graphs that Loupe builds of a model')
    .command('print')
    .description('one line a node, numbered in order; parameters by their names in the checkpoint')
    .argument('<model>', 'a weights folder, a LENS, Qwen-VL or SAM checkpoint, or "loupe-nano"')
    .addOption(new Option('--part <part>', 'one part alone').choices(parts))
    .option('--json', 'one JSON document: each graph with its title, its number of nodes and its text')
    .action((model: string, options: PrintOptions) => printGraphs(model, options, terminal));
}

async function printGraphs(model: string, { part, json }: PrintOptions, terminal: Terminal): Promise<void> {
  // Loaded late: other commands must not wait for what opens weights.
  const { modelGraphs } = await import('../flow/modelGraphs.ts');
  const graphs = await modelGraphs(model === 'loupe-nano' ? model : path.resolve(model), part);
  if (json) return terminal.print(`${JSON.stringify(graphs)}\n`);
  terminal.print(graphs.map(({ title, text }) => `# ${title}\n${text}\n`).join('\n'));
}
