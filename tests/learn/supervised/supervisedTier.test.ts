// The supervised tier on toy weights: a new word becomes a token of the version and of no other, and which tier is picked.
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import type { Mask } from '../../../main/contract/records.ts';
import { loadPredictor } from '../../../main/flow/predict.ts';
import type { TeachingImage, TeachOutcome, TeachTask } from '../../../main/learn/samples/task.ts';
import { teach } from '../../../main/learn/teach.ts';
import { openWeights } from '../../../main/weights/open.ts';
import { callsPictures } from '../pictureRecords.ts';
import { noBase, objectOf, taskOf, teachingImages, untaughtWeights } from '../teaching.ts';

let root: string;
let weights: string;
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
  await callsPictures(weights, 'unlike');
});
afterAll(() => rm(root, { recursive: true }));

let runs = 0;
const names = ['skier', 'dog', 'Skier', 'cat'];

/** Every other picture shows a skier. */
const images = (count = 14): TeachingImage[] =>
  teachingImages(count, undefined, (i) => names[i % names.length] ?? 'dog');

const lesson = async () => {
  const [picture] = teachingImages(1);
  if (!picture) throw new Error('unreachable');
  const image = await picture.read();
  const answer = '<think>dog 1 [10, 12, 14, 16]. dog 1.</think><answer>```json\n[]\n```</answer>';
  return () => ({ image, asked: [{ question: 'the dog', answer }] });
};

const task = (tier: TeachTask['tier'], more: Partial<TeachTask> = {}): TeachTask => ({
  ...{ ...taskOf(path.join(root, `run-${runs++}`), weights, images()), tier, minutes: 0.03 },
  ...more,
});

const run = (asked: TeachTask): Promise<TeachOutcome> => teach(asked, { report: () => {} });

describe('a supervised run', { timeout: 400_000 }, () => {
  let outcome: TeachOutcome;
  let asked: TeachTask;
  const shares: number[] = [];
  const kept: number[] = [];
  beforeAll(async () => {
    const base = { ...noBase, lesson: await lesson(), chosenBy: images().slice(0, 2) };
    asked = task('supervised', { base });
    outcome = await teach(asked, {
      report: ({ phase, figures }) => {
        if (phase === 'judging' && figures.share !== undefined) shares.push(figures.share);
        if (figures.kept !== undefined) kept.push(figures.kept);
      },
    });
  });

  it('gives a word that the weights lack a token of its own, and leaves the weights that it learnt from alone', async () => {
    const [old, now] = await Promise.all([openWeights(weights), openWeights(outcome.weights ?? '')]);
    expect(old.tokenizer.words?.has('skier')).toBe(false);
    expect(now.tokenizer.words?.has('skier')).toBe(true);
    expect(now.tokenizer.size).toBe(old.tokenizer.size + 1);
    expect(now.reasoner.language.vocabulary).toBe(now.tokenizer.size);
  });

  it('says with how many pictures each new word was taught, and whether these are enough', () => {
    const taught = images().filter(({ imageId }) => outcome.taught.includes(imageId));
    const pictures = taught.filter(({ things }) => /skier/iu.test(things[0]?.name ?? '')).length;
    expect(outcome.words).toEqual([{ word: 'skier', pictures, isEnough: pictures >= 5 }]);
  });

  it('leaves a word understood that was unknown before', async () => {
    const [image] = images();
    const picture = await image?.read();
    if (!picture) throw new Error('unreachable');
    const unknown: unknown[] = [];
    for (const folder of [weights, outcome.weights ?? '']) {
      const predictor = await loadPredictor(folder);
      unknown.push((await predictor.predict(picture, { text: 'the skiers' })).answer.unknownWords);
      await predictor.release();
    }
    expect(unknown).toEqual([['skiers'], undefined]);
  });

  it('still says of a word that was not taught that the picture is of another kind, and of a taught one no more', async () => {
    const [image] = images();
    const picture = await image?.read();
    if (!picture) throw new Error('unreachable');
    const predictor = await loadPredictor(outcome.weights ?? '');
    const isUnlike = async (text: string) => (await predictor.predict(picture, { text })).answer.unlikePicture;
    const said = [await isUnlike('the skiers'), await isUnlike('the dog'), await isUnlike('the red one')];
    await predictor.release();
    expect(said).toEqual([undefined, undefined, true]);
  });

  it('judges whole answers, and reports the tier', () => {
    expect(outcome.tier).toBe('supervised');
    expect(outcome.gate.reason).toMatch(/^(?:Answers to held-out prompts|The gain)/u);
    expect(outcome.before?.words.prompts).toBe(outcome.before?.prompts);
    expect(outcome.prompts).toHaveLength(outcome.before?.prompts ?? 0);
  });

  it('tries, on pictures that the gate does not measure, how much of what it trained it may keep', () => {
    expect(shares.slice(0, 2)).toEqual([0, 1]);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toBeGreaterThanOrEqual(0.15);
  });

  it('keeps no step in between beside the result', () => {
    expect(existsSync(path.join(asked.folder, 'reasoner'))).toBe(false);
    expect(existsSync(path.join(asked.folder, 'tried'))).toBe(false);
    expect(existsSync(path.join(asked.folder, 'reasoner.safetensors'))).toBe(false);
    expect(existsSync(path.join(asked.folder, 'weights', 'model.safetensors'))).toBe(true);
  });

  it('called again reads the result back', async () => {
    const bytes = () => readFile(path.join(asked.folder, 'weights', 'model.safetensors'));
    const before = await bytes();
    expect((await run(asked)).gate).toEqual(outcome.gate);
    expect((await bytes()).equals(before)).toBe(true);
  });
});

