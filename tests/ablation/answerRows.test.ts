// Variants that learn answers, with toy weights: where they begin, what they are asked, and that each leaves the next one its start.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnswerBench, measureAnswers, openAnswerBench } from '../../main/ablation/answerRows.ts';
import { withoutReasoning } from '../../main/ablation/answerSupervision.ts';
import { type AnswerVariant, variants } from '../../main/ablation/rows.ts';
import { shiftedNames } from '../../main/evaluate/shiftedDomain.ts';
import { rewardedPolicy } from '../../main/learn/rl/rlTier.ts';
import { isContext } from '../../main/nano/context/contextGraph.ts';
import { exportNano } from '../../main/nano/export.ts';
import { rasterise } from '../../main/pictures/image.ts';
import { buildAtlas } from '../../main/scenes/atlas.ts';
import { makeScene } from '../../main/scenes/make.ts';
import { seedOf } from '../../main/scenes/split.ts';
import { allParameters, toyNano } from '../nano/toy.ts';

let root: string;
let folder: string;
let bench: AnswerBench;
const { signal } = new AbortController();
const at = (name: string) => path.join(root, name);
const figureNames = ['gIoU', 'shifted gIoU', 'own scenes'];

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'loupe-answers-'));
  folder = at('toy');
  const nano = toyNano({ seed: 6 });
  allParameters(nano);
  await exportNano(nano, folder);
  const atlas = await buildAtlas(rasterise);
  const scenes = (split: 'train' | 'test', index: number) => makeScene(atlas, seedOf(split, index));
  const sizes = { pictures: 3, warm: 2, asked: 2 };
  bench = await openAnswerBench(folder, { seed: 2, scenes, sizes, work: at('start.work') }, signal);
}, 300_000);
afterAll(() => rmSync(root, { recursive: true }));

const variantOf = (name: string): AnswerVariant => {
  const variant = variants[name];
  if (variant?.kind !== 'answers') throw new Error(`${name} learns no answers`);
  return variant;
};
const measured = (name: string, seconds = 0.01) =>
  measureAnswers(bench, variantOf(name), { seconds, work: at('work'), signal });

describe('what variants of a seed share', () => {
  it('are questions with outlines, of names that are learnt, of others in that style, and of nano’s own scenes', () => {
    expect(Object.keys(bench.asked)).toEqual(figureNames);
    const texts = (name: string) => bench.asked[name]?.map(({ text }) => text) ?? [];
    for (const text of texts('gIoU')) expect(bench.names).toContain(text);
    for (const text of texts('shifted gIoU')) expect(bench.names).not.toContain(text);
    for (const text of texts('shifted gIoU')) expect(shiftedNames.known).toContain(text);
    for (const questions of Object.values(bench.asked)) {
      expect(questions).toHaveLength(2);
      for (const { objects } of questions) expect(objects.length).toBeGreaterThan(0);
    }
  });

  it('is a start that has learnt a little of the pictures, and leaves nothing else behind', async () => {
    const { parameters } = await rewardedPolicy(folder);
    const moved = [...parameters.all].filter(([name, { values }]) =>
      values.some((v, i) => v !== bench.start[name]?.[i]),
    );
    const names = moved.map(([name]) => name);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !/^(?:visual|model)\./u.test(name))).toEqual([]);
    expect(names.filter((name) => name.includes('embed_tokens'))).toEqual([]);
    expect(existsSync(at('start.work'))).toBe(false);
  });
});

describe('a variant', { timeout: 300_000 }, () => {
  it('that learns nothing is the start, measured alike whatever learnt before it', async () => {
    const before = await measured('start');
    expect(before).toMatchObject({ steps: 0, seconds: 0 });
    expect(Object.keys(before.figures)).toEqual([...figureNames, 'format']);
    for (const value of Object.values(before.figures)) expect(value >= 0 && value <= 1).toBe(true);
    const taught = await measured('supervised', 2);
    expect(taught.steps).toBeGreaterThan(1);
    const { parameters } = bench.policy;
    expect([...parameters.all].some(([name, { values }]) => values.some((v, i) => v !== bench.start[name]?.[i]))).toBe(
      true,
    );
    expect(await measured('start')).toEqual(before);
    expect(existsSync(at('work'))).toBe(false);
  });

  it.each(['rewards', 'rewards-no-mask', 'rewards-no-reasoning', 'supervised-no-reasoning'])(
    '"%s" learns until its processor time is spent',
    async (name) => {
      const { steps, seconds, figures } = await measured(name);
      expect(steps).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(0);
      expect(Object.keys(figures)).toEqual([...figureNames, 'format']);
    },
  );

  it('without alignment begins with a context module that has learnt nothing, and with all else alike', async () => {
    await measureAnswers(bench, { ...variantOf('start'), aligned: false }, { seconds: 1, work: at('work'), signal });
    const differs = [...bench.policy.parameters.all].flatMap(([name, { values }]) =>
      values.some((v, i) => v !== bench.start[name]?.[i]) ? [name] : [],
    );
    expect(differs.length).toBeGreaterThan(0);
    expect(differs.filter((name) => !isContext(name))).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const stopped = measureAnswers(bench, variantOf('supervised'), {
      ...{ seconds: 60, work: at('stopped'), signal: AbortSignal.abort() },
    });
    await expect(stopped).rejects.toThrow();
    expect(existsSync(at('stopped'))).toBe(false);
  });
});

describe('an answer without reasoning', () => {
  it('begins where the boxes begin, in tokens of nano’s own', () => {
    const { tokenizer } = bench.policy.parts;
    const whole = tokenizer.encode(`${withoutReasoning}]\n\`\`\`</answer>`);
    const begun = tokenizer.encode(withoutReasoning);
    expect(whole.slice(0, begun.length)).toEqual(begun);
  });
});
