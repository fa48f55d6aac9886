import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, PATIENCE, starts } from './app.ts';

describe.runIf(haveShell).each(starts)('what drawing does to a selection ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start();
    await app.openSample();
  });
  afterAll(() => app?.stop());

  const mode = () => app.page.getByRole('radiogroup', { name: 'What drawing does' });
  const drawnOn = () => app.page.getByRole('status', { name: 'What is drawn on' });

  it('W, then R, then P makes three shapes', async () => {
    const { page } = app;
    await page.keyboard.press('w');
    await app.drag([100, 100], [220, 220]);
    await page.waitForTimeout(300);
    // The mask waits until it is kept; Enter before the answer is there is used up.
    await expect
      .poll(async () => {
        await page.keyboard.press('Enter');
        return app.shapeCount();
      })
      .toBe(1);
    await page.keyboard.press('r');
    await app.drag([120, 120], [180, 180]);
    await expect.poll(() => app.shapeCount()).toBe(2);
    await page.keyboard.press('p');
    const to = await app.mapping();
    for (const place of [
      [300, 100],
      [380, 100],
      [380, 180],
    ] as const)
      await page.mouse.click(...to(place));
    await page.keyboard.press('Enter');
    await expect.poll(() => app.shapeCount()).toBe(3);
  });

  it('shows what each tool can be told: who segments, how large the brush is, how far the wand reaches', async () => {
    const { page } = app;
    const bar = page.getByRole('region', { name: 'Options of the tool' });
    await app.tool('Box for the segmenter');
    await bar.getByText('by the segmenter of the weights').waitFor();
    await bar.getByRole('button', { name: 'Choose the segmenter' }).click();
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    for (const [tool, told] of [
      ['Brush', 'Radius of the brush'],
      ['Magic wand', 'How far a colour may differ'],
    ] as const) {
      await app.tool(tool);
      await bar.getByRole('slider', { name: told }).waitFor();
      expect(await mode().isVisible()).toBe(true);
    }
  });

  it('says what it will do, adds and subtracts where that is chosen, and forgets it with the next tool', async () => {
    const { page } = app;
    await app.tool('Box');
    await expect.poll(() => drawnOn().innerText()).toBe('Draws a new shape');
    await mode().getByText('Add', { exact: true }).click();
    await expect.poll(() => drawnOn().innerText()).toMatch(/^Adds to /u);
    await app.drag([300, 200], [360, 240]);
    await app.saved();
    expect(await app.shapeCount()).toBe(3);
    await page.keyboard.press('Shift+S');
    await expect.poll(() => drawnOn().innerText()).toMatch(/^Takes away from /u);
    await app.drag([310, 210], [350, 230]);
    await app.saved();
    expect(await app.shapeCount()).toBe(3);
    await app.tool('Freehand');
    await expect.poll(() => drawnOn().innerText()).toBe('Draws a new shape');
  });

  it('paints as wide on screen at every zoom, and as wide on the image where that is switched on', async () => {
    const { page } = app;
    const widthOf = async (): Promise<number> => {
      await app.tool('Brush');
      const before = await app.shapeCount();
      await app.drag([320, 240]);
      await expect.poll(() => app.shapeCount()).toBe(before + 1);
      await app.saved();
      const [, width] = /(\d+) × \d+ px,/u.exec(await page.locator('.status-bar').innerText()) ?? [];
      return Number(width);
    };
    const far = await widthOf();
    for (let i = 0; i < 4; i++) await page.keyboard.press('Control+=');
    const near = await widthOf();
    expect(far / near).toBeGreaterThan(1.9);
    await page.getByLabel('in image pixels').check();
    const onImage = await widthOf();
    await page.keyboard.press('f');
    expect(await widthOf()).toBe(onImage);
  });

  const selectedArea = async (): Promise<number> => {
    const words = await app.page.locator('.status-bar').innerText();
    return Number((/px, ([\d,]+) px²/u.exec(words)?.[1] ?? '').replaceAll(',', ''));
  };
  /** The dark thing at the right border of the scene, in one colour. */
  let dark = 0;

  it('the wand adds with Shift and takes away with Alt, as far as its tolerance says', async () => {
    const { page } = app;
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+W');
    const before = await app.shapeCount();
    const to = await app.mapping();
    await page.mouse.click(...to([570, 230]));
    await expect.poll(() => app.shapeCount()).toBe(before + 1);
    dark = await selectedArea();
    await page.keyboard.down('Shift');
    await page.mouse.click(...to([170, 380]));
    await page.keyboard.up('Shift');
    await expect.poll(selectedArea).toBeGreaterThan(dark);
    await page.keyboard.down('Alt');
    await page.mouse.click(...to([170, 380]));
    await page.keyboard.up('Alt');
    await expect.poll(selectedArea).toBe(dark);
    expect(await app.shapeCount()).toBe(before + 1);
    await page.getByLabel('connected only').uncheck();
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+BracketRight');
    await page.getByRole('region', { name: 'Options of the tool' }).getByText('36', { exact: true }).waitFor();
  });

  it('scissors go along the edges from click to click, and Enter closes', async () => {
    const { page } = app;
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    await expect.poll(() => drawnOn().innerText()).toBe('Draws a new shape');
    const before = await app.shapeCount();
    const to = await app.mapping();
    for (const place of [
      [509, 205],
      [545, 311],
      [635, 287],
      [669, 277],
      [659, 212],
      [620, 146],
    ] as const) {
      await page.mouse.move(...to(place), { steps: 8 });
      await page.mouse.click(...to(place));
      await page.waitForTimeout(200);
    }
    await page.keyboard.press('Enter');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(before + 1);
    await app.saved();
    // What the wand found of it lacks the pixels of its soft edge.
    expect((await selectedArea()) / dark).toBeGreaterThan(0.97);
    expect((await selectedArea()) / dark).toBeLessThan(1.06);
    await page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount()).toBe(before);
  });

  it('ends with a page that complained of nothing', () => expect(app.errors).toEqual([]));
});