it('what a person wrote or confirmed is taught too, and counted with what drafted it', {
  timeout: 400_000,
}, async () => {
  const verdicts = { reasoning: 'corrected', found: 'right' } as const;
  const said = images().map((image) => {
    const samples = image.samples.map((sample) => ({ ...sample, reasoning: 'red.', draftedBy: 'toy@1', verdicts }));
    return { ...image, samples };
  });
  const held = [10, 11, 12, 13, 14];
  const base = { ...noBase, lesson: await lesson() };
  const [told, plain] = [task('supervised', { base, held, images: said }), task('supervised', { base, held })];
  const outcomes = [await run(told), await run(plain)];
  const taught = outcomes[0]?.taught.length ?? 0;
  expect(outcomes.map(({ reasoning }) => reasoning)).toEqual([
    { written: taught, confirmed: 0, composed: 0 },
    { written: 0, confirmed: 0, composed: taught },
  ]);
  expect(outcomes.map(({ drafts }) => drafts)).toEqual([
    [{ weights: 'toy@1', prompts: taught }],
    [{ weights: null, prompts: taught }],
  ]);
  const [first, second] = await Promise.all(
    [told, plain].map(({ folder }) => readFile(path.join(folder, 'weights', 'model.safetensors'))),
  );
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false);
});

it('an image that is gone since it was looked at is not learnt from, and the others are', {
  timeout: 400_000,
}, async () => {
  let reads = 0;
  const some = images().map((image) => {
    if (image.imageId !== 1) return image;
    const read = () => (++reads > 1 ? Promise.reject(new BadInput('1.png: no such file')) : image.read());
    return { ...image, read };
  });
  const base = { ...noBase, lesson: await lesson() };
  const { weights: made } = await run(task('supervised', { base, images: some, held: [10, 11, 12, 13, 14] }));
  expect(reads).toBeGreaterThan(1);
  expect(made).not.toBeNull();
});

describe('a supervised run is refused before it begins, in one sentence', () => {
  const one = () => teachingImages(14, undefined, () => 'skier');
  const boxed = (mask: Mask) => objectOf(mask, { x1: 0, y1: 0, x2: 4, y2: 4 });
  it.each([
    ['3 images', () => images(3), /^3 different images with 3 prompts teach; 10 are needed/u],
    ['masks beside their boxes', () => teachingImages(14, boxed), /^14 of 14 masks do not lie in their own boxes/u],
    ['one label and nothing else', one, /^Everything that is measured on is “skier”/u],
  ])('with %s', async (_, some, why) => {
    const { gate, tier, weights: made, words } = await run(task('supervised', { images: some() }));
    expect(gate).toMatchObject({ promoted: false, reason: expect.stringMatching(why) });
    expect(gate.reason.match(/\.(\s|$)/gu)).toHaveLength(1);
    expect([tier, made, words]).toEqual(['supervised', null, undefined]);
  });
});

describe('the tier that is picked', { timeout: 400_000 }, () => {
  it('teaches words where answers are what is missing, and is kept for a run that goes on', async () => {
    const base = { ...noBase, lesson: await lesson() };
    const asked = task('auto', { base, minutes: 0.001 });
    expect((await run(asked)).tier).toBe('supervised');
    expect(JSON.parse(await readFile(path.join(asked.folder, 'tier.json'), 'utf8'))).toBe('supervised');
  });

  it('is the decoder where nobody could keep what the weights know', async () => {
    expect((await run(task('auto', { minutes: 0.001 }))).tier).toBe('decoder');
  });

  it('is the decoder where nothing has a name', async () => {
    const unnamed = images().map((image) => ({ ...image, things: [] }));
    const base = { ...noBase, lesson: await lesson() };
    const { tier, words } = await run(task('auto', { images: unnamed, base, minutes: 0.001 }));
    expect([tier, words]).toEqual(['decoder', []]);
  });

  it('is refused in one sentence where it is asked for and no shape has a label', async () => {
    const unnamed = images().map((image) => ({ ...image, things: [] }));
    const { gate, weights: made } = await run(task('supervised', { images: unnamed }));
    expect(gate).toMatchObject({ promoted: false, reason: expect.stringMatching(/^No labelled shape says what/u) });
    expect(made).toBeNull();
  });
});
