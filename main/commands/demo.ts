// `loupe demo`, which is `npm start`: the sample that comes with Loupe, or a drawn scene, through `segment`.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Terminal } from '../terminal.ts';
import { prepareFolder } from './deliver.ts';
import { type SegmentOptions, segment } from './segment.ts';
import { type WeightsOptions, weightsOptions } from './weights.ts';

const samples = path.resolve(import.meta.dirname, '../../resources/samples');
const folder = 'out/demo';

/** resources/samples/demo.json: a file beside it and what to ask about it. */
const Demo = z.object({ image: z.string(), prompt: z.string() });

interface Example {
  readonly file: string;
  readonly prompt: string;
}

export function addDemo(program: Command, terminal: Terminal): void {
  const command = program.command('demo').description('segment the sample scene and say where the overlay is');
  weightsOptions(command).action((options: WeightsOptions) => demo(options, terminal));
}

async function demo(options: WeightsOptions, terminal: Terminal): Promise<void> {
  await prepareFolder(folder);
  const { file, prompt } = await example(samples, folder);
  terminal.print(`image    ${path.relative('', file)}\nprompt   ${prompt}\n\n`);
  const asked: SegmentOptions = { ...options, prompt, out: folder };
  await segment(file, asked, terminal);
  terminal.print(`\nThe overlay is ${path.resolve(folder, 'overlay.png')}\n`);
}

/** The sample of `from` where there is one; otherwise a scene drawn into `into`. */
export async function example(from: string, into: string): Promise<Example> {
  const listed = path.join(from, 'demo.json');
  if (existsSync(listed)) {
    const { image, prompt } = Demo.parse(JSON.parse(await readFile(listed, 'utf8')));
    return { file: path.join(from, image), prompt };
  }
  // Loaded late: only this way needs the set of icons.
  const { drawSample } = await import('../flow/sampleScene.ts');
  const file = path.join(into, 'scene.png');
  const { prompt } = await drawSample(file);
  return { file, prompt };
}
