// Prompts in words on photographs: what counts as found, as absent, as unknown, and which photographs are asked about.
import { describe, expect, it } from 'vitest';
import type { Box, DecodedImage, Prompt } from '../../main/contract/records.ts';
import { fromBitmap, maskBox } from '../../main/contract/rle.ts';
import type { LabelledImage } from '../../main/evaluate/cocoPhotos.ts';
import { evaluateWords } from '../../main/evaluate/words.ts';
import type { Proposal } from '../../main/flow/predictor.ts';

const frame = { width: 40, height: 30 };

function thing(label: string, { x1, y1, x2, y2 }: Box) {
  const bitmap = new Uint8Array(frame.width * frame.height);
  for (let y = y1; y < y2; y++) bitmap.fill(1, y * frame.width + x1, y * frame.width + x2);
  const mask = fromBitmap(bitmap, frame.width, frame.height);
  return { label, mask, box: maskBox(mask) };
}

const photo = (set: string, ...things: ReturnType<typeof thing>[]): LabelledImage => ({
  ...{ set, things },
  image: { ...frame, data: new Uint8Array(frame.width * frame.height * 3) },
});

const dog = { x1: 2, y1: 2, x2: 20, y2: 20 };
const photos = [
  photo('a', thing('dog', dog), thing('cat', { x1: 30, y1: 2, x2: 33, y2: 6 })),
  photo('a', thing('fire_truck', { x1: 5, y1: 5, x2: 30, y2: 25 })),
  photo('b', thing('dog', { x1: 20, y1: 10, x2: 38, y2: 28 })),
];

/** Knows dogs and cats, and boxes every dog where the first photograph has its own. */
const speaker = (asked: string[] = []) => ({
  unknownWords: (text: string) => (/dog|cat/u.test(text) ? [] : [text]),
  predict: async (_: DecodedImage, { text = '' }: Prompt): Promise<Proposal> => {
    asked.push(text);
    const isDog = text.includes('dog');
    const isKnown = isDog || text.includes('cat');
    return {
      answer: { text: '', reasoning: '', ...(!isKnown && { unknownWords: ['it'] }) },
      ...{ frame, found: isDog ? 'objects' : isKnown ? 'nothing' : 'unreadable', rewards: { format: 1 }, timings: {} },
      objects: isDog ? [{ box: dog, mask: thing('dog', dog).mask }] : [],
    };
  },
});

describe('evaluateWords', () => {
  it('asks for each large category and one absent one, in words as people write them', async () => {
    const asked: string[] = [];
    await evaluateWords(speaker(asked), photos, { photos: 3 });
    // The cat of the first photograph is too small to be asked for, and set b has nothing but dogs.
    expect(asked).toEqual([
      'the dog',
      'find the fire truck',
      'the fire truck in this picture',
      'Segment every cat.',
      'the dog',
    ]);
  });

  it('counts a box on the thing, an absence that is said, and words that are not known', async () => {
    const figures = await evaluateWords(speaker(), photos, { photos: 3 });
    expect(figures.counts).toEqual({ present: 3, absent: 1, unknown: 2, known: 3 });
    expect(figures.box50).toBeCloseTo(1 / 3, 9);
    expect([figures.nothing, figures.unknownSubstituted, figures.falseAlarms]).toEqual([1, 0, 0]);
  });

  it('tells of a model that answers an unknown word with a thing, and of one that knows no word that it was taught', async () => {
    const bold = { ...speaker(), unknownWords: () => ['everything'] };
    expect((await evaluateWords(bold, photos, { photos: 3 })).unknownSubstituted).toBe(2);
    const shy = { ...speaker(), unknownWords: () => [] };
    expect((await evaluateWords(shy, photos, { photos: 3 })).falseAlarms).toBeCloseTo(2 / 5, 9);
  });

  it('asks about no photograph where none is wanted, and about as many as are', async () => {
    const asked: string[] = [];
    const none = await evaluateWords(speaker(asked), photos, { photos: 0 });
    expect([asked.length, none.counts.present, none.box50]).toEqual([0, 0, 0]);
    const done: number[] = [];
    await evaluateWords(speaker(), photos, { photos: 2, progress: (at) => done.push(at) });
    expect(done).toEqual([1, 2]);
  });

  it('calls nothing absent from a picture whose masks were cut at twenty, and stops when told', async () => {
    const full = photo('a', ...Array.from({ length: 20 }, () => thing('dog', dog)));
    const asked: string[] = [];
    await evaluateWords(speaker(asked), [full, ...photos], { photos: 1 });
    await evaluateWords(speaker(asked), [full, photo('a', thing('cat', dog))], { photos: 2 });
    expect(asked.filter((text) => text.includes('cat'))).toHaveLength(1);
    const stopped = evaluateWords(speaker(), photos, { photos: 3, signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow();
  });
});
