// Seg-Zero, VisionReasoner and untuned Qwen2.5-VL at toy size in the published layout are taught: updates of the reasoner alone.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPredictor } from '../../main/flow/predict.ts';
import { Reasoner } from '../../main/flow/reasoner/reasoner.ts';
import { adapterPolicy } from '../../main/learn/adapter/adapterPolicy.ts';
import { type AdapterSample, adapterSamples } from '../../main/learn/adapter/adapterSamples.ts';
import { adapterRun } from '../../main/learn/adapter/adapterTier.ts';
import { howItLearns, learnerAt } from '../../main/learn/canLearn.ts';
import { train } from '../../main/learn/loop/loop.ts';
import type { Sample, SampleObject } from '../../main/learn/samples/sample.ts';
import { teach } from '../../main/learn/teach.ts';
import { type CheckpointWeights, openModel } from '../../main/weights/openCheckpoint.ts';
import type { RecipeName } from '../../main/weights/recipe.ts';
import { writeToy, writeToySam } from '../weights/toyCheckpoint.ts';
import { objectOf, sampleOf, side, taskOf, teachingImages } from './teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-decoupled-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const images = teachingImages(12);
const quiet = { report: () => {} };

const box = '[20, 15, 40, 42]';
/** What each says of itself before it is taught. */
const systems = {
  'seg-zero': {
    folder: 'Seg-Zero-toy',
    says: `<think>Left.</think><answer>{"bbox": ${box}, "points_1": [25, 20], "points_2": [30, 30]}</answer>`,
    form: /^<think>Left\.<\/think><answer>\{"bbox": \[\d+, \d+, \d+, \d+\], "points_1": \[\d+, \d+\], "points_2": \[\d+, \d+\]\}<\/answer><\|im_end\|>$/u,
  },
  'vision-reasoner': {
    folder: 'VisionReasoner-toy',
    says: `<think>Left.</think><answer>[{"bbox_2d": ${box}, "point_2d": [25, 20]}]</answer>`,
    form: /^<think>Left\.<\/think><answer>\[\{"bbox_2d": \[\d+, \d+, \d+, \d+\], "point_2d": \[\d+, \d+\]\}\]<\/answer><\|im_end\|>$/u,
  },
  'qwen-zero-shot': {
    folder: 'Qwen2.5-VL-toy',
    says: `\`\`\`json\n[{"bbox_2d": ${box}, "label": "cat"}]\n\`\`\``,
    form: /^```json\n\[\n\t\{"bbox_2d": \[\d+, \d+, \d+, \d+\], "label": "cat"\}\n\]\n```<\|im_end\|>$/u,
  },
} as const satisfies Partial<Record<RecipeName, unknown>>;
type System = keyof typeof systems;
const all = Object.keys(systems) as System[];

beforeAll(async () => {
  await writeToySam(at('sam2'));
  for (const name of all) {
    const folder = await writeToy(at(systems[name].folder), { says: systems[name].says });
    // The published frame takes 900 tokens a picture; a test below is of it. Half-taught toys write on and on.
    const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 24 };
    writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: name, reasoner }));
  }
});

async function told(weights: CheckpointWeights, samples: readonly Sample[]): Promise<AdapterSample[]> {
  const [first] = images;
  if (!first) throw new Error('There is no picture.');
  const reasoner = await Reasoner.open(weights, {});
  try {
    return await adapterSamples({ weights, reasoner }, [{ ...first, samples }], quiet);
  } finally {
    await reasoner.release();
  }
}

const textOf = ({ tokenizer }: CheckpointWeights, sample: AdapterSample | undefined): string =>
  tokenizer.decode(sample?.answer ?? []);

describe.each(all)('a checkpoint of %s', { timeout: 300_000 }, (name) => {
  const folder = at(systems[name].folder);

  it('is told its answers in its own form, behind what it thinks itself', async () => {
    const weights = await openModel(folder);
    const [one] = await told(weights, images[0]?.samples ?? []);
    expect(textOf(weights, one)).toMatch(systems[name].form);
  });

  it('learns in low-rank updates of its own; checkpoint and segmenter stay as they were', async () => {
    const before = [folder, at('sam2')].map((place) => readdirSync(place));
    const sam = readFileSync(at('sam2', 'sam2_toy.safetensors'));
    const run = at(`run-${name}`);
    mkdirSync(run);
    writeFileSync(path.join(run, 'adapterSteps.json'), '2');
    const task = { ...taskOf(run, folder, images), tier: 'auto' as const, segmenter: at('sam2') };
    const { tier, gate, weights, held, taught, before: figures } = await teach(task, quiet);
    expect(tier).toBe('supervised');
    expect(gate.reason).toMatch(/^Answers to held-out prompts|^The gain of/u);
    expect(figures?.words.prompts).toBe(held.length);
    expect(figures?.objects).toBe(held.length);
    expect(held.length + taught.length).toBe(images.length);
    expect(readdirSync(weights ?? '').sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'taught.json'],
    ]);
    const version = await openModel(weights ?? '');
    const second = [...(version.adapter?.file.tensors.keys() ?? [])].filter((key) => key.endsWith('lora_B.weight'));
    const values = await Promise.all(second.map(async (key) => version.adapter?.file.read(key)));
    expect(values.some((some) => some?.some((value) => value !== 0))).toBe(true);
    expect([folder, at('sam2')].map((place) => readdirSync(place))).toEqual(before);
    expect(readFileSync(at('sam2', 'sam2_toy.safetensors')).equals(sam)).toBe(true);
  });

  it('a version of it is asked as the checkpoint is, its boxes drawn by the segmenter beside it', async () => {
    const predictor = await loadPredictor(at(`run-${name}`, 'weights'), { segmenter: at('sam2') });
    const [first] = images;
    const image = await first?.read();
    if (!image) throw new Error('There is no picture.');
    const { objects, found } = await predictor.predict(image, { text: 'cat' });
    await predictor.release();
    expect(found === 'objects' ? objects.length : 1).toBeGreaterThan(0);
    expect(predictor.segmenterName).toBe('sam2-own');
  });

  it('learns an answer when it is shown it often', async () => {
    const weights = await openModel(folder);
    const samples = await told(weights, images[0]?.samples ?? []);
    const policy = await adapterPolicy(weights, 1);
    const losses: number[] = [];
    const report = ({ figures }: { figures: Record<string, number> }) => losses.push(figures.loss ?? Number.NaN);
    await train(adapterRun(policy, samples, { steps: 20, seed: 1 }), { folder: at(`alone-${name}`), report });
    expect(losses[1]).toBeLessThan(0.9 * (losses[0] ?? 0));
  });
});

