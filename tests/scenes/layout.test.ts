// Casts, places, backdrops and exposure: what is in a scene before anyone asks about it.
import { describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { blob, paintBackdrop } from '../../main/scenes/backdrop.ts';
import { expose } from '../../main/scenes/camera.ts';
import { chooseRoles } from '../../main/scenes/chosenThings.ts';
import { layOut, type Space } from '../../main/scenes/layout.ts';
import type { Canvas } from '../../main/scenes/patch.ts';
import { coloursIn } from '../../main/scenes/split.ts';
import { kindOf } from '../../main/scenes/things.ts';
import { atlas } from './drawing.ts';

const space: Space = { width: 224, height: 224, side: [24, 92] };
const canvas = (): Canvas => ({ width: 60, height: 40, data: new Float32Array(60 * 40 * 3) });
const seeds = Array.from({ length: 150 }, (_, i) => i);

describe('cast', () => {
  it('gives as many roles as asked for, in colours of the split', () => {
    for (const seed of seeds) {
      const roles = chooseRoles(random(seed), 'train', 3 + (seed % 6));
      expect(roles).toHaveLength(3 + (seed % 6));
      for (const { name, colour } of roles) {
        if (colour === null) expect(kindOf(name).colours).toEqual([]);
        else expect(coloursIn('train', name)).toContain(colour);
      }
    }
  });

  it('often holds several of a name and look-alikes of a family', () => {
    const casts = seeds.map((seed) => chooseRoles(random(seed), 'train', 6));
    const repeated = casts.filter((roles) => new Set(roles.map(({ name }) => name)).size < roles.length);
    const alike = casts.filter((roles) => {
      const names = [...new Set(roles.map(({ name }) => name))];
      return new Set(names.map((name) => kindOf(name).family)).size < names.length;
    });
    expect(repeated.length).toBeGreaterThan(100);
    expect(alike.length).toBeGreaterThan(60);
  });
});

describe('layout', () => {
  it('keeps only what is visible enough, and measures it', () => {
    for (const seed of seeds.slice(0, 60)) {
      const draw = random(seed);
      const { placed, ids, seen } = layOut(atlas, draw, chooseRoles(draw, 'train', 8), space);
      for (const [i, { whole }] of placed.entries()) {
        const visible = ids.filter((id) => id === i + 1).length;
        expect(visible).toBe(seen[i]?.area);
        expect(visible / whole).toBeGreaterThanOrEqual(0.35);
        expect(visible).toBeGreaterThanOrEqual(144);
      }
    }
  });

  it('takes out what is fully covered', () => {
    const tight: Space = { width: 40, height: 40, side: [60, 70] };
    const draw = random(4);
    const { placed } = layOut(atlas, draw, chooseRoles(draw, 'train', 6), tight);
    expect(placed.length).toBeLessThan(6);
  });
});

describe('backdrop', () => {
  it('fills every pixel, differently for different seeds', () => {
    const drawn = seeds.slice(0, 40).map((seed) => {
      const paper = canvas();
      paintBackdrop(paper, random(seed));
      expect(Number.isFinite(paper.data.reduce((a, b) => a + b, 0))).toBe(true);
      expect(Math.min(...paper.data)).toBeGreaterThanOrEqual(0);
      return paper.data.join();
    });
    expect(new Set(drawn).size).toBe(40);
  });

  it('makes blobs that stay inside their radius and are premultiplied', () => {
    for (const seed of seeds.slice(0, 20)) {
      const { width, height, data, left, top } = blob(random(seed), 50, 60, 12);
      expect([left, top]).toEqual([38, 48]);
      expect(data).toHaveLength(width * height * 4);
      expect(data.every((value, i) => value <= (data[i | 3] ?? 0) + 1)).toBe(true);
      expect(data[3]).toBe(0);
    }
  });
});

describe('expose', () => {
  it('gives bytes that follow the canvas', () => {
    for (const seed of seeds.slice(0, 20)) {
      const paper = canvas();
      paper.data.fill(60, 0, 60 * 20 * 3);
      paper.data.fill(190, 60 * 20 * 3);
      const { width, height, data } = expose(paper, random(seed));
      expect([width, height, data.length]).toEqual([60, 40, 60 * 40 * 3]);
      const mean = (from: number, to: number): number => data.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
      expect(mean(60 * 30 * 3, data.length) - mean(0, 60 * 10 * 3)).toBeGreaterThan(90);
    }
  });

  it('does not overflow at black and white', () => {
    const paper = canvas();
    paper.data.fill(400, 0, 3600);
    const { data } = expose(paper, random(2));
    expect(Math.min(...data.slice(0, 3000))).toBeGreaterThan(200);
    expect(Math.max(...data.slice(4000))).toBeLessThan(90);
  });
});
