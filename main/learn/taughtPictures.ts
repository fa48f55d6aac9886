// Gives the record of pictures that a version carries: that of the weights it learns from, and what it is taught on pictures unlike theirs.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WORD } from '../flow/englishWords.ts';
import { Reasoner } from '../flow/reasoner.ts';
import { unlikeness } from '../flow/unlikePicture.ts';
import { openWeights } from '../weights/open.ts';
import { mostTaught, type PictureRecord, pictureRecordText, readPictureRecord } from '../weights/pictureRecord.ts';
import { unlessGone } from './measure.ts';
import type { TeachingImage, TeachTask } from './task.ts';
import { spoken } from './taughtWords.ts';

interface ToTell {
  readonly from: string;
  readonly learnt: readonly Pick<TeachingImage, 'things' | 'samples' | 'read'>[];
}

/** By the name of its file, as `writeVersion` takes it; nothing where the weights tell no pictures apart. */
export async function taughtPictures(
  { folder }: Pick<TeachTask, 'folder'>,
  { from, learnt }: ToTell,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const record = await readPictureRecord(from);
  if (!record) return {};
  // A run that goes on must find what it found, though images may be gone.
  const file = path.join(folder, 'taughtPictures.json');
  const names: string[] = existsSync(file)
    ? JSON.parse(await readFile(file, 'utf8'))
    : await namesOnUnlike(record, { from, learnt }, signal);
  if (!existsSync(file)) await writeFile(file, JSON.stringify(names));
  const taught = [...new Set([...names, ...(record.taught ?? [])])].slice(0, mostTaught);
  return taught.length === 0 ? {} : pictureRecordText({ ...record, taught });
}

async function namesOnUnlike(record: PictureRecord, { from, learnt }: ToTell, signal?: AbortSignal): Promise<string[]> {
  const weights = await openWeights(from);
  const reasoner = await Reasoner.open(weights, {});
  const names = new Set<string>();
  try {
    for (const image of learnt) {
      signal?.throwIfAborted();
      const own = namesIn(image, weights.tokenizer.words ?? new Set()).filter((name) => !names.has(name));
      const picture = own.length > 0 ? await unlessGone(image) : null;
      if (picture && unlikeness(record, await reasoner.signs(picture)) > 0) for (const name of own) names.add(name);
    }
    return [...names];
  } finally {
    await reasoner.release();
  }
}

/** Labels of its shapes, and prompts whose answers a person wrote or confirmed with their reasoning. */
function namesIn({ things, samples }: ToTell['learnt'][number], words: ReadonlySet<string>): string[] {
  const told = samples.filter(({ reasoning, objects, prompt: { points, box } }) => {
    return reasoning !== null && objects.length > 0 && points.length === 0 && box === null;
  });
  const texts = [...things.map(({ name }) => name), ...told.map(({ prompt }) => prompt.text)];
  const bare = texts.map((text) => spoken(text, words).replace(/^(?:the|a|an|all|every)\s+/u, ''));
  return bare.map((text) => (text.match(WORD) ?? []).join(' ')).filter((name) => name !== '');
}
