// Checks that ONNX Runtime will find a graph's frozen weights whole, or says in one sentence what is wrong.
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OnnxGraph } from '../graph/lower.ts';
import { WeightsError } from './weightsFile.ts';

/** Each file must lie in the folder for real: ONNX Runtime follows no link out of it, and maps what is not there. */
export async function checkStored(graph: OnnxGraph, folder: string | undefined): Promise<void> {
  const ends = new Map<string, number>();
  for (const { data } of graph.initializers)
    if ('file' in data) ends.set(data.file, Math.max(ends.get(data.file) ?? 0, data.offset + data.length));
  if (ends.size === 0) return;
  if (folder === undefined)
    throw new WeightsError(`The graph reads weights from ${[...ends.keys()].join(', ')}, but no folder was given.`);
  const root = await realpath(folder).catch(() => null);
  if (root === null) throw new WeightsError(`${folder}: there is no such folder of weights.`);
  for (const [file, end] of ends) await checkFile(root, file, end);
}

async function checkFile(root: string, file: string, end: number): Promise<void> {
  const full = path.resolve(root, file);
  const real = await realpath(full).catch(() => null);
  if (real === null) throw new WeightsError(`${full}: there is no such file of weights.`);
  const below = path.relative(root, real);
  if (path.isAbsolute(file) || below.startsWith('..') || path.isAbsolute(below))
    throw new WeightsError(
      `${full}: lies outside ${root} (it is ${real}); give the folder that holds the file itself.`,
    );
  const { size } = await stat(real);
  if (size < end) throw new WeightsError(`${full}: ends after ${size} bytes where ${end} are needed; it is cut off.`);
}
