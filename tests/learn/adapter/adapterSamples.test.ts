// What a checkpoint is told to learn: its own request, an answer in its own form, and which tokens of it count.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Reasoner } from '../../../main/flow/reasoner/reasoner.ts';
import { type AdapterSample, adapterSamples } from '../../../main/learn/adapter/adapterSamples.ts';
import type { Sample, SampleObject } from '../../../main/learn/samples/sample.ts';
import type { TeachingImage } from '../../../main/learn/samples/task.ts';
import { type CheckpointWeights, openModel } from '../../../main/weights/openCheckpoint.ts';
import { writeToy } from '../../weights/toyCheckpoint.ts';
import { sampleOf, side, teachingImages } from '../teaching.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-adapter-samples-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A box alone: masks have no part here. */
const thing = (x1: number, y1: number, x2: number, y2: number): SampleObject => ({
  ...{ box: { x1, y1, x2, y2 }, mask: null, verdicts: { box: null, mask: null } },
});

let weights: CheckpointWeights;
let reasoner: Reasoner;
beforeAll(async () => {
  // A chain of thought, then one box: it says what it thinks by itself.
  const says = '<think>It has ears.</think><answer>[{"bbox_2d": [20, 15, 40, 42], "label": "cat"}]</answer>';
  const folder = await writeToy(path.join(root, 'thinks'), { says });
  const reasoned = { template: 'samr1_v4', parser: 'first box' };
  writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: 'qwen-zero-shot', reasoner: reasoned }));
  weights = await openModel(folder);
  reasoner = await Reasoner.open(weights, {});
});
afterAll(() => reasoner.release());

const [first] = teachingImages(1);

async function told(...samples: readonly Sample[]): Promise<AdapterSample[]> {
  if (!first) throw new Error('There is no picture.');
  const image: TeachingImage = { ...first, samples };
  return adapterSamples({ weights, reasoner }, [image], { report: () => {} });
}

const textOf = (sample: AdapterSample | undefined): string => weights.tokenizer.decode(sample?.answer ?? []);

/** What of the text counts in training. */
function counted(sample: AdapterSample | undefined): string {
  const ids = (sample?.answer ?? []).filter((_, i) => sample?.counts[i] === 1);
  return weights.tokenizer.decode(ids);
}

describe('an answer that a checkpoint is taught', () => {
  it('stands behind the reasoning that the model gives by itself, which does not count', async () => {
    const [one] = await told(sampleOf(1, 'cat', [thing(8, 8, 32, 32)]));
    expect(textOf(one)).toMatch(
      /^<think>It has ears\.<\/think><answer>```json\n\[\n\t\{"bbox_2d": \[.*<\/answer><\|im_end\|>$/su,
    );
    expect(counted(one)).toMatch(/^<answer>.*<\/answer><\|im_end\|>$/su);
  });

  it('counts as a whole where a person wrote the reasoning', async () => {
    const reasoning = 'The left one sits.';
    const [one] = await told({ ...sampleOf(1, 'cat', [thing(8, 8, 32, 32)]), reasoning });
    expect(textOf(one)).toContain(`<think>${reasoning}</think>`);
    expect(counted(one)).toBe(textOf(one));
  });

  it('names the box in the pixels that the reasoner sees', async () => {
    const [one] = await told(sampleOf(1, 'cat', [thing(8, 16, 32, 48)]));
    const image = await first?.read();
    const frame = image && reasoner.frame(image);
    const scale = (frame?.width ?? Number.NaN) / side;
    expect(textOf(one)).toContain(`[${[8, 16, 32, 48].map((value) => Math.round(value * scale)).join(', ')}]`);
  });

  it('names the box around all, where the form has one box', async () => {
    const [apart, around] = await told(
      sampleOf(1, 'cat', [thing(8, 16, 32, 24), thing(4, 20, 24, 60)]),
      sampleOf(1, 'cat', [thing(4, 16, 32, 60)]),
    );
    expect(textOf(apart)).toBe(textOf(around));
  });

  it('is left out where nothing matches and the form cannot say so', async () => {
    expect(await told(sampleOf(1, 'horse', []))).toEqual([]);
  });

  it('follows the request that a prediction would ask', async () => {
    const [one] = await told(sampleOf(1, 'a "cat"', [thing(8, 8, 32, 32)]));
    const asked = weights.tokenizer.decode(one?.prompt.ids ?? []);
    expect(asked).toContain('Locate "a "cat"", report the bbox coordinates in JSON format.');
    const { hidden } = weights.reasoner.language;
    const cells = one?.prompt.ids.filter((id) => id === weights.reasoner.imageToken).length ?? 0;
    expect(one?.prompt.features).toHaveLength(cells * hidden);
  });
});
