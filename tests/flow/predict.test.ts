// From a picture and a sentence to a proposal, with weights that say what the test wants them to say.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mask } from '../../main/contract/records.ts';
import { maskBox } from '../../main/contract/rle.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import type { Predictor, Proposal } from '../../main/flow/predictor.ts';
import { Reasoner } from '../../main/flow/reasoner/reasoner.ts';
import { Segmenter } from '../../main/flow/segmenter/segmenter.ts';
import { exportNano } from '../../main/nano/export.ts';
import { openWeights } from '../../main/weights/open.ts';
import { writePictureRecord } from '../../main/weights/records/pictureRecord.ts';
import { WeightsError } from '../../models/runtime/weightsFile.ts';
import { speak, toyNano } from '../nano/toy.ts';
import { disc, HEIGHT, WIDTH } from '../pictures/disc.ts';

const found =
  '<think>1 red dog [10, 12, 14, 16]</think><answer>```json\n[{"bbox_2d": [2, 40, 60, 88], "label": "cat"}]\n```</answer>';
const nothing = '<think>1 red dog [10, 12, 14, 16]</think><answer>```json\n[]\n```</answer>';
const unclear = '<think>1 red dog</think>';
const { image } = disc(10);
const inImage = { x1: (2 * WIDTH) / 224, y1: (40 * HEIGHT) / 224, x2: (60 * WIDTH) / 224, y2: (88 * HEIGHT) / 224 };
const dog = { text: 'the dog' };
const nobody = { box: { x1: 0, y1: 0, x2: 0, y2: 0 }, mask: { size: [1, 1], counts: [1] }, label: undefined } as const;

let root: string;
const opened: Predictor[] = [];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-predict-'));
});
afterAll(async () => {
  for (const predictor of opened) await predictor.release();
  await rm(root, { recursive: true });
});

async function folderSaying(name: string, answers: readonly string[]): Promise<string> {
  const nano = toyNano({ seed: 9 });
  speak(nano, answers);
  const folder = path.join(root, name);
  await exportNano(nano, folder);
  await leaveOutlines(path.join(folder, 'config.json'));
  return folder;
}

/** Masks of weights that learnt nothing are speckles: moved to the edges of the picture, they would all be the same. */
async function leaveOutlines(file: string): Promise<void> {
  const config: unknown = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(
    file,
    JSON.stringify({ ...Object(config), recipe: { base: 'nano', segmenter: { followsEdges: false } } }),
  );
}

async function saying(name: string, answers: readonly string[]): Promise<Predictor> {
  const predictor = await loadPredictor(await folderSaying(name, answers), { threads: 1 });
  opened.push(predictor);
  return predictor;
}

const mean = ({ answer: { logProbabilities: p = [] } }: Proposal) => p.reduce((a, b) => a + b, 0) / p.length;

