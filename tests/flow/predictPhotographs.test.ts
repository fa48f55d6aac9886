// Pictures unlike those that words were learnt on: the released weights with a detector whose values the test sets.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { listForm, toImage } from '../../main/contract/answer.ts';
import { type DecodedImage, Mask } from '../../main/contract/records.ts';
import { maskArea } from '../../main/contract/rle.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import type { Predictor } from '../../main/flow/predictor.ts';
import { decodeImage } from '../../main/pictures/image.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { openWeights } from '../../main/weights/open.ts';
import { temporary } from '../hosting.ts';
import { type ToyClass, writeToyDetector } from './toyDetector.ts';

const released = existsSync(path.join(embeddedWeights, 'model.safetensors'));
if (!released) console.warn('skipped: no released weights');

const { folder, remove } = temporary('predict-photographs');
const scene = path.resolve(import.meta.dirname, '../../resources/sample/scene-01.jpg');
/** So far to each side that the box is all of the picture, wherever its cell is. */
const everywhere = [9, 9, 9, 9];
const classes: readonly ToyClass[] = [
  { name: 'person', also: ['people'], bias: 3, sides: everywhere },
  { name: 'dog', bias: -10 },
  { name: 'bicycle', also: ['bike'], bias: 1, sides: everywhere },
];
const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

const opened: Predictor[] = [];
let image: DecodedImage;

/** The released weights with such a detector; `bias` decides of every picture whether it is unlike, null: nothing does. */
async function predicting(
  name: string,
  bias: number | null,
  { detecting = true, taught }: { detecting?: boolean; taught?: string[] } = {},
): Promise<Predictor> {
  const place = path.join(folder, name);
  mkdirSync(place);
  for (const file of ['config.json', 'tokenizer.json', 'model.safetensors'])
    copyFileSync(path.join(embeddedWeights, file), path.join(place, file));
  const record = JSON.parse(readFileSync(path.join(embeddedWeights, 'pictures.json'), 'utf8'));
  if (bias !== null) writeFileSync(path.join(place, 'pictures.json'), JSON.stringify({ ...record, bias, taught }));
  const { segmenter } = await openWeights(place);
  if (detecting) await writeToyDetector(place, segmenter.width, classes);
  const predictor = await loadPredictor(place);
  opened.push(predictor);
  return predictor;
}

beforeAll(async () => {
  image = await decodeImage(scene);
});
afterAll(async () => {
  for (const predictor of opened) await predictor.release();
  remove();
});

