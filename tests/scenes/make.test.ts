// Scenes as a whole: the same for the same seed, with exact masks and boxes, in time, and with held-out pairs only in the test.
import { describe, expect, it } from 'vitest';
import { makeScene } from '../../main/scenes/make.ts';
import { CATEGORIES, frameBox, type Scene, visibleMask } from '../../main/scenes/scene.ts';
import { heldOut, seedOf } from '../../main/scenes/split.ts';
import { atlas, scenesOf } from './drawing.ts';

const scenes = [...scenesOf('train', 80), ...scenesOf('test', 120)];

const pixelsOf = (scene: Scene, index: number): { x: number; y: number }[] => {
  const mask = visibleMask(scene, index);
  return [...mask.keys()]
    .filter((i) => mask[i])
    .map((i) => ({ x: i % scene.image.width, y: Math.floor(i / scene.image.width) }));
};

describe('makeScene', () => {
  it('gives the same scene for the same seed and another for another', () => {
    const seed = seedOf('validation', 41);
    const [one, again, other] = [makeScene(atlas, seed), makeScene(atlas, seed), makeScene(atlas, seed + 1)];
    expect(again).toEqual(one);
    expect(other.image.data).not.toEqual(one.image.data);
    expect(one.split).toBe('validation');
  });

  it('shows three to eight things in a picture of 224 x 224', () => {
    for (const { image, ids, things } of scenes) {
      expect([image.width, image.height, image.data.length, ids.length]).toEqual([224, 224, 224 * 224 * 3, 224 * 224]);
      expect(things.length).toBeGreaterThanOrEqual(3);
      expect(things.length).toBeLessThanOrEqual(8);
    }
    expect(new Set(scenes.map(({ things }) => things.length)).size).toBe(6);
  });

  it('numbers things from left to right and marks no other id', () => {
    for (const { ids, things } of scenes) {
      const centres = things.map(({ box }) => box.x1 + box.x2);
      expect(centres).toEqual(centres.toSorted((a, b) => a - b));
      expect(Math.max(...ids)).toBe(things.length);
    }
  });

  it('has tight boxes and true areas around the visible pixels', () => {
    for (const scene of scenes.slice(60, 100)) {
      for (const [index, { box, area }] of scene.things.entries()) {
        const pixels = pixelsOf(scene, index);
        const [xs, ys] = [pixels.map(({ x }) => x), pixels.map(({ y }) => y)];
        expect(pixels).toHaveLength(area);
        const tight = { x1: Math.min(...xs), y1: Math.min(...ys), x2: Math.max(...xs) + 1, y2: Math.max(...ys) + 1 };
        expect(box).toEqual(tight);
        expect(area).toBeGreaterThanOrEqual(144);
      }
    }
  });

  it('covers some things in part', () => {
    const overlapping = scenes.filter(({ things }) =>
      things.some((a) =>
        things.some(
          (b) => a !== b && a.box.x1 < b.box.x2 && b.box.x1 < a.box.x2 && a.box.y1 < b.box.y2 && b.box.y1 < a.box.y2,
        ),
      ),
    );
    expect(overlapping.length).toBeGreaterThan(scenes.length * 0.3);
  });

  it('shows pairs of thing and colour that are held out in the test split only', () => {
    const held = ({ things }: Scene): boolean =>
      things.some(({ name, colour }) => colour !== null && heldOut(name, colour));
    expect(scenes.filter((scene) => scene.split === 'train' && held(scene))).toEqual([]);
    expect(scenes.filter((scene) => scene.split === 'test' && held(scene)).length).toBeGreaterThan(30);
  });

  it('does not speak of held-out pairs in training either', () => {
    for (const { prompts } of scenes.slice(0, 80)) {
      for (const { text } of prompts) {
        for (const [, colour, name] of text.matchAll(/\b(red|orange|yellow|green|blue|purple|pink) ([a-z]+)/g)) {
          expect(`${colour} ${name} ${heldPair(colour, name)}`).toBe(`${colour} ${name} false`);
        }
      }
    }
  });

  it('asks in every category in most scenes', () => {
    for (const category of CATEGORIES) {
      const asked = scenes.filter(({ prompts }) => prompts.some((prompt) => prompt.category === category));
      expect(asked.length).toBeGreaterThan(scenes.length * 0.75);
    }
  });

  it('draws in other sizes, with boxes of texts in the frame', () => {
    const scene = makeScene(atlas, 5, { width: 400, height: 300 });
    expect(scene.image.data).toHaveLength(400 * 300 * 3);
    for (const { box } of scene.things) {
      const { x1, y1, x2, y2 } = frameBox(box, scene);
      for (const edge of [x1, y1, x2, y2]) expect(edge % 2).toBe(0);
      expect([x1 >= 0, y1 >= 0, x2 <= 224, y2 <= 224, x2 > x1, y2 > y1]).not.toContain(false);
      expect(Math.abs(x1 - (box.x1 * 224) / 400)).toBeLessThanOrEqual(1);
      expect(Math.abs(y2 - (box.y2 * 224) / 300)).toBeLessThanOrEqual(1);
    }
  });

  it('says so when the things cannot fit', () => {
    expect(() => makeScene(atlas, 1, { width: 40, height: 40, things: [30, 30], side: [200, 220] })).toThrow(
      'do not fit',
    );
  });

  it('takes a few milliseconds', () => {
    const start = process.cpuUsage();
    for (let i = 0; i < 100; i++) makeScene(atlas, i);
    const { user, system } = process.cpuUsage(start);
    // 3 to 4 ms on one free core; the bound leaves room for a busy machine.
    expect((user + system) / 1000 / 100).toBeLessThan(16);
  });
});

function heldPair(colour: string | undefined, name: string | undefined): boolean {
  const things = scenes.flatMap((scene) => scene.things);
  const pair = things.find((thing) => thing.name === name && thing.colour === colour);
  return pair?.colour ? heldOut(pair.name, pair.colour) : false;
}
