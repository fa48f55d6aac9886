import { beforeAll, describe, expect, test } from 'vitest';
import { maskArea, maskBox } from '../../main/contract/rle.ts';
import { promptInTurn, truthOf } from '../../main/evaluate/scenes.ts';
import { rasterise } from '../../main/pictures/image.ts';
import { buildAtlas } from '../../main/scenes/atlas.ts';
import { makeScene } from '../../main/scenes/make.ts';
import { CATEGORIES, type Scene } from '../../main/scenes/scene.ts';
import { seedOf } from '../../main/scenes/split.ts';

let scenes: Scene[] = [];
beforeAll(async () => {
  const atlas = await buildAtlas(rasterise);
  scenes = Array.from({ length: 24 }, (_, i) => makeScene(atlas, seedOf('test', 1000 + i)));
});

describe('promptInTurn', () => {
  test('takes the category whose turn it is where the scene has it', () => {
    for (const scene of scenes) {
      for (const [turn, category] of CATEGORIES.entries()) {
        const has = scene.prompts.some((prompt) => prompt.category === category);
        if (has) expect(promptInTurn(scene, turn).category).toBe(category);
        expect(scene.prompts).toContain(promptInTurn(scene, turn));
      }
    }
  });

  test('the turns go round, so that a run over many scenes sees every category', () => {
    const [scene] = scenes;
    if (!scene) throw new Error('no scene was made');
    for (let turn = 0; turn < 8; turn++) {
      expect(promptInTurn(scene, turn + 8)).toBe(promptInTurn(scene, turn));
    }
    const seen = scenes.map((each, turn) => promptInTurn(each, turn).category);
    expect(new Set(seen).size).toBeGreaterThanOrEqual(7);
  });

  test('goes on to the next category that is there', () => {
    const [scene] = scenes;
    const [prompt] = scene?.prompts ?? [];
    if (!prompt) throw new Error('no prompt was made');
    const only = { seed: 1, prompts: [{ ...prompt, category: 'spatial' as const }] };
    for (let turn = 0; turn < CATEGORIES.length; turn++) expect(promptInTurn(only, turn).category).toBe('spatial');
    expect(() => promptInTurn({ seed: 5, prompts: [] }, 0)).toThrow('scene 5 has no prompt');
  });
});

describe('truthOf', () => {
  test('is the visible part of the target and the box around it', () => {
    for (const scene of scenes) {
      for (const prompt of scene.prompts) {
        const { box, mask } = truthOf(scene, prompt);
        expect(mask.size).toEqual([scene.image.height, scene.image.width]);
        if (prompt.target === null) continue;
        expect(maskArea(mask)).toBe(scene.things[prompt.target]?.area);
        expect(maskBox(mask)).toEqual(box);
      }
    }
  });

  test('is an empty mask and no box where nothing matches', () => {
    const [scene] = scenes;
    if (!scene) throw new Error('no scene was made');
    const { box, mask } = truthOf(scene, { target: null });
    expect(box).toBeNull();
    expect(maskArea(mask)).toBe(0);
  });
});
