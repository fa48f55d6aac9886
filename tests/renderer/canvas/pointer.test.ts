// Pointer and wheel by properties: whatever buttons go down and up, presses and releases come in pairs, and nothing is lost.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PointerReader, type Press, type WheelInput, wheelMeaning } from '../../../renderer/canvas/pointer.ts';

const [LEFT, RIGHT, MIDDLE] = [1, 2, 4];

type Said =
  | { readonly kind: 'press' | 'move' | 'release'; readonly at: Press }
  | { readonly kind: 'pan'; readonly dx: number; readonly dy: number };

interface Input {
  readonly buttons: number;
  readonly x: number;
  readonly y: number;
  readonly space: boolean;
  readonly wait: number;
  readonly shift: boolean;
}

/** Everything that is said about inputs, and whether it pans after each of them. */
function heard(inputs: readonly Input[]): { said: Said[]; panning: boolean } {
  const said: Said[] = [];
  const hear = (kind: 'press' | 'move' | 'release') => (at: Press) => void said.push({ kind, at });
  const reader = new PointerReader({
    press: hear('press'),
    move: hear('move'),
    release: hear('release'),
    pan: (dx, dy) => void said.push({ kind: 'pan', dx, dy }),
  });
  let time = 0;
  for (const { space, wait, ...input } of inputs) {
    time += wait;
    reader.space = space;
    reader.read({ ...input, alt: false, ctrl: false, time });
  }
  return { said, panning: reader.panning };
}

const input: fc.Arbitrary<Input> = fc.record({
  buttons: fc.constantFrom(0, 0, LEFT, LEFT, RIGHT, MIDDLE, LEFT | RIGHT, LEFT | MIDDLE, RIGHT | MIDDLE, 7),
  x: fc.integer({ min: -20, max: 20 }),
  y: fc.integer({ min: -20, max: 20 }),
  space: fc.boolean(),
  wait: fc.integer({ min: 0, max: 600 }),
  shift: fc.boolean(),
});
const inputs = fc.array(input, { maxLength: 30 });
const letGo: Input = { buttons: 0, x: 0, y: 0, space: false, wait: 10, shift: false };

