// What cells teach, against scenes made by hand, and against the pixels of drawn ones.
import { describe, expect, it } from 'vitest';
import { classCount, colourCount, denseTargets } from '../../../main/nano/reasoner/denseTargets.ts';
import { COLOURS } from '../../../main/scenes/colours.ts';
import type { Scene, SceneThing } from '../../../main/scenes/scene.ts';
import { THINGS } from '../../../main/scenes/things.ts';
import { scenesOf } from '../../scenes/drawing.ts';
import { stage, thing } from '../../scenes/stage.ts';

const scene = (...things: SceneThing[]): Scene => ({ ...stage(...things), prompts: [] });
const classOf = (name: string): bigint => BigInt(THINGS.findIndex((kind) => kind.name === name) + 1);

/** Cells of 28 px; the indices of those that a thing is said to be in. */
const occupied = ({ present }: { present: Float32Array }): number[] =>
  [...present.keys()].filter((cell) => present[cell] === 1);

describe('denseTargets', () => {
  it('has a class for every name and a colour for every colour word, and one for none', () => {
    expect(classCount).toBe(THINGS.length + 1);
    expect(colourCount).toBe(COLOURS.length + 1);
  });

  it('marks the cells that a thing fills by a fifth, with its class, colour and whole box', () => {
    // Columns 28..56 and 56..84; of row 0..28 a strip of 5 px (5/28 < 1/5), of row 28..56 all.
    const targets = denseTargets(scene(thing('car', [28, 23, 84, 56], 'red')), 8);
    expect(occupied(targets)).toEqual([9, 10]);
    for (const cell of [9, 10]) {
      expect(targets.classes[cell]).toBe(classOf('car'));
      expect(targets.colours[cell]).toBe(BigInt(COLOURS.indexOf('red') + 1));
      const box = targets.boxes.subarray(cell * 4, cell * 4 + 4);
      expect([...box]).toEqual([28, 23, 84, 56].map((edge) => Math.fround(edge / 224)));
    }
  });

  it('takes in a cell from exactly a fifth on', () => {
    const filled = (rows: number) => occupied(denseTargets(scene(thing('dog', [0, 0, 28, rows])), 8)).length;
    expect(filled(5)).toBe(0);
    expect(filled(6)).toBe(1);
    const fifth = { width: 10, height: 10, data: new Uint8Array(300) };
    const ids = new Uint8Array(100).fill(1, 0, 5);
    const small: Scene = { ...scene(thing('dog', [0, 0, 5, 1])), image: fifth, ids };
    expect(occupied(denseTargets(small, 2))).toEqual([0]);
  });

  it('leaves background empty', () => {
    const targets = denseTargets(scene(thing('dog', [0, 0, 28, 28])), 8);
    expect(occupied(targets)).toEqual([0]);
    for (let cell = 1; cell < 64; cell++) {
      expect([targets.classes[cell], targets.colours[cell]]).toEqual([0n, 0n]);
      expect([...targets.boxes.subarray(cell * 4, cell * 4 + 4)]).toEqual([0, 0, 0, 0]);
    }
  });

  it('gives a shared cell to the thing that fills more of it, and things without a colour word colour 0', () => {
    const targets = denseTargets(scene(thing('dog', [0, 0, 10, 28]), thing('umbrella', [10, 0, 28, 28], 'red')), 8);
    expect(targets.classes[0]).toBe(classOf('umbrella'));
    const plain = denseTargets(scene(thing('dog', [0, 0, 18, 28]), thing('umbrella', [18, 0, 28, 28], 'red')), 8);
    expect([plain.classes[0], plain.colours[0]]).toEqual([classOf('dog'), 0n]);
  });

  it('counts in fractions of a picture that is no square', () => {
    const image = { width: 40, height: 20, data: new Uint8Array(40 * 20 * 3) };
    const ids = new Uint8Array(800);
    for (let y = 10; y < 20; y++) ids.fill(1, y * 40 + 20, y * 40 + 40);
    const targets = denseTargets({ ...scene(thing('dog', [20, 10, 40, 20])), image, ids }, 2);
    expect(occupied(targets)).toEqual([3]);
    expect([...targets.boxes.subarray(12)]).toEqual([0.5, 0.5, 1, 1]);
  });

  it('says of drawn scenes what most pixels of a cell are', () => {
    for (const drawn of scenesOf('train', 6)) {
      const targets = denseTargets(drawn, 8);
      for (let cell = 0; cell < 64; cell++) {
        const shares = new Array<number>(drawn.things.length).fill(0);
        for (let i = 0; i < 28 * 28; i++) {
          const [x, y] = [(cell % 8) * 28 + (i % 28), Math.floor(cell / 8) * 28 + Math.floor(i / 28)];
          const id = drawn.ids[y * 224 + x] ?? 0;
          if (id > 0) shares[id - 1] = (shares[id - 1] ?? 0) + 1 / 784;
        }
        const most = Math.max(...shares);
        const owner = drawn.things[shares.indexOf(most)];
        expect(targets.present[cell]).toBe(most >= 0.2 - 1e-9 ? 1 : 0);
        expect(targets.classes[cell]).toBe(most >= 0.2 - 1e-9 ? classOf(owner?.name ?? '') : 0n);
      }
    }
  });

  it('says which name no scene knows', () => {
    const known = stage(thing('dog', [20, 20, 80, 80]));
    const strange = { ...known, prompts: [], things: known.things.map((each) => ({ ...each, name: 'unicorn' })) };
    expect(() => denseTargets(strange, 8)).toThrow('Scenes do not know "unicorn".');
  });
});
