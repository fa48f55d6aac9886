// Keys, cursor, right clicks and handles on the canvas in Chromium, with one shape whose pixels are known.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BenchPage, openBenchPage } from '../../../main/commands/bench/canvas.ts';
import { packMask, type Shape } from '../../../main/contract/project.ts';
import type { Box } from '../../../main/contract/records.ts';
import { block } from '../block.ts';
import { shape } from '../tools/sheet.ts';

const haveChromium = existsSync('/usr/bin/chromium');
if (!haveChromium) console.log('Keys on the canvas in Chromium: skipped: no /usr/bin/chromium');

const SIDE = 400;
/** Screen pixels a pixel; the image lies at the upper left of the canvas. */
const SCALE = 2;
const box = { x1: 100, y1: 100, x2: 160, y2: 140 };

const drawn = (id: number, at: Box, more: Partial<Shape> = {}): Shape => {
  const mask = block(at, SIDE, SIDE);
  return shape(id, mask, { imageId: 1, mask: packMask(mask), box: at, ...more });
};

describe.skipIf(!haveChromium)('the canvas', () => {
  let bench: BenchPage;

  beforeAll(async () => {
    bench = await openBenchPage();
    await run(`bench.open(0, ${SIDE})`);
  });
  afterAll(() => bench?.close());
  beforeEach(async () => {
    await bench.page.keyboard.up('Space');
    await show(drawn(3, box));
  });

  const run = <T>(expression: string): Promise<T> => bench.page.evaluate(expression);
  const read = <T>(expression: string): Promise<T> => run(`((s) => ${expression})(bench.store.getState())`);
  const set = (fields: string) => run(`bench.store.setState(${fields})`);
  const settled = () => run('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const cursor = () => run<string>('document.querySelector("[data-canvas]").style.cursor');
  const boxes = () => read<Box[]>('[...s.open.shapes.values()].map(({ box }) => box)');
  /** Canvas pixels of an image pixel's middle. */
  const at = (x: number, y: number): [number, number] => [(x + 0.5) * SCALE, (y + 0.5) * SCALE];

  async function show(...shapes: Shape[]) {
    await set(
      `(s) => ({ open: { ...s.open, shapes: new Map(${JSON.stringify(shapes.map((one) => [one.id, one]))}) } })`,
    );
    await set(`{ tool: 'select', selected: new Set(), hovered: null, wipe: null, labelsShown: false }`);
    await set(`{ view: { scale: ${SCALE}, x: 0, y: 0 } }`);
    await bench.page.mouse.move(...at(20, 300));
    await settled();
  }

  const alphaAt = (places: readonly (readonly [number, number])[]): Promise<number[]> =>
    run(`(() => {
      const pen = document.querySelectorAll('canvas')[1].getContext('2d');
      return ${JSON.stringify(places)}.map(([x, y]) => pen.getImageData(x, y, 1, 1).data[3]);
    })()`);

  test('a pointer that moves brings the keys from a button, one that rests while what lay over the canvas goes does not', async () => {
    await run(`(() => {
      const over = Object.assign(document.createElement('div'), { id: 'over' });
      over.style.cssText = 'position: fixed; inset: 0; z-index: 9';
      document.body.append(over, Object.assign(document.createElement('button'), { id: 'elsewhere' }));
    })()`);
    await bench.page.mouse.move(...at(60, 200));
    await run('document.querySelector("#elsewhere").focus()');
    const entered = run(
      'new Promise((done) => document.querySelector("[data-canvas]").addEventListener("pointerenter", done))',
    );
    await run('document.querySelector("#over").remove()');
    // Browsers say so without a move.
    await entered;
    const focused = () => run<string>('document.activeElement.id || document.activeElement.role');
    expect(await focused()).toBe('elsewhere');
    await bench.page.mouse.move(...at(61, 201));
    await expect.poll(focused).toBe('application');
    await run('document.querySelector("#elsewhere").remove()');
  });

  test('moves what is selected by the arrows, by ten with Shift, and nothing with Ctrl', async () => {
    const { keyboard, mouse } = bench.page;
    await mouse.click(...at(120, 120));
    expect(await read<number[]>('[...s.selected]')).toEqual([3]);
    await keyboard.press('ArrowRight');
    await keyboard.press('ArrowUp');
    await expect.poll(boxes).toEqual([{ x1: 101, y1: 99, x2: 161, y2: 139 }]);
    await keyboard.press('Shift+ArrowLeft');
    await keyboard.press('Shift+ArrowDown');
    await expect.poll(boxes).toEqual([{ x1: 91, y1: 109, x2: 151, y2: 149 }]);
    await keyboard.press('Control+ArrowLeft');
    await keyboard.press('Alt+ArrowLeft');
    await settled();
    expect(await boxes()).toEqual([{ x1: 91, y1: 109, x2: 151, y2: 149 }]);
  });

  test('leaves the arrows to fields that are written in, and to the wipe', async () => {
    const { keyboard, mouse } = bench.page;
    await mouse.click(...at(120, 120));
    await run(`(() => {
      const field = document.createElement('input');
      field.id = 'field';
      document.body.append(field);
      field.focus();
    })()`);
    await keyboard.press('ArrowRight');
    await settled();
    expect(await boxes()).toEqual([box]);
    await run('document.getElementById("field").remove()');
    await set('(s) => ({ wipe: { shapeId: 3, proposed: null, at: 0.5 } })');
    await keyboard.press('ArrowRight');
    await settled();
    expect(await boxes()).toEqual([box]);
  });

  test('leaves an arrow to a command that has taken it', async () => {
    await bench.page.mouse.click(...at(120, 120));
    await run('window.addEventListener("keydown", (event) => event.preventDefault(), { once: true })');
    await bench.page.keyboard.press('ArrowRight');
    await settled();
    expect(await boxes()).toEqual([box]);
    await bench.page.keyboard.press('ArrowRight');
    await expect.poll(boxes).toEqual([{ ...box, x1: 101, x2: 161 }]);
  });

  test('shows by its cursor what the pointer would do', async () => {
    const { keyboard, mouse } = bench.page;
    expect(await cursor()).toBe('default');
    await set("{ tool: 'brush' }");
    expect(await cursor()).toBe('crosshair');
    await set("{ tool: 'select' }");
    expect(await cursor()).toBe('default');
    await mouse.down({ button: 'middle' });
    expect(await cursor()).toBe('grabbing');
    await mouse.up({ button: 'middle' });
    expect(await cursor()).toBe('default');
    await mouse.down();
    await keyboard.down('Space');
    expect(await cursor()).toBe('grabbing');
    await keyboard.up('Space');
    await mouse.up();
    expect(await cursor()).toBe('default');
  });

  test('pans by Space and a drag, and forgets Space when the window is left', async () => {
    const { keyboard, mouse } = bench.page;
    await mouse.move(400, 400);
    await keyboard.down('Space');
    await mouse.down();
    await mouse.move(430, 390, { steps: 3 });
    await mouse.up();
    expect(await read('s.view')).toEqual({ scale: SCALE, x: 30, y: -10 });
    await run('window.dispatchEvent(new Event("blur"))');
    await mouse.down();
    await mouse.move(460, 390, { steps: 3 });
    await mouse.up();
    expect(await read('s.view')).toEqual({ scale: SCALE, x: 30, y: -10 });
  });

  test('pans by Space at once when the pointer comes from a button that was clicked', async () => {
    const { keyboard, mouse } = bench.page;
    await run(`(() => {
      const button = document.createElement('button');
      button.id = 'button';
      button.style.cssText = 'position: fixed; inset: 0 0 auto auto; width: 60px; height: 40px; z-index: 9';
      button.onclick = () => { button.value += 'clicked '; };
      document.body.append(button);
    })()`);
    try {
      await bench.page.click('#button');
      await mouse.move(400, 400);
      await keyboard.down('Space');
      await mouse.down();
      await mouse.move(430, 390, { steps: 3 });
      await mouse.up();
      await keyboard.up('Space');
      expect(await run('document.getElementById("button").value')).toBe('clicked ');
      expect(await read('s.view')).toEqual({ scale: SCALE, x: 30, y: -10 });
    } finally {
      await run('document.getElementById("button").remove()');
    }
  });

  test('selects what is under a right click, and keeps a selection that it is part of', async () => {
    await show(drawn(3, box), drawn(4, { x1: 200, y1: 100, x2: 240, y2: 140 }));
    await bench.page.mouse.click(...at(220, 120), { button: 'right' });
    expect(await read<number[]>('[...s.selected]')).toEqual([4]);
    await set('{ selected: new Set([3, 4]) }');
    await bench.page.mouse.click(...at(120, 120), { button: 'right' });
    expect(await read<number[]>('[...s.selected]')).toEqual([3, 4]);
    await bench.page.mouse.click(...at(50, 50), { button: 'right' });
    expect(await read<number[]>('[...s.selected]')).toEqual([3, 4]);
  });

  test('says where the pointer is, and that it left', async () => {
    await bench.page.mouse.move(...at(120, 120));
    expect(await read('s.pointer')).toEqual({ x: 120.5, y: 120.5 });
    expect(await read('s.hovered')).toBe(3);
    await bench.page.mouse.move(...at(450, 120));
    expect(await read('s.pointer')).toBeNull();
    await bench.page.mouse.move(...at(120, 120));
    await run('document.querySelector("[data-canvas]").dispatchEvent(new PointerEvent("pointerleave"))');
    expect(await read('[s.pointer, s.hovered]')).toEqual([null, null]);
  });

  test('offers a proposal for as long as its prompt is there', async () => {
    const edge = [[200, 100 * SCALE + 20]] as const;
    const prompts = 'new Map([[50, { id: 50, correction: null }]])';
    const offer = { id: 60, promptId: 50, answer: { text: '', reasoning: '' }, objects: [{ box, mask: null }] };
    const proposals = `new Map([[60, ${JSON.stringify(offer)}]])`;
    const offered = async (more: string) => {
      await set(
        `(s) => ({ promptId: 50, proposalId: 60, open: { ...s.open, proposals: ${proposals}, prompts: ${more} } })`,
      );
      await settled();
      return (await alphaAt(edge))[0];
    };
    try {
      expect(await offered(prompts)).toBeGreaterThan(100);
      expect(await offered('new Map()')).toBe(0);
    } finally {
      await set(
        '(s) => ({ promptId: null, proposalId: null, open: { ...s.open, proposals: new Map(), prompts: new Map() } })',
      );
    }
  });

  test('draws a handle on each corner of what is selected, and moves that corner', async () => {
    const { mouse } = bench.page;
    const corners = [box.x1, box.x2].flatMap((x) => [box.y1, box.y2].map((y) => [x * SCALE, y * SCALE] as const));
    await mouse.click(...at(120, 120));
    await mouse.move(...at(20, 300));
    await settled();
    for (const alpha of await alphaAt(corners)) expect(alpha).toBe(255);
    await set('{ selected: new Set() }');
    await settled();
    for (const alpha of await alphaAt(corners)) expect(alpha).toBe(0);
    await mouse.click(...at(120, 120));
    await mouse.move(box.x2 * SCALE, box.y2 * SCALE);
    await mouse.down();
    await mouse.move(200 * SCALE, 180 * SCALE, { steps: 4 });
    await mouse.up();
    await settled();
    const [after] = await boxes();
    expect(after).toMatchObject({ x1: box.x1, y1: box.y1 });
    expect(after?.x2).toBeGreaterThan(195);
    expect(after?.y2).toBeGreaterThan(175);
  });

  test('resizes a bare box by its side, and draws the box that a person spans', async () => {
    const { mouse } = bench.page;
    await show(drawn(3, box, { mask: null }));
    await mouse.click(box.x1 * SCALE, 110 * SCALE);
    expect(await read<number[]>('[...s.selected]')).toEqual([3]);
    await mouse.move(box.x1 * SCALE, 120 * SCALE);
    await mouse.down();
    await mouse.move(80 * SCALE, 120 * SCALE, { steps: 3 });
    await mouse.up();
    await settled();
    expect(await boxes()).toEqual([{ ...box, x1: 80 }]);
    await set("{ tool: 'box', selected: new Set() }");
    await mouse.move(300 * SCALE, 20 * SCALE);
    await mouse.down();
    await mouse.move(340 * SCALE, 60 * SCALE, { steps: 3 });
    await settled();
    const side = [320 * SCALE, 20 * SCALE] as const;
    expect((await alphaAt([side]))[0]).toBeGreaterThan(100);
    await mouse.up();
    await expect.poll(boxes).toEqual([
      { ...box, x1: 80 },
      { x1: 300, y1: 20, x2: 340, y2: 60 },
    ]);
  });

  test('takes corners by clicks, closes on the first, and shows where it would close', async () => {
    const { mouse } = bench.page;
    await set("{ tool: 'polygon', selected: new Set() }");
    for (const [x, y] of [
      [300, 200],
      [340, 200],
      [340, 240],
      [300, 240],
    ] as const) {
      await mouse.click(x * SCALE, y * SCALE);
    }
    await mouse.move(300 * SCALE + 2, 200 * SCALE + 2);
    await settled();
    expect((await alphaAt([[320 * SCALE, 200 * SCALE]]))[0]).toBeGreaterThan(100);
    // A second click so near and so soon would be a double click.
    await new Promise((resolve) => setTimeout(resolve, 450));
    await mouse.click(300 * SCALE + 2, 200 * SCALE + 2);
    await expect.poll(async () => (await boxes()).at(-1)).toEqual({ x1: 300, y1: 200, x2: 340, y2: 240 });
  });
});