describe('whatever the pointer does', () => {
  test('each button is pressed and let go in turn, and nothing is held in the end', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const { said, panning } = heard([...all, letGo]);
        for (const button of ['left', 'right'] as const) {
          const own = said.flatMap((one) => (one.kind !== 'pan' && one.at.button === button ? one.kind : []));
          const turns = own.filter((kind) => kind !== 'move');
          expect(turns).toEqual(turns.map((_, i) => (i % 2 === 0 ? 'press' : 'release')));
          expect(turns.length % 2).toBe(0);
        }
        expect(panning).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('every way is either panned or told to the tool, and comes to where the pointer is', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const { said } = heard(all);
        let [x, y] = [0, 0];
        for (const one of said) {
          if (one.kind === 'pan') [x, y] = [x + one.dx, y + one.dy];
          else [x, y] = [one.at.x, one.at.y];
        }
        const last = all.at(-1);
        expect([x, y]).toEqual(last ? [last.x, last.y] : [0, 0]);
      }),
      { numRuns: 500 },
    );
  });

  test('a pointer that does not move and holds nothing says nothing', () => {
    const still = { ...letGo, x: 5, y: 5 };
    expect(heard([still, still, still]).said).toHaveLength(1);
  });

  test('keys that are held are those of the moment', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const shifts = new Set(all.map(({ shift }) => shift));
        for (const one of heard(all).said) if (one.kind !== 'pan') expect(shifts).toContain(one.at.shift);
      }),
    );
  });

  test('a press counts 1 or 2, and never 2 twice in a row', () => {
    fc.assert(
      fc.property(inputs, (all) => {
        const counts = heard(all).said.flatMap((one) =>
          one.kind === 'press' && one.at.button === 'left' ? one.at.clicks : [],
        );
        counts.forEach((count, i) => {
          expect([1, 2]).toContain(count);
          if (count === 2) expect(counts[i - 1]).toBe(1);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('a double click', () => {
  const twice = (wait: number, dx: number) => {
    const down = { ...letGo, buttons: LEFT };
    const { said } = heard([down, letGo, { ...down, wait, x: dx }, letGo]);
    return said.filter(({ kind }) => kind === 'press').map((one) => (one.kind === 'press' ? one.at.clicks : 0));
  };

  test('is soon and near', () => {
    expect(twice(300, 0)).toEqual([1, 2]);
    expect(twice(300, 5)).toEqual([1, 2]);
    expect(twice(300, 6)).toEqual([1, 1]);
    expect(twice(395, 0)).toEqual([1, 1]);
  });
});

describe('buttons together', () => {
  const at = (buttons: number, x: number, space = false): Input => ({ ...letGo, buttons, x, space });
  const words = (all: readonly Input[]) =>
    heard(all).said.map((one) => (one.kind === 'pan' ? `pan ${one.dx}` : `${one.kind} ${one.at.button} ${one.at.x}`));

  test('the right one does not press while the left one draws', () => {
    expect(words([at(LEFT, 0), at(LEFT | RIGHT, 0), at(LEFT, 4), at(0, 4)])).toEqual([
      'press left 0',
      'move left 4',
      'release left 4',
    ]);
  });

  test('the left one that was pressed while panning never draws', () => {
    expect(words([at(MIDDLE, 0), at(MIDDLE | LEFT, 3), at(LEFT, 6), at(0, 9)])).toEqual(['pan 3', 'pan 3', 'pan 3']);
  });

  test('Space that is let go first leaves the pan a pan until the button is up', () => {
    expect(words([at(LEFT, 0, true), at(LEFT, 5, false), at(0, 8), at(0, 9)])).toEqual([
      'pan 5',
      'pan 3',
      'move left 9',
    ]);
  });

  test('the pointer is said to pan only while it does', () => {
    expect(heard([at(MIDDLE, 0)]).panning).toBe(true);
    expect(heard([at(0, 0, true)]).panning).toBe(false);
    expect(heard([at(LEFT, 0), at(LEFT, 0, true)]).panning).toBe(true);
    expect(heard([at(RIGHT, 0, true)]).panning).toBe(false);
  });
});

describe('the wheel', () => {
  const turn = fc.integer({ min: -3000, max: 3000 });
  const wheel: fc.Arbitrary<WheelInput> = fc.record({
    deltaX: turn,
    deltaY: turn,
    deltaMode: fc.constantFrom(0, 1, 2),
    ctrlKey: fc.boolean(),
    altKey: fc.boolean(),
    shiftKey: fc.boolean(),
  });
  const settings = fc.constantFrom('zooms' as const, 'scrolls' as const);

  test('zooms by no more than a half at once, in or out as it is turned', () => {
    fc.assert(
      fc.property(wheel, settings, (turned, setting) => {
        const meaning = wheelMeaning(turned, setting);
        if (meaning.kind !== 'zoom') return;
        expect(meaning.factor).toBeGreaterThan(0.5);
        expect(meaning.factor).toBeLessThan(2);
        const way = turned.deltaY === 0 ? turned.deltaX : turned.deltaY;
        expect(Math.sign(Math.log(meaning.factor))).toBe(way === 0 ? 0 : -Math.sign(way));
      }),
      { numRuns: 500 },
    );
  });

  test('turned the other way undoes what it did', () => {
    fc.assert(
      fc.property(wheel, settings, (turned, setting) => {
        fc.pre(turned.deltaY !== 0);
        const there = wheelMeaning(turned, setting);
        const back = wheelMeaning({ ...turned, deltaX: -turned.deltaX, deltaY: -turned.deltaY }, setting);
        expect(back.kind).toBe(there.kind);
        if (there.kind === 'pan' && back.kind === 'pan') {
          expect([there.dx + back.dx, there.dy + back.dy]).toEqual([0, 0]);
        } else if (there.kind !== 'pan' && back.kind !== 'pan') expect(there.factor * back.factor).toBeCloseTo(1, 9);
      }),
      { numRuns: 500 },
    );
  });

  test('with Alt is the brush, with Ctrl a zoom, whatever is set', () => {
    fc.assert(
      fc.property(wheel, (turned) => {
        for (const setting of ['zooms', 'scrolls'] as const) {
          expect(wheelMeaning({ ...turned, altKey: true }, setting).kind).toBe('brush');
          expect(wheelMeaning({ ...turned, altKey: false, ctrlKey: true }, setting).kind).toBe('zoom');
        }
      }),
    );
  });

  test('pans both ways where it scrolls, and sideways with Shift', () => {
    const turned = { deltaX: 30, deltaY: -70, deltaMode: 0, ctrlKey: false, altKey: false, shiftKey: false };
    expect(wheelMeaning(turned, 'scrolls')).toEqual({ kind: 'pan', dx: -30, dy: 70 });
    for (const setting of ['zooms', 'scrolls'] as const) {
      expect(wheelMeaning({ ...turned, shiftKey: true }, setting)).toEqual({ kind: 'pan', dx: 70, dy: 0 });
      // Some systems turn the wheel sideways by themselves.
      const sideways = { ...turned, deltaX: -70, deltaY: 0, shiftKey: true };
      expect(wheelMeaning(sideways, setting)).toEqual({ kind: 'pan', dx: 70, dy: 0 });
    }
  });
});
