// A SAM 2 beside a decoupled checkpoint learns its mask decoder: gradients, a whole run by the gate, and a version that knows its segmenter.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mask } from '../../main/contract/records.ts';
import { maskBox } from '../../main/contract/rle.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { decodedMasks } from '../../main/flow/segmenter/decoding.ts';
import { prepare } from '../../main/learn/decoder/decoderSamples.ts';
import {
  type DecoderPolicy,
  decoderObjective,
  decoderPolicy,
  samplesOfStep,
  targetSide,
} from '../../main/learn/decoder/decoderTier.ts';
import { writeVersion } from '../../main/learn/gate/version.ts';
import { stepOutputs } from '../../main/learn/loop/loop.ts';
import type { TeachOutcome } from '../../main/learn/samples/task.ts';
import { teach } from '../../main/learn/teach.ts';
import { exportAdapter } from '../../main/weights/mergeCheckpoint.ts';
import { openModel } from '../../main/weights/openCheckpoint.ts';
import { openSam2 } from '../../main/weights/openSam2.ts';
import { segmenterDigest, taughtSegmenterIn } from '../../main/weights/taughtSegmenter.ts';
import { weightsVersion } from '../../main/weights/version.ts';
import { add, mul } from '../../models/graph/elementwise.ts';
import { reduceMean, reduceMin } from '../../models/graph/reduce.ts';
import { expand, reshape, slice } from '../../models/graph/shape.ts';
import { dims4, input, type Tensor } from '../../models/graph/tensor.ts';
import { floats } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { Session } from '../../models/runtime/session.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { segTerms } from '../../models/train/losses.ts';
import { writeToy, writeToySam } from '../weights/toyCheckpoint.ts';
import { expectGradient } from './gradientProbe.ts';
import { taskOf, teachingImages } from './teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-beside-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const images = teachingImages(12);
const quiet = { report: () => {} };
const [segZero, sam, other] = [at('Seg-Zero'), at('sam2'), at('other-sam2')];
const parts = 'loupe-segmenter.safetensors';

beforeAll(async () => {
  await writeToySam(sam);
  await writeToySam(other, 192);
  // Of another content, so that no digest of a file's ends takes one for the other.
  const file = await openSafetensors(path.join(other, 'sam2_toy.safetensors'));
  const tensors = await Promise.all(
    [...file.tensors].map(async ([name, { shape }]) => {
      const values = await file.read(name);
      return [name, { shape: [...shape], data: values.map((value) => 1.01 * value) }] as const;
    }),
  );
  await writeSafetensors(path.join(other, 'sam2_toy.safetensors'), Object.fromEntries(tensors));
  const says =
    '<think>Left.</think><answer>{"bbox": [20, 15, 40, 42], "points_1": [25, 20], "points_2": [30, 30]}</answer>';
  await writeToy(segZero, { says });
  const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 24 };
  writeFileSync(path.join(segZero, 'recipe.json'), JSON.stringify({ base: 'seg-zero', reasoner }));
});

/** What is drawn under the true box of the first picture. */
async function drawn(
  weights: string,
  segmenter: string,
): Promise<{ mask: Mask; warnings: readonly string[]; name: string | null }> {
  const predictor = await loadPredictor(weights, { segmenter });
  try {
    const [first] = images;
    const truth = first?.things[0]?.box;
    if (!first || !truth) throw new Error('There is no picture.');
    const mask = await predictor.segment(await first.read(), { box: truth });
    return { mask, warnings: predictor.warnings, name: predictor.segmenterName };
  } finally {
    await predictor.release();
  }
}

/** L_seg of 4 asks without the error of the predicted IoU, whose truth jumps from cell to cell and passes no gradient on. */
function outlineLoss({ parameters, weights }: DecoderPolicy): Tensor {
  const { segmenter: config } = weights;
  const shape = { asks: 4, slots: 2, rough: weights.recipe.segmenter.promptMap, prefix: 'pointed.' };
  const { masks } = decodedMasks(paramsFrom(parameters.source()), config, shape);
  const [, count, height, width] = dims4(masks);
  const side = targetSide(weights);
  const target = reshape(input('pointed.target', [4, side, side]), [4, 1, side, side]);
  const all = reshape(expand(target, [4, count, side, side]), [4 * count, side, side]);
  const { bce, dice } = segTerms(reshape(masks, [4 * count, height, width]), all);
  const each = reshape(add(bce, dice), [4, count]);
  const best = reduceMin(slice(each, [1], [count], [1]), [1], true);
  return reduceMean(add(slice(each, [0], [1], [1]), mul(best, 0.5)), [0, 1]);
}

