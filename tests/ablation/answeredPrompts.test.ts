// What is told of drawn scenes: true answers, and answers whose box misleads while all before it is right.
import { beforeAll, describe, expect, it } from 'vitest';
import { answeredPrompt, answeredPrompts } from '../../main/ablation/answeredPrompts.ts';
import { readAnswer } from '../../main/contract/answer.ts';
import { boxIou } from '../../main/contract/geometry.ts';
import { random } from '../../main/contract/random.ts';
import { maskBox } from '../../main/contract/rle.ts';
import { rasterise } from '../../main/pictures/image.ts';
import { answerText } from '../../main/scenes/answerText.ts';
import { buildAtlas } from '../../main/scenes/atlas.ts';
import { makeScene } from '../../main/scenes/make.ts';
import type { Scene } from '../../main/scenes/scene.ts';
import { seedOf } from '../../main/scenes/split.ts';

let scenes: Scene[];
beforeAll(async () => {
  const atlas = await buildAtlas(rasterise);
  scenes = [0, 1, 2].map((i) => makeScene(atlas, seedOf('validation', i)));
}, 120_000);

const single = (scene: Scene) => scene.prompts.filter(({ target }) => target !== null);

describe('a true answer', () => {
  it('is the scene’s own, with the box that it ends in', () => {
    for (const scene of scenes)
      for (const prompt of single(scene)) {
        const told = answeredPrompt(scene, prompt, { isMisled: false });
        expect(told?.answer).toBe(answerText(scene, prompt));
        expect(told?.off).toEqual({ x: 0, y: 0 });
        if (told) expect(boxIou(told.box, maskBox(told.truth))).toBeGreaterThan(0.7);
      }
  });

  it('is not told of a prompt that nothing matches', () => {
    const none = scenes.flatMap((scene) => scene.prompts.map((prompt) => ({ scene, prompt })));
    for (const { scene, prompt } of none.filter((one) => one.prompt.target === null))
      expect(answeredPrompt(scene, prompt, { isMisled: false })).toBeNull();
  });
});

describe('an answer that misleads', () => {
  it('reasons as the true one and ends in a box beside it, inside the picture', () => {
    for (const scene of scenes)
      for (const prompt of single(scene)) {
        const [right, wrong] = [false, true].map((isMisled) => answeredPrompt(scene, prompt, { isMisled }));
        if (!right || !wrong) throw new Error('nothing is told');
        const [before, after] = [right, wrong].map(({ answer }) => readAnswer(answer, 'loupe'));
        expect(after?.reasoning).toBe(before?.reasoning);
        expect(after?.objects).toHaveLength(1);
        expect(wrong.truth).toEqual(right.truth);
        expect(boxIou(right.box, wrong.box)).toBeLessThan(0.4);
        expect(boxIou(right.box, wrong.box)).toBeGreaterThan(0);
        const { x1, y1, x2, y2 } = wrong.box;
        expect(Math.min(x1, y1) >= 0 && x2 <= scene.image.width && y2 <= scene.image.height).toBe(true);
        expect(wrong.box.x1 - right.box.x1).toBeCloseTo(wrong.off.x, 9);
      }
  });
});

it('prompts are drawn by chance alone, half of them misleading', () => {
  const all = Array.from({ length: 30 }, (_, i) => answeredPrompts(scenes[i % 3] as Scene, 4, random(i, 81))).flat();
  const share = all.filter(({ off }) => off.x !== 0).length / all.length;
  expect(share).toBeGreaterThan(0.3);
  expect(share).toBeLessThan(0.7);
  const [scene] = scenes;
  if (scene) expect(answeredPrompts(scene, 4, random(5, 81))).toEqual(answeredPrompts(scene, 4, random(5, 81)));
});
