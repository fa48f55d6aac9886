// A LENS checkpoint of toy size in the published layout is taught: updates in peft's layout, masks beside them, the gate, and the way out.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Reasoner } from '../../../main/flow/reasoner/reasoner.ts';
import { adapterPolicy } from '../../../main/learn/adapter/adapterPolicy.ts';
import { adapterSamples } from '../../../main/learn/adapter/adapterSamples.ts';
import { adapterRun } from '../../../main/learn/adapter/adapterTier.ts';
import { writeVersion } from '../../../main/learn/gate/version.ts';
import { train } from '../../../main/learn/loop/loop.ts';
import type { TeachOutcome } from '../../../main/learn/samples/task.ts';
import { teach } from '../../../main/learn/teach.ts';
import { type CheckpointWeights, openModel } from '../../../main/weights/openCheckpoint.ts';
import { weightsVersion } from '../../../main/weights/version.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { toySamJson, writeToy } from '../../weights/toyCheckpoint.ts';
import { taskOf, teachingImages } from '../teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-lens-taught-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const lens = at('LENS');
const images = teachingImages(12);

beforeAll(async () => {
  await writeToy(lens, { says: '[{"bbox_2d": [20, 15, 40, 42], "label": "cat"}]', lens: true });
  writeFileSync(path.join(lens, 'segmenter.json'), JSON.stringify(toySamJson));
});

describe('updates beside a checkpoint', { timeout: 300_000 }, () => {
  it('learn what stands on the pictures, in the form in which the recipe asks', async () => {
    const weights = await openModel(lens);
    const reasoner = await Reasoner.open(weights, {});
    const samples = await adapterSamples({ weights, reasoner }, images.slice(0, 2), { report: () => {} });
    await reasoner.release();
    const told = weights.tokenizer.decode(samples[0]?.answer ?? []);
    expect(told).toMatch(
      /^```json\n\[\n\t\{"bbox_2d": \[\d+, \d+, \d+, \d+\], "label": "cat"\}\n\]\n```<\|im_end\|>$/u,
    );
    expect(new Set(samples[0]?.counts)).toEqual(new Set([1]));
    const policy = await adapterPolicy(weights, 1);
    const losses: number[] = [];
    const report = ({ figures }: { figures: Record<string, number> }) => losses.push(figures.loss ?? Number.NaN);
    await train(adapterRun(policy, samples, { steps: 20, seed: 1 }), { folder: at('alone'), report });
    expect(losses).toHaveLength(2);
    expect(losses[1]).toBeLessThan(0.9 * (losses[0] ?? 0));
  });
});

describe('a LENS checkpoint that is taught', { timeout: 300_000 }, () => {
  let taught: TeachOutcome;
  let before: string[];
  let version: CheckpointWeights;
  beforeAll(async () => {
    before = readdirSync(lens);
    const task = { ...taskOf(at('words'), lens, images), tier: 'supervised' as const };
    // As a run that goes on finds what it had planned.
    mkdirSync(at('words'));
    writeFileSync(at('words', 'adapterSteps.json'), '2');
    writeFileSync(at('words', 'steps.json'), '2');
    taught = await teach(task, { report: () => {} });
    version = await openModel(taught.weights ?? '');
  }, 300_000);

  it('is judged by whole answers to held-out prompts', () => {
    expect(taught.gate.reason).toMatch(/^Answers to held-out prompts|^The gain of/u);
    expect(taught.gate.promoted).toBe(taught.gate.low > 0);
    expect(taught.before?.words.prompts).toBe(taught.held.length);
    expect(taught.held.length + taught.taught.length).toBe(images.length);
  });

  it('stays as it was on disk; the version is small, in the layout of peft, and names it', async () => {
    const folder = taught.weights ?? '';
    expect(readdirSync(lens)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors', 'loupe-parts.safetensors', 'taught.json'],
    ]);
    const config = JSON.parse(await readFile(path.join(folder, 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ peft_type: 'LORA', r: 16, lora_alpha: 32, base_model_name_or_path: lens });
    expect(await weightsVersion(folder, 'cats')).not.toBe(await weightsVersion(lens, 'cats'));
  });

  it('learnt in the updates and in the mask decoder; what else the segmenter is made of is as before', async () => {
    const [bare, parts] = [
      await openModel(lens),
      await openSafetensors(path.join(taught.weights ?? '', 'loupe-parts.safetensors')),
    ];
    const trained = [...parts.tensors.keys()];
    expect(trained.filter((key) => !/^(sam\.sam_mask_decoder|connector|conv_1d|proj_to_sam)\./u.test(key))).toEqual([]);
    const key = 'sam.sam_mask_decoder.mask_tokens.weight';
    expect(await version.read(key)).not.toEqual(await bare.read(key));
    const second = [...(version.adapter?.file.tensors.keys() ?? [])].filter((name) => name.endsWith('lora_B.weight'));
    const values = await Promise.all(second.map(async (name) => version.adapter?.file.read(name)));
    expect(values.some((some) => some?.some((value) => value !== 0))).toBe(true);
  });

  it('learns on from a version: the checkpoint is still the base, and what was learnt stays', async () => {
    const key = 'sam.sam_mask_decoder.mask_tokens.weight';
    const shape = version.shapes.get(key) ?? [];
    const values = (await version.read(key)).map((value) => value + 1);
    await writeVersion(taught.weights ?? '', at('next'), { tensors: new Map([[key, { shape, values }]]) });
    const next = await openModel(at('next'));
    expect(next.base).toBe(lens);
    expect(await next.read(key)).toEqual(values);
    for (const name of version.adapter?.file.tensors.keys() ?? [])
      expect(await next.adapter?.file.read(name)).toEqual(await version.adapter?.file.read(name));
  });

  it('and whose folder is gone is named by the version that needs it', async () => {
    await writeVersion(lens, at('orphan'), { tensors: new Map() });
    writeFileSync(at('orphan', 'taught.json'), JSON.stringify({ base: at('gone') }));
    await expect(openModel(at('orphan'))).rejects.toThrow(`names ${at('gone')}, where no checkpoint is any more`);
  });
});
