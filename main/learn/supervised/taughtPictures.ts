// Gives the record of pictures that a version carries: that of the weights it learns from, and what it is taught on pictures unlike theirs.
import path from 'node:path';
import { type PackedMask, unpackMask } from '../../contract/project.ts';
import type { Mask } from '../../contract/records.ts';
import { maskIou, unionOf } from '../../contract/rle.ts';
import { loadPredictor } from '../../flow/predict.ts';
import type { ProposedObject } from '../../flow/predictor.ts';
import { Reasoner } from '../../flow/reasoner/reasoner.ts';
import { unlikeness } from '../../flow/reasoner/unlikePicture.ts';
import { WORD } from '../../flow/words/englishWords.ts';
import { isTaught } from '../../flow/words/photographPrompt.ts';
import { openWeights } from '../../weights/open.ts';
import {
  mostTaught,
  type PictureRecord,
  pictureRecordText,
  readPictureRecord,
} from '../../weights/records/pictureRecord.ts';
import { decidedOnce } from '../loop/decidedOnce.ts';
import { unlessGone } from '../samples/measuredImage.ts';
import type { TeachingImage, TeachTask } from '../samples/task.ts';
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
  const names = await decidedOnce(file, () => namesOnUnlike(record, { from, learnt }, signal));
  const taught = [...new Set([...names, ...(record.taught ?? [])])].slice(0, mostTaught);
  return taught.length === 0 ? {} : pictureRecordText({ ...record, taught });
}

/**
 * A name that the detector finds so well on the taught pictures themselves, in mean IoU, stays with it. From 24 photographs the
 * reasoner learnt in four minutes to find a new word (0.56 on held-back ones), and found of "cat" half of what the detector did.
 */
const FINDS = 0.4;

async function namesOnUnlike(record: PictureRecord, { from, learnt }: ToTell, signal?: AbortSignal): Promise<string[]> {
  const weights = await openWeights(from);
  const reasoner = await Reasoner.open(weights, {});
  const predictor = await loadPredictor(from);
  /** By name, on each picture. */
  const found = new Map<string, number[]>();
  try {
    for (const image of learnt) {
      signal?.throwIfAborted();
      const own = namesIn(image, weights.tokenizer.words ?? new Set());
      const picture = own.length > 0 ? await unlessGone(image) : null;
      const isUnlike = picture !== null && unlikeness(record, await reasoner.signs(picture)) > 0;
      if (!isUnlike) continue;
      for (const { name, masks } of own) {
        // The reasoner would answer, which takes seconds and is nothing that a detector found.
        const isReasoners = isTaught(name, record.taught ?? []);
        const objects = isReasoners ? [] : (await predictor.predict(picture, { text: name }, { signal })).objects;
        found.set(name, [...(found.get(name) ?? []), iouOf(objects, masks)]);
      }
    }
    return [...found].flatMap(([name, ious]) => (mean(ious) < FINDS ? [name] : []));
  } finally {
    await reasoner.release();
    await predictor.release();
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of what a detector found, which tells how sure it is; 0 where another answered, or no mask is known. */
function iouOf(objects: readonly ProposedObject[], masks: readonly Mask[]): number {
  const isDetected = objects.some(({ score }) => score !== undefined);
  const [said, meant] = [unionOf(objects.map(({ mask }) => mask)), unionOf(masks)];
  return isDetected && said && meant ? maskIou(said, meant) : 0;
}

interface Named {
  readonly name: string;
  /** Of all things that are meant; none where they are not known. */
  readonly masks: readonly Mask[];
}

/** Labels of its shapes, and prompts whose answers a person wrote or confirmed with their reasoning. */
function namesIn({ things, samples }: ToTell['learnt'][number], words: ReadonlySet<string>): Named[] {
  const told = samples.filter(({ reasoning, objects, prompt: { points, box } }) => {
    return reasoning !== null && objects.length > 0 && points.length === 0 && box === null;
  });
  const named = new Map<string, (PackedMask | null)[]>();
  const add = (text: string, masks: readonly (PackedMask | null)[]) => {
    const bare = spoken(text, words).replace(/^(?:the|a|an|all|every)\s+/u, '');
    const name = (bare.match(WORD) ?? []).join(' ');
    if (name !== '') named.set(name, [...(named.get(name) ?? []), ...masks]);
  };
  for (const { name, mask } of things) add(name, [mask]);
  for (const { prompt, objects } of told)
    add(
      prompt.text,
      objects.map(({ mask }) => mask),
    );
  return [...named].map(([name, masks]) => ({
    name,
    masks: masks.flatMap((mask) => (mask ? [unpackMask(mask)] : [])),
  }));
}
