import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

describe.runIf(haveShell).each(starts)('a host that is killed in the middle of editing ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start({ prepare: (one) => one.project('kept.loupe', 'scenes') });
  });
  afterAll(() => app?.stop());

  it('loses nothing that the status bar called saved, and undo goes on', async () => {
    const { page } = app;
    await app.tool('Freehand');
    for (let i = 0; i < 4; i++) {
      const [x, y] = [100 + 120 * i, 120];
      await app.drag([x, y], [x + 80, y], [x + 80, y + 80], [x, y + 80], [x, y]);
      await expect.poll(() => app.shapeCount()).toBe(i + 1);
    }
    await app.saved();
    await app.kill();
    // A desktop window goes with its host.
    if (!page.isClosed()) {
      await page
        .getByText(/The host does not answer/u)
        .first()
        .waitFor();
    }

    await app.restart(app.file('scenes', 'kept.loupe'));
    await app.scene('scene-01.jpg');
    await expect.poll(() => app.shapeCount()).toBe(4);
    await app.page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount()).toBe(3);
    await app.page.keyboard.press('Control+Shift+z');
    await expect.poll(() => app.shapeCount()).toBe(4);
    await app.saved();
  });

  it('shows what was open before on its start screen', async () => {
    await app.kill();
    await app.restart();
    await app.page.getByRole('button', { name: /kept/u }).click();
    await app.scene('scene-01.jpg');
    await expect.poll(() => app.shapeCount()).toBe(4);
  });
});