describe.skipIf(!released)('a picture unlike those that words were learnt on', { timeout: 120_000 }, () => {
  let predictor: Predictor;
  beforeAll(async () => {
    predictor = await predicting('unlike', 1e6);
  }, 120_000);

  it('is searched for what is named: box, mask, label and score', async () => {
    const { found, objects, answer, frame, rewards } = await predictor.predict(image, { text: 'the person' });
    const [thing, ...more] = objects;
    expect([found, more]).toEqual(['objects', []]);
    expect(thing).toMatchObject({ label: 'person', score: expect.closeTo(sigmoid(3), 3) });
    expect(thing?.box).toEqual({ x1: 0, y1: 0, x2: image.width, y2: image.height });
    expect(Mask.parse(thing?.mask).size).toEqual([image.height, image.width]);
    expect(maskArea(Mask.parse(thing?.mask))).toBeGreaterThan(0);
    expect(rewards).toEqual({ format: 1 });
    expect(answer.unknownWords).toBeUndefined();
    expect(frame).toEqual({ width: 224, height: 224 });
  });

  it('has an answer that is read as a reasoner answers, with one name for what lies in one place', async () => {
    const { answer, objects, frame } = await predictor.predict(image, { text: 'people' });
    const read = listForm.read(answer.text);
    expect(read.objects.map(({ box, label }) => [toImage(box, frame, image), label])).toEqual(
      objects.map(({ box, label }) => [box, label]),
    );
    expect(answer.reasoning).toMatch(/^person 1 \[[^\]]*\]\. person 1\.$/u);
  });

  it('is drawn under the box of each thing, as under a box that a person draws', async () => {
    const { objects, timings } = await predictor.predict(image, { text: 'the person' });
    const [thing] = objects;
    expect(thing?.mask).toEqual(await predictor.segment(image, { box: thing?.box, points: [] }));
    const { answerMs = -1, maskMs = -1, totalMs = 0 } = timings;
    expect(answerMs + maskMs).toBeCloseTo(totalMs, 6);
  });

  it('is searched for several names at once, the surest first', async () => {
    const { objects } = await predictor.predict(image, { text: 'dogs, bikes and people' });
    expect(objects.map(({ label }) => label)).toEqual(['person', 'bicycle']);
  });

  it('has nothing of a class that is not there', async () => {
    const { found, objects, answer } = await predictor.predict(image, { text: 'the dog' });
    expect([found, objects]).toEqual(['nothing', []]);
    expect(answer.reasoning).toMatch(/\. dog none\.$/u);
    expect(answer.text).toMatch(/<answer>\[\]<\/answer>$/u);
    // Half of the large things are missed: that nothing was found is not to be accepted unseen.
    expect(answer.unlikePicture).toBe(true);
  });

  test.each([
    ['red person', ['red'], 'red'],
    ['the person without a hat', ['without', 'hat'], 'without'],
    ['the skier', ['skier'], 'near words: person'],
    ['dog and skier', ['skier'], 'skier'],
  ])('is not searched for %s, and says why', async (text, unknownWords, words) => {
    const { found, objects, answer } = await predictor.predict(image, { text });
    expect([found, objects, answer.unknownWords]).toEqual(['unreadable', [], unknownWords]);
    expect(answer.reasoning).toContain('on photographs, where it finds things by their names alone');
    expect(answer.reasoning).toContain(words);
  });

  it('is not searched where a person points: what is pointed at is drawn', async () => {
    const box = { x1: 0.2 * image.width, y1: 0.2 * image.height, x2: 0.7 * image.width, y2: 0.7 * image.height };
    const { found, objects, answer } = await predictor.predict(image, { text: 'the person', box });
    // It knows people on photographs, and must not say here that it does not.
    expect([found, answer.unknownWords, answer.unlikePicture]).toEqual(['objects', undefined, undefined]);
    expect(objects.map(({ score, label }) => [score, label])).toEqual([[undefined, 'person']]);
    expect(objects[0]?.mask).toEqual(await predictor.segment(image, { box, points: [] }));
    expect(answer.reasoning).toMatch(/^person 1 \[[^\]]*\]\. person 1\.$/u);
    expect(listForm.read(answer.text).objects.map(({ label }) => label)).toEqual(['person']);
  });

  it('calls what is clicked as the person calls it, whatever a search would find', async () => {
    const points = [{ x: 0.5 * image.width, y: 0.5 * image.height, sign: '+' as const }];
    const texts: string[] = [];
    const onText = (text: string) => texts.push(text);
    const { objects, answer } = await predictor.predict(image, { text: 'the dog', points }, { onText });
    // A terminal prints what is told on the way.
    expect(texts).toEqual([answer.text]);
    expect(answer.logProbabilities).toBeUndefined();
    expect(objects.map(({ score, label }) => [score, label])).toEqual([[undefined, 'dog']]);
  });

  it('says of a word that is unknown that it is, though what is pointed at is drawn', async () => {
    const box = { x1: 0.2 * image.width, y1: 0.2 * image.height, x2: 0.7 * image.width, y2: 0.7 * image.height };
    const { objects, answer } = await predictor.predict(image, { text: 'the skier', box });
    expect(answer.unknownWords).toEqual(['skier']);
    expect(objects.map(({ label }) => label)).toEqual([undefined]);
  });

  it('is not asked for what is known of scenes alone', async () => {
    const { answer, objects } = await predictor.predict(image, { text: 'please select the volleyball' });
    expect([answer.unknownWords, objects]).toEqual([['volleyball'], []]);
    expect(answer.reasoning).toContain("does not know 'volleyball' on photographs");
  });

  test.each([
    ['show me all of these', 'these'],
    ['the can', 'can'],
    ['the mask', 'mask'],
  ])('has no answer where nothing is named: %s', async (text, word) => {
    const { found, objects, answer } = await predictor.predict(image, { text });
    expect([found, objects, answer.unknownWords]).toEqual(['unreadable', [], [word]]);
    expect(answer.logProbabilities).toBeUndefined();
  });

  it('is searched for anything where a thing or an object is asked for, each place once', async () => {
    const texts: string[] = [];
    const { objects } = await predictor.predict(image, { text: 'the object' }, { onText: (text) => texts.push(text) });
    expect(objects.map(({ label }) => label)).toEqual(['person']);
    expect(texts.join('')).toContain('person 1.');
  });

  it('is searched for everything where a thing is asked for beside a name, and says what of the names is not there', async () => {
    const { objects, answer } = await predictor.predict(image, { text: 'each dog and each thing' });
    expect(objects.map(({ label }) => label)).toEqual(['person']);
    expect(answer.reasoning).toMatch(/\. dog none\. person 1\.$/u);
    // What is named stands, though something surer lies in its place.
    const bicycle = await predictor.predict(image, { text: 'each bicycle and each thing' });
    expect(bicycle.objects.map(({ label }) => label)).toEqual(['bicycle']);
    expect(bicycle.answer.reasoning).toMatch(/^bicycle 1 [^.]*\. bicycle 1\.$/u);
  });

  it('has the words of the detector among those that are known', () => {
    expect(predictor.unknownWords('the person')).toEqual([]);
    expect(predictor.unknownWords('people and bikes')).toEqual([]);
    expect(predictor.unknownWords('the skier')).toEqual(['skier']);
    expect(predictor.unknownWords('the red person')).toEqual(['red']);
    // It is known on drawn scenes, where the reasoner answers.
    expect(predictor.unknownWords('the volleyball')).toEqual(['volleyball']);
  });
});