describe('what decoupled checkpoints are told', { timeout: 300_000 }, () => {
  const boxed = (x1: number, y1: number, x2: number, y2: number): SampleObject => ({
    ...{ box: { x1, y1, x2, y2 }, mask: null, verdicts: { box: null, mask: null } },
  });

  it('is in 840 x 840 with the centres of the two largest circles, where the recipe is as published', async () => {
    const folder = await writeToy(at('frames', 'Seg-Zero-toy'), { says: systems['seg-zero'].says });
    const weights = await openModel(folder);
    const { size, counts } = { size: [side, side] as [number, number], counts: [] as number[] };
    // Two squares, one larger: columns 8 to 27 and 40 to 51, rows 8 to 27.
    let inside = false;
    let run = 0;
    for (let x = 0; x < side; x++)
      for (let y = 0; y < side; y++) {
        const is = y >= 8 && y < 28 && ((x >= 8 && x < 28) || (x >= 40 && x < 52));
        if (is !== inside) {
          counts.push(run);
          run = 0;
          inside = is;
        }
        run++;
      }
    counts.push(run);
    const [one] = await told(weights, [sampleOf(1, 'cat', [objectOf({ size, counts })])]);
    const text = textOf(weights, one);
    const numbers =
      text
        .match(/\d+/gu)
        ?.map(Number)
        .filter((value) => value > 2) ?? [];
    const scale = 840 / side;
    expect(numbers.slice(0, 4)).toEqual([8, 8, 51, 27].map((value) => Math.round(value * scale)));
    const [ax = 0, ay = 0, bx = 0, by = 0] = numbers.slice(4);
    for (const [x, y] of [
      [ax, ay],
      [bx, by],
    ] as const)
      expect([x >= 8 * scale && x < 52 * scale, y >= 8 * scale && y < 28 * scale]).toEqual([true, true]);
    expect(Math.abs(ax / scale - 17.5)).toBeLessThan(2);
    expect(bx / scale).toBeGreaterThan(39);
    const cells = one?.prompt.ids.filter((id) => id === weights.reasoner.imageToken).length;
    expect(cells).toBe(900);
  });

  it('leaves out a box whose outline nobody knows, where points are wanted', async () => {
    const thing = boxed(8, 8, 32, 32);
    const counts = async (name: System) =>
      (await told(await openModel(at(systems[name].folder)), [sampleOf(1, 'cat', [thing])])).length;
    expect(await counts('seg-zero')).toBe(0);
    expect(await counts('vision-reasoner')).toBe(0);
    expect(await counts('qwen-zero-shot')).toBe(1);
  });

  it('says that nothing matches where the form can, and does not keep reasoning that found something', async () => {
    const weights = await openModel(at(systems['vision-reasoner'].folder));
    const [one] = await told(weights, [sampleOf(1, 'horse', [])]);
    expect(textOf(weights, one)).toBe('<think>There is no horse in the image.</think><answer>[]</answer><|im_end|>');
  });
});

describe('what a person is told before the start', () => {
  it('names what learns, in which form, and what stays', async () => {
    const said = howItLearns(await learnerAt(at(systems['seg-zero'].folder), at('sam2')));
    expect(said).toContain('low-rank updates of its language model');
    expect(said).toContain('reasoning, then one box and two points');
    expect(said).toContain('tier decoder teaches the mask decoder of the segmenter sam2');
  });

  it('is the reason where a tier cannot teach', async () => {
    const folder = at(systems['qwen-zero-shot'].folder);
    const alone = await teach({ ...taskOf(at('alone'), folder, images), tier: 'auto' }, quiet);
    expect(alone.gate.reason).toContain('choose one (a checkpoint of SAM 1 or 2, or an ONNX segmenter)');
    mkdirSync(at('onnx'));
    writeFileSync(at('onnx', 'decoder.onnx'), 'no model');
    const task = { ...taskOf(at('masks'), folder, images), segmenter: at('onnx') };
    expect((await teach(task, quiet)).gate.reason).toContain('choose tier supervised');
    expect(howItLearns(await learnerAt(folder, null))).toContain('choose one (a checkpoint of SAM');
    await expect(learnerAt(at('sam2'), null)).rejects.toThrow('is of kind "SAM 2 checkpoint"');
  });
});
