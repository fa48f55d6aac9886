import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

describe.runIf(haveShell)('a host that died (browser)', () => {
  let app: App;
  beforeAll(async () => {
    app = (await (starts.find(({ shell }) => shell === 'browser') ?? starts[0])?.start({
      prepare: (one) => one.project('kept.loupe', 'scenes'),
    })) as App;
  });
  afterAll(() => app?.stop());

  it('moves nothing on the page, and nothing can be drawn that would be lost', async () => {
    const { page } = app;
    await app.scene('scene-01.jpg');
    await app.tool('Freehand');
    const ring = [
      [100, 100],
      [180, 100],
      [180, 180],
      [100, 180],
      [100, 100],
    ] as const;
    await app.drag(...ring);
    await app.saved();
    await expect.poll(() => app.shapeCount()).toBe(1);
    const before = await app.canvas.boundingBox();
    await app.kill();
    await page.getByText(/Nothing can be changed here until then/u).waitFor();
    expect(await app.canvas.boundingBox()).toEqual(before);
    await page.keyboard.press('Delete');
    await page
      .getByText(/was not done: the host does not answer, and it would be lost/u)
      .first()
      .waitFor();
    expect(await app.shapeCount()).toBe(1);
    await app.drag([300, 300], [380, 300], [380, 380], [300, 380], [300, 300]);
    await page.waitForTimeout(500);
    expect(await app.shapeCount()).toBe(1);
  });
});