describe.skipIf(!released)('a picture of the kind that words were learnt on', { timeout: 120_000 }, () => {
  let predictor: Predictor;
  beforeAll(async () => {
    predictor = await predicting('like', -1e6);
  }, 120_000);

  it('is asked of the reasoner, though the detector has the name', async () => {
    const { answer, objects } = await predictor.predict(image, { text: 'the dog' });
    expect(answer.logProbabilities?.length).toBeGreaterThan(0);
    expect(objects.every(({ score }) => score === undefined)).toBe(true);
  });

  it('is not searched for words that the reasoner does not know', async () => {
    const { found, answer } = await predictor.predict(image, { text: 'the person' });
    expect([found, answer.unknownWords]).toEqual(['unreadable', ['person']]);
    expect(answer.reasoning).not.toContain('on photographs');
  });
});

describe.skipIf(!released)('weights that were taught on pictures unlike those', { timeout: 120_000 }, () => {
  let predictor: Predictor;
  beforeAll(async () => {
    predictor = await predicting('taught on photographs', 1e6, { taught: ['volleyball', 'dog'] });
  }, 120_000);

  test.each(['the volleyball', 'all dogs'])('are asked by their reasoner what they were taught: %s', async (text) => {
    const { answer } = await predictor.predict(image, { text });
    expect(answer.logProbabilities?.length).toBeGreaterThan(0);
    expect([answer.unknownWords, answer.unlikePicture]).toEqual([undefined, undefined]);
    expect(predictor.unknownWords(text)).toEqual([]);
  });

  it('are asked for more than that with a warning', async () => {
    const { answer } = await predictor.predict(image, { text: 'the left volleyball' });
    expect(answer.logProbabilities?.length).toBeGreaterThan(0);
    expect(answer.unlikePicture).toBe(true);
  });

  it('know other words of scenes as little there as before, and have the detector’s', async () => {
    const { answer } = await predictor.predict(image, { text: 'the rooster' });
    expect(answer.unknownWords).toEqual(['rooster']);
    expect(answer.reasoning).toContain("does not know 'rooster' on photographs");
    const { objects } = await predictor.predict(image, { text: 'the person' });
    expect(objects.map(({ label, score }) => [label, score])).toEqual([['person', expect.any(Number)]]);
  });

  it('say that what was taught and what is searched for are asked apart', async () => {
    const { answer, found } = await predictor.predict(image, { text: 'the volleyball and the person' });
    expect([found, answer.unknownWords]).toEqual(['unreadable', ['person']]);
    expect(answer.reasoning).toContain('ask for one after the other');
  });
});

describe.skipIf(!released)('weights that tell no pictures apart', { timeout: 120_000 }, () => {
  it('have the detector’s words where the reasoner lacks them, and else the reasoner’s', async () => {
    const predictor = await predicting('taught', null);
    const person = await predictor.predict(image, { text: 'the person' });
    expect(person.objects.map(({ label }) => label)).toEqual(['person']);
    const dog = await predictor.predict(image, { text: 'the dog' });
    expect(dog.answer.logProbabilities?.length).toBeGreaterThan(0);
  });

  it('without a detector know no word of its', async () => {
    const predictor = await predicting('bare', 1e6, { detecting: false });
    expect(predictor.unknownWords('the person')).toEqual(['person']);
    const { found, answer } = await predictor.predict(image, { text: 'the person' });
    expect([found, answer.unknownWords]).toEqual(['unreadable', ['person']]);
  });
});
