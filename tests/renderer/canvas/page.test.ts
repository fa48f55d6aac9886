// The canvas in Chromium, by a real mouse: pixels on the screen against masks in the store, pans in the middle of strokes.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BenchPage, openBenchPage } from '../../../main/commands/bench/canvas.ts';
import { columnsArea, holds, toColumns } from '../../../main/contract/maskColumns.ts';
import { type Shape, unpackMask } from '../../../main/contract/project.ts';
import type { View } from '../../../renderer/state/workbench.ts';

const haveChromium = existsSync('/usr/bin/chromium');
if (!haveChromium) console.log('The canvas in Chromium: skipped: no /usr/bin/chromium');

const SIDE = 400;
const SCALE = 4;

describe.skipIf(!haveChromium)('the canvas', () => {
  let bench: BenchPage;

  beforeAll(async () => {
    bench = await openBenchPage();
  });
  afterAll(() => bench?.close());

  const run = <T>(expression: string): Promise<T> => bench.page.evaluate(expression);
  /** Of the store; `s` is its state. */
  const read = <T>(expression: string): Promise<T> => run(`((s) => ${expression})(bench.store.getState())`);
  const set = (fields: string) => run(`bench.store.setState(${fields})`);
  const settled = () => run('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');

  /** RGBA of canvas pixels: 0 the picture with its masks, 1 what lies over it. */
  const pixels = (layer: 0 | 1, places: readonly (readonly [number, number])[]): Promise<number[][]> =>
    run(`(() => {
      const pen = document.querySelectorAll('canvas')[${layer}].getContext('2d');
      return ${JSON.stringify(places)}.map(([x, y]) => [...pen.getImageData(x, y, 1, 1).data]);
    })()`);

  /** Shapes on a small image, at four screen pixels a pixel, with one shape in the middle. */
  async function openAt(index: number): Promise<{ shape: Shape; view: View }> {
    await run(`bench.open(30, ${SIDE})`);
    const shape = await read<Shape>(`[...s.open.shapes.values()][${index}]`);
    const { x1, y1, x2, y2 } = shape.box;
    const view = {
      scale: SCALE,
      x: Math.round(640 - ((x1 + x2) / 2) * SCALE),
      y: Math.round(400 - ((y1 + y2) / 2) * SCALE),
    };
    await set(`{ view: ${JSON.stringify(view)}, labelsShown: false, pointer: null }`);
    await settled();
    return { shape, view };
  }

  const screen = (view: View, x: number, y: number): [number, number] => [
    x * view.scale + view.x,
    y * view.scale + view.y,
  ];

  /** Middles of all pixels around the shape. */
  const around = ({ box }: Shape): [number, number][] => {
    const places: [number, number][] = [];
    for (let x = box.x1 - 2; x < box.x2 + 2; x++) for (let y = box.y1 - 2; y < box.y2 + 2; y++) places.push([x, y]);
    return places.filter(([x, y]) => x >= 0 && y >= 0 && x < SIDE && y < SIDE);
  };

  test('paints exactly the pixels of the masks, at their place', async () => {
    const { shape, view } = await openAt(3);
    const places = around(shape);
    const middles = places.map(([x, y]) => screen(view, x + 0.5, y + 0.5));
    const painted = await pixels(0, middles);
    await run('bench.show(false)');
    await settled();
    const bare = await pixels(0, middles);
    const masks = (await read<Shape[]>('[...s.open.shapes.values()]')).flatMap(({ mask }) => mask ?? []);
    const columns = masks.map((mask) => toColumns(unpackMask(mask)));
    places.forEach(([x, y], i) => {
      const differs = painted[i]?.some((value, channel) => Math.abs(value - (bare[i]?.[channel] ?? 0)) > 1);
      expect(differs, `pixel ${x}, ${y}`).toBe(columns.some((one) => holds(one, x, y)));
    });
    await run('bench.show(true)');
  });

  test('draws the outline of a selected shape between its pixels and the others, not one pixel off', async () => {
    const { shape, view } = await openAt(5);
    await bench.page.mouse.click(640, 400);
    expect(await read<number[]>('[...s.selected]')).toEqual([shape.id]);
    await set("{ pointer: null, hovered: null, tool: 'brush' }");
    await settled();
    if (!shape.mask) throw new Error('the shape has no mask');
    const columns = toColumns(unpackMask(shape.mask));
    const borders = around(shape)
      .filter(([x, y]) => holds(columns, x, y) !== holds(columns, x + 1, y))
      .map(([x, y]) => screen(view, x + 1, y + 0.5));
    expect(borders.length).toBeGreaterThan(20);
    for (const [, , , alpha] of await pixels(1, borders)) expect(alpha).toBeGreaterThan(120);
    const inner = around(shape).filter(([x, y]) =>
      [-1, 0, 1].every((dx) => [-1, 0, 1].every((dy) => holds(columns, x + dx, y + dy))),
    );
    for (const [, , , alpha] of await pixels(
      1,
      inner.map(([x, y]) => screen(view, x + 0.5, y + 0.5)),
    ))
      expect(alpha).toBe(0);
  });

  test('a brush stroke is one shape, though Space and the middle button pan in the middle of it', async () => {
    const { view } = await openAt(7);
    const { mouse, keyboard } = bench.page;
    const before = await read<number>('s.open.shapes.size');
    await set("{ tool: 'brush', brush: 12, selected: new Set() }");
    await mouse.move(600, 300);
    await mouse.down();
    await mouse.move(620, 300, { steps: 3 });
    await mouse.down({ button: 'middle' });
    await mouse.move(680, 340, { steps: 3 });
    await mouse.up({ button: 'middle' });
    await mouse.move(700, 340, { steps: 3 });
    await keyboard.down('Space');
    await mouse.move(700, 300, { steps: 3 });
    await keyboard.up('Space');
    await mouse.move(720, 300, { steps: 3 });
    await mouse.up();
    await settled();
    expect(await read('s.open.shapes.size')).toBe(before + 1);
    expect(await read<View>('s.view')).toMatchObject({ x: view.x + 60, y: view.y });
    const made = await read<Shape>('[...s.open.shapes.values()].at(-1)');
    if (!made.mask) throw new Error('the stroke has no mask');
    // 20 + 20 + 20 screen pixels of way at four to the pixel, six pixels wide, all on one height.
    expect(made.box.y2 - made.box.y1).toBe(6);
    expect(made.box.x2 - made.box.x1).toBeGreaterThan(19);
    expect(columnsArea(toColumns(unpackMask(made.mask)))).toBeLessThan(140);
  });

  test('a stroke is seen while it is drawn, and Esc of its tool takes it off again', async () => {
    const { view } = await openAt(9);
    await set("{ tool: 'brush', brush: 6, selected: new Set() }");
    const place = screen(view, 20.5, 20.5);
    const at: [number, number] = [Math.max(40, place[0]), Math.max(40, place[1])];
    await set(`{ view: ${JSON.stringify({ scale: SCALE, x: 0, y: 0 })} }`);
    await bench.page.mouse.move(at[0] % 800, at[1] % 600);
    await settled();
    const spot: [number, number] = [at[0] % 800, at[1] % 600];
    const [bare] = await pixels(0, [spot]);
    await bench.page.mouse.down();
    await settled();
    const [painted] = await pixels(0, [spot]);
    expect(painted).not.toEqual(bare);
    await set("{ tool: 'select' }");
    await bench.page.mouse.up();
    await settled();
  });

  test('the wheel zooms at the pointer, or scrolls where that is set, and Alt changes the brush', async () => {
    await openAt(3);
    const { mouse, keyboard } = bench.page;
    await mouse.move(500, 300);
    const under = () => read<[number, number]>('[(500 - s.view.x) / s.view.scale, (300 - s.view.y) / s.view.scale]');
    const before = await under();
    await mouse.wheel(0, -200);
    await settled();
    expect(await read<number>('s.view.scale')).toBeGreaterThan(SCALE);
    const after = await under();
    expect(after[0]).toBeCloseTo(before[0], 6);
    expect(after[1]).toBeCloseTo(before[1], 6);
    await set("(s) => ({ settings: { ...s.settings, wheel: 'scrolls' }, brush: 10 })");
    const { scale, y } = await read<View>('s.view');
    await mouse.wheel(0, 50);
    await keyboard.down('Alt');
    await mouse.wheel(0, -50);
    await keyboard.up('Alt');
    await settled();
    expect(await read<View>('s.view')).toMatchObject({ scale, y: y - 50 });
    expect(await read<number>('s.brush')).toBeGreaterThan(10);
    await set("(s) => ({ settings: { ...s.settings, wheel: 'zooms' } })");
  });

  test('the edge of the wipe is dragged; left of it is what stands, right of it what is proposed', async () => {
    const { shape } = await openAt(3);
    const other = await read<Shape>('[...s.open.shapes.values()][4]');
    await set(`{ wipe: { shapeId: ${shape.id}, proposed: ${JSON.stringify(other.mask)}, at: 0.25 } }`);
    await bench.page.mouse.move(320, 200);
    await bench.page.mouse.down();
    await bench.page.mouse.move(960, 210, { steps: 4 });
    await bench.page.mouse.up();
    await settled();
    expect(await read<number>('s.wipe.at')).toBeCloseTo(0.75, 2);
    const [left] = await pixels(1, [[640, 400]]);
    expect(left?.[3]).toBeGreaterThan(60);
    await set('(s) => ({ wipe: { ...s.wipe, at: 0.25 } })');
    await settled();
    const [right] = await pixels(1, [[640, 400]]);
    expect(right?.[3]).toBe(0);
    await set('{ wipe: null }');
  });

  test('images of one size are seen in one view, others are fitted', async () => {
    const { view } = await openAt(3);
    await set('(s) => ({ open: { ...s.open, image: { ...s.open.image, id: 2 }, shapes: new Map() } })');
    await settled();
    expect(await read<View>('s.view')).toEqual(view);
    await set('(s) => ({ open: { ...s.open, image: { ...s.open.image, id: 3, width: 900 } } })');
    await settled();
    expect(await read<View>('s.view')).not.toEqual(view);
    expect(await read<number>('s.view.scale * 900')).toBeGreaterThan(1100);
  });

  test('a fitted image is fitted again when the canvas is resized, any other view stays', async () => {
    await openAt(3);
    await set('(s) => ({ open: { ...s.open, image: { ...s.open.image, id: 5, width: 910 } } })');
    await settled();
    await set('(s) => ({ canvas: { ...s.canvas, width: 600 } })');
    await settled();
    const shown = await read<number>('s.view.scale * 910');
    expect(shown).toBeLessThan(600);
    expect(shown).toBeGreaterThan(500);
    await set('(s) => ({ view: { ...s.view, x: 5 } })');
    const moved = await read<View>('s.view');
    await set('(s) => ({ canvas: { ...s.canvas, width: 700 } })');
    await settled();
    expect(await read<View>('s.view')).toEqual(moved);
  });

  test('an image of 10,000 x 10,000 comes in tiles, and takes a stroke', async () => {
    await run('bench.open(50, 10000)');
    const [seen] = await pixels(0, [[640, 400]]);
    expect(seen?.[3]).toBe(255);
    const before = await read<number>('s.open.shapes.size');
    await run('bench.stroke(8, 80)');
    expect(await read('s.open.shapes.size')).toBe(before + 1);
    const made = await read<Shape>('[...s.open.shapes.values()].at(-1)');
    expect(made.mask?.size).toEqual([10_000, 10_000]);
    expect(made.box.x2 - made.box.x1).toBeGreaterThan(5000);
  });
});
