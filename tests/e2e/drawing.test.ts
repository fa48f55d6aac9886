import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

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

  it('ends with a page that complained of nothing', () => expect(app.errors).toEqual([]));
});