describe('an answer with a box', () => {
  let predictor: Predictor;
  beforeAll(async () => {
    predictor = await saying('found', [found]);
  });

  it('becomes a proposal in image pixels: reasoning, box and mask', async () => {
    const { answer, frame, objects, rewards, candidates } = await predictor.predict(image, dog);
    const [{ box, mask, label } = nobody, ...more] = objects;
    expect([label, more, frame]).toEqual(['cat', [], { width: 224, height: 224 }]);
    expect(answer.text).toBe(found);
    expect(answer.reasoning).toBe('1 red dog [10, 12, 14, 16]');
    for (const edge of ['x1', 'y1', 'x2', 'y2'] as const) expect(box[edge]).toBeCloseTo(inImage[edge], 9);
    expect(Mask.parse(mask).size).toEqual([HEIGHT, WIDTH]);
    expect(rewards).toEqual({ format: 1 });
    expect(candidates).toBeUndefined();
    expect([predictor.device, predictor.warnings]).toEqual(['cpu', []]);
  });

  it('has a mask by its own box and the token of its own states', async () => {
    const weights = await openWeights(path.join(root, 'found'));
    const [reasoner, segmenter] = [await Reasoner.open(weights, {}), await Segmenter.open(weights, {})];
    const answers = await reasoner.ask(image, dog.text, { samples: 1, temperature: 0, seed: 0 });
    const [states] = await reasoner.queryStates(answers, await weights.read('learnable_query'));
    const token = await segmenter.token(states ?? new Float32Array());
    const [{ box, mask } = nobody] = (await predictor.predict(image, dog)).objects;
    expect(mask).toEqual(await segmenter.segment(image, { box, token }));
    expect(mask).not.toEqual(await predictor.segment(image, { box }));
    await reasoner.release();
    await segmenter.release();
  });

  it('gives way to a box that the person drew, and is joined by clicks', async () => {
    const drawn = { x1: 20, y1: 10, x2: 50, y2: 45 };
    const [plain = nobody] = (await predictor.predict(image, dog)).objects;
    const [boxed = nobody] = (await predictor.predict(image, { ...dog, box: drawn })).objects;
    const points = [{ x: 36, y: 28, sign: '-' }] as const;
    const [clicked = nobody] = (await predictor.predict(image, { ...dog, points: [...points] })).objects;
    expect(boxed.box).toEqual(plain.box);
    expect(boxed.mask).not.toEqual(plain.mask);
    expect(clicked.mask).not.toEqual(plain.mask);
    expect(clicked.box).toEqual(plain.box);
  });

  it('is timed and streamed', async () => {
    const pieces: string[] = [];
    const { timings } = await predictor.predict(image, dog, { onText: (piece) => pieces.push(piece) });
    const { firstTokenMs = 0, answerMs = 0, maskMs = 0, totalMs = 0 } = timings;
    expect(firstTokenMs).toBeGreaterThan(0);
    expect(firstTokenMs).toBeLessThanOrEqual(answerMs);
    expect(answerMs + maskMs).toBeCloseTo(totalMs, 6);
    expect(pieces.join('')).toBe(found);
  });

  it('is not finished when the signal says so', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onText = () => controller.abort(reason);
    await expect(predictor.predict(image, dog, { signal: controller.signal, onText })).rejects.toBe(reason);
    await expect(predictor.predict(image, dog, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('an answer without a box', () => {
  it('that says nothing matches has no mask, unless the person points at something', async () => {
    const predictor = await saying('nothing', [nothing]);
    const plain = await predictor.predict(image, dog);
    expect([plain.answer.text, plain.found, plain.objects, plain.rewards.format]).toEqual([nothing, 'nothing', [], 1]);
    const clicked = await predictor.predict(image, { ...dog, points: [{ x: 36, y: 28, sign: '+' }] });
    const mask = await predictor.segment(image, { points: [{ x: 36, y: 28, sign: '+' }] });
    expect(clicked).toMatchObject({ found: 'objects', objects: [{ mask, box: maskBox(mask) }] });
    const drawn = { x1: 20, y1: 10, x2: 50, y2: 45 };
    const boxed = await predictor.predict(image, { ...dog, box: drawn });
    expect(boxed.objects[0]?.mask).toEqual(await predictor.segment(image, { box: drawn }));
  });

  it('that lost its form earns nothing and is shown as it is', async () => {
    const predictor = await saying('unclear', [unclear]);
    const { answer, found: kind, objects, rewards } = await predictor.predict(image, dog);
    expect([answer.text, answer.reasoning, rewards.format]).toEqual([unclear, '1 red dog', 0]);
    expect([kind, objects]).toEqual(['unreadable', []]);
  });
});

describe('an answer with several boxes', () => {
  // As the toy can say it: each of its words once.
  const items = '[{"bbox_2d": [2, 40, 60, 88], "label": "cat"}, [90, 12, 120, 72]]';
  const several = `<think>1 red dog</think><answer>\`\`\`json\n${items}\n\`\`\`</answer>`;

  // Neither box is small, so a person's box of the same place is drawn alike.
  it('becomes as many objects, each with a mask by its own box, and each box is told once as it is written', async () => {
    const predictor = await saying('several', [several]);
    const boxes: unknown[] = [];
    const { found: kind, objects } = await predictor.predict(image, dog, { onBox: (box) => boxes.push(box) });
    expect([kind, objects.map(({ label }) => label)]).toEqual(['objects', ['cat', undefined]]);
    expect(boxes).toEqual(objects.map(({ box }) => box));
    for (const { box, mask } of objects) expect(mask).toEqual(await predictor.segment(image, { box }));
  });

  it('is one object where the person points', async () => {
    const predictor = await saying('several', [several]);
    const drawn = { x1: 20, y1: 10, x2: 50, y2: 45 };
    const { objects } = await predictor.predict(image, { ...dog, box: drawn });
    expect(objects.map(({ label }) => label)).toEqual(['cat']);
  });
});

describe('several samples', () => {
  let predictor: Predictor;
  beforeAll(async () => {
    predictor = await saying('both', [found, nothing]);
  });

  it('are all handed back, one that most agree with as the proposal, and of those the likeliest', async () => {
    for (let seed = 0; seed < 4; seed++) {
      const { candidates = [], ...chosen } = await predictor.predict(image, dog, { samples: 3, seed });
      expect(candidates).toHaveLength(3);
      const alike = ({ answer }: Pick<Proposal, 'answer'>) =>
        candidates.filter((one) => one.answer.text === answer.text);
      expect(alike(chosen).length).toBeGreaterThanOrEqual(2);
      expect(Math.max(...alike(chosen).map(mean))).toBe(mean(chosen));
      for (const { answer, objects, rewards } of candidates) {
        expect([found, nothing]).toContain(answer.text);
        expect([objects.length, rewards.format]).toEqual([answer.text === found ? 1 : 0, 1]);
      }
    }
  });

  it('follow from the seed', async () => {
    const texts = async (seed: number) => {
      const { candidates = [] } = await predictor.predict(image, dog, { samples: 3, seed });
      return candidates.map(({ answer, objects }) => [answer.text, objects]);
    };
    expect(await texts(5)).toEqual(await texts(5));
    const seeds = await Promise.all([0, 10, 20, 30, 40].map(texts));
    expect(new Set(seeds.map((each) => JSON.stringify(each))).size).toBeGreaterThan(1);
  });

  it('of temperature 0 are alike', async () => {
    const { candidates = [] } = await predictor.predict(image, dog, { samples: 2, temperature: 0 });
    expect(candidates[1]?.answer.text).toBe(candidates[0]?.answer.text);
    expect(candidates[1]?.objects).toEqual(candidates[0]?.objects);
  });
});

describe('weights', () => {
  it('whose reasoner lacks a tensor are refused with their folder, at the latest when they are asked', async () => {
    const nano = toyNano();
    const folder = path.join(root, 'lacking');
    await exportNano(nano, folder);
    const three = { ...nano.reasoner.language, layers: 3 };
    const weights = await openWeights(folder);
    const deeper = { ...weights, reasoner: { ...weights.reasoner, language: three } };
    const reasoner = await Reasoner.open(deeper, {});
    const asked = reasoner.ask(image, 'x', { samples: 1, temperature: 0, seed: 0 });
    await expect(asked).rejects.toThrow(WeightsError);
    await expect(asked).rejects.toThrow(`${weights.folder}: holds no tensor "model.layers.2.input_layernorm.weight"`);
    await reasoner.release();
  });
});

describe('words that the model does not know', () => {
  it('are named, and the model is not asked for something else', async () => {
    const predictor = await saying('unknown words', [found]);
    const proposal = await predictor.predict(image, { text: 'the red skier' });
    expect(proposal).toMatchObject({ found: 'unreadable', objects: [], answer: { text: '', unknownWords: ['skier'] } });
    expect(proposal.answer.reasoning).toMatch(/does not know 'skier'/u);
  });

  it('do not keep it from drawing what is pointed at', async () => {
    const predictor = await saying('unknown but pointed at', [found]);
    const box = { x1: 10, y1: 10, x2: 60, y2: 60 };
    const proposal = await predictor.predict(image, { text: 'the skier', box });
    expect(proposal.answer.unknownWords).toEqual(['skier']);
    expect(proposal.objects.length).toBeLessThanOrEqual(1);
  });
});

describe('a picture of another kind than those that words were learnt on', () => {
  it('is told with the answer, where the record beside the weights says so', async () => {
    const folder = await folderSaying('unlike', [found]);
    const { reasoner } = await openWeights(folder);
    const signs = Array.from({ length: 2 * reasoner.language.hidden }, () => 0);
    const figures = { falseAlarms: 0, recognised: 1, pictures: 2 };
    for (const bias of [1, -1]) {
      await writePictureRecord(folder, { mean: signs, spread: signs.map(() => 1), weights: signs, bias, figures });
      const predictor = await loadPredictor(folder, { threads: 1 });
      opened.push(predictor);
      const { answer, found: said } = await predictor.predict(image, dog);
      expect(said).toBe('objects');
      expect(answer.unlikePicture).toBe(bias > 0 ? true : undefined);
    }
  });
});
