import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

/** Pixels of the selected mask, as the status bar says. */
async function selectedArea(app: App): Promise<number> {
  const words = await app.page.locator('.status-bar').innerText();
  const [, area] = /px, ([\d,. ]+) px²/u.exec(words) ?? [];
  if (area === undefined) throw new Error(`the status bar names no area: ${words}`);
  return Number(area.replaceAll(/\D/gu, ''));
}

describe.runIf(haveShell).each(starts)('correcting a mask ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start();
    await app.openSample();
  });
  afterAll(() => app?.stop());

  it('paints, erases, and takes every step back and makes it again', async () => {
    const { page } = app;
    await app.tool('Brush');
    await app.drag([200, 200], [320, 200]);
    await app.shapes.first().waitFor();
    await app.saved();
    const painted = await selectedArea(app);
    expect(painted).toBeGreaterThan(2000);

    await app.drag([200, 240], [320, 240]);
    await expect.poll(() => selectedArea(app)).toBeGreaterThan(painted);
    const more = await selectedArea(app);
    await app.tool('Eraser');
    await app.drag([260, 170], [260, 270]);
    await expect.poll(() => selectedArea(app)).toBeLessThan(more);
    const cut = await selectedArea(app);

    for (const area of [more, painted]) {
      await page.keyboard.press('Control+z');
      await expect.poll(() => selectedArea(app)).toBe(area);
    }
    await page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount()).toBe(0);
    for (let i = 0; i < 3; i++) await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => app.shapeCount()).toBe(1);
    await app.shapes.first().click();
    await expect.poll(() => selectedArea(app)).toBe(cut);
    await app.saved();
  });

  it('pans with Space in the middle of a stroke, and the stroke goes on where it was', async () => {
    const { page } = app;
    await page.keyboard.press('Escape');
    await app.tool('Brush');
    const before = await app.shapeCount();
    const to = await app.mapping();
    const [x, y] = to([400, 500]);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 40, y, { steps: 4 });
    await page.keyboard.down('Space');
    await page.mouse.move(x + 120, y + 40, { steps: 4 });
    await page.keyboard.up('Space');
    await page.mouse.move(x + 160, y + 40, { steps: 4 });
    await page.mouse.up();
    await app.saved();
    const moved = (await app.mapping())([400, 500]);
    expect(moved[0] - x).toBeGreaterThan(60);
    expect(moved[1] - y).toBeGreaterThan(25);
    // One stroke of 80 pixels on screen: the 80 in between moved the image.
    expect(await app.shapeCount()).toBe(before + 1);
    const [, width] = /(\d+) × \d+ px,/u.exec(await page.locator('.status-bar').innerText()) ?? [];
    expect(Number(width)).toBeLessThan(150);
  });

  it('zooms at the cursor', async () => {
    const { page } = app;
    const before = (await app.mapping())([300, 300]);
    await page.mouse.move(...before);
    await page.mouse.wheel(0, -240);
    await page.waitForTimeout(300);
    const after = (await app.mapping())([300, 300]);
    expect(Math.hypot(after[0] - before[0], after[1] - before[1])).toBeLessThan(6);
  });

  it('ends with a page that complained of nothing', () => expect(app.errors).toEqual([]));
});
