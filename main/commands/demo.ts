// `loupe demo`, which is `npm start`: the sample scene that comes with Loupe through `segment`.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Terminal } from '../terminal.ts';
import { type SegmentOptions, segment } from './segment.ts';
import { type WeightsOptions, weightsOptions } from './weights.ts';

const samples = path.resolve(import.meta.dirname, '../../resources/samples');
const folder = 'out/demo';

/** resources/samples/demo.json: a file beside it and what to ask about it. */
const Demo = z.object({ image: z.string(), prompt: z.string() });

export function addDemo(program: Command, terminal: Terminal): void {
  const command = program.command('demo').description('segment the sample scene and say where the overlay is');
  weightsOptions(command).action((options: WeightsOptions) => demo(options, terminal));
}

async function demo(options: WeightsOptions, terminal: Terminal): Promise<void> {
  const { image, prompt } = Demo.parse(JSON.parse(await readFile(path.join(samples, 'demo.json'), 'utf8')));
  const file = path.join(samples, image);
  terminal.print(`image    ${path.relative('', file)}\nprompt   ${prompt}\n\n`);
  const asked: SegmentOptions = { ...options, prompt, out: folder };
  await segment(file, asked, terminal);
  terminal.print(`\nThe overlay is ${path.resolve(folder, 'overlay.png')}\n`);
}