describe('L_seg of a SAM 2 that reads no words', { timeout: 120_000 }, () => {
  it('has the gradients that differences have, by what draws outlines and by what rates them', async () => {
    const weights = await openSam2(sam);
    const prepared = await prepare(weights, { images: images.slice(0, 2), replayed: [], seed: 1 }, quiet);
    expect([prepared.pointed.length > 4, prepared.worded]).toEqual([true, []]);
    const policy = await decoderPolicy(weights);
    const batch = { pointed: 4, worded: 0, slots: 2, wordedSlots: 0 };
    const graph = decoderObjective.graph(policy, batch);
    const feeder = await decoderObjective.open(policy, batch, {});
    const feeds = await feeder.feed(samplesOfStep(prepared, batch, { seed: 1, step: 0 }), 0);
    const names = [...graph.parameters.keys()];
    const outlining = ['output_upscaling.0.weight', 'output_hypernetworks_mlps.0.layers.0.weight'];
    const rating = ['iou_prediction_head.layers.0.weight'];
    const keys = [...outlining, ...rating].map((name) => `sam.sam_mask_decoder.${name}`);
    const whole = await Session.create(stepOutputs({ ...graph, figures: {} }, keys), { purpose: 'train' });
    const outline = await Session.create({ loss: outlineLoss(policy) });
    const valuesOf = (session: Session) => session.run({ ...policy.parameters.feeds(names), ...feeds });
    const first = await valuesOf(whole);
    for (const key of keys) {
      const session = rating.some((name) => key.endsWith(name)) ? whole : outline;
      const gradient = floats(first, `grad.${key}`);
      const loss = async () => Number(floats(await valuesOf(session), 'loss')[0]);
      await expectGradient(policy.parameters, { key, gradient }, loss);
    }
    await whole.release();
    await outline.release();
  });
});

describe('tier decoder of a checkpoint whose boxes a SAM 2 draws', { timeout: 300_000 }, () => {
  let taught: TeachOutcome;
  let version: string;
  let files: Buffer;
  const task = (run: string, weights: string) => {
    mkdirSync(at(run));
    for (const name of ['steps.json', 'adapterSteps.json']) writeFileSync(at(run, name), '6');
    return { ...taskOf(at(run), weights, images), segmenter: sam };
  };

  beforeAll(async () => {
    files = readFileSync(path.join(sam, 'sam2_toy.safetensors'));
    taught = await teach(task('masks', segZero), quiet);
    version = taught.weights ?? '';
  }, 300_000);

  it('is judged by masks under true boxes on held-back pictures', () => {
    expect(taught.tier).toBe('decoder');
    expect(taught.gate.reason).toMatch(/^Held-out masks|^The gain of/u);
    expect(taught.before?.objects).toBe(taught.held.length);
    expect(taught.after?.gIoU).not.toBe(taught.before?.gIoU);
    expect(taught.held.length + taught.taught.length).toBe(images.length);
  });

  it('leaves checkpoint and segmenter as they were; the version is the decoder alone, and names both', async () => {
    expect(readFileSync(path.join(sam, 'sam2_toy.safetensors')).equals(files)).toBe(true);
    expect(readdirSync(version).sort()).toEqual([parts, 'taught.json']);
    const known = await taughtSegmenterIn(version);
    expect(known).toMatchObject({ name: 'sam2-own', digest: await segmenterDigest(sam) });
    const names = [...(known?.file.tensors.keys() ?? [])];
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !name.startsWith('sam.sam_mask_decoder.'))).toEqual([]);
    const { base, segmenter } = await openModel(version);
    expect([base, segmenter]).toEqual([segZero, null]);
    expect(await weightsVersion(version, 'cats')).not.toBe(await weightsVersion(segZero, 'cats'));
  });

  it('draws by what it learnt with its own segmenter; another one draws as it is, and that is said', async () => {
    const [before, after] = [await drawn(segZero, sam), await drawn(version, sam)];
    expect(after.mask).not.toEqual(before.mask);
    expect([before.name, after.name]).toEqual(['sam2-own', 'sam2-own taught']);
    expect(after.warnings).toEqual(before.warnings);
    const [bare, elsewhere] = [await drawn(segZero, other), await drawn(version, other)];
    expect(elsewhere.mask).toEqual(bare.mask);
    expect(elsewhere.warnings.join()).toContain('the segmenter sam2-own was taught with it');
  });

  it('is learnt from again: masks go on from where they were, and answers keep them', async () => {
    const again = await teach(task('more', version), quiet);
    expect(again.before).toEqual(taught.after);
    const next = await openModel(again.weights ?? '');
    const key = 'sam.sam_mask_decoder.mask_tokens.weight';
    const first = await (await taughtSegmenterIn(version))?.file.read(key);
    expect(await next.beside?.file.read(key)).not.toEqual(first);
    const answers = await teach({ ...task('words', version), tier: 'supervised' }, quiet);
    expect(readdirSync(answers.weights ?? '').sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', parts, 'taught.json'],
    ]);
    const kept = await openModel(answers.weights ?? '');
    expect(await kept.beside?.file.read(key)).toEqual(first);
    expect(maskBox((await drawn(answers.weights ?? '', sam)).mask)).toEqual(maskBox((await drawn(version, sam)).mask));
  });

  it('has nothing that a folder of peft or one whole checkpoint could hold', async () => {
    await expect(exportAdapter(version, at('adapter'))).rejects.toThrow('beside it, which neither an adapter nor');
  });

  it('refuses a file that does not say which segmenter it changes', async () => {
    await writeVersion(segZero, at('unnamed'), { tensors: new Map() });
    await writeSafetensors(at('unnamed', parts), { a: { shape: [1], data: new Float32Array(1) } });
    await expect(openModel(at('unnamed'))).rejects.toThrow('does not say which segmenter it changes');
  });
});
