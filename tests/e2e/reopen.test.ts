import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { App, haveChromium } from './app.ts';

describe.runIf(haveChromium)('a host that is killed in the middle of editing', () => {
  let app: App;
  beforeAll(async () => {
    app = await App.start({ prepare: (one) => one.project('kept.loupe', 'scenes') });
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
    await page
      .getByText(/The host does not answer/u)
      .first()
      .waitFor();

    // The port and the token are new ones: the printed address is opened anew.
    await page.close();
    await app.serve(app.file('scenes', 'kept.loupe'));
    await app.openPage();
    await app.scene('scene-01.jpg');
    await expect.poll(() => app.shapeCount()).toBe(4);
    await app.page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount()).toBe(3);
    await app.page.keyboard.press('Control+Shift+z');
    await expect.poll(() => app.shapeCount()).toBe(4);
    await app.saved();
  });

  it('shows what was open before on its start screen', async () => {
    await app.page.close();
    await app.kill();
    await app.serve();
    await app.openPage();
    await app.page.getByRole('button', { name: /kept/u }).click();
    await app.scene('scene-01.jpg');
    await expect.poll(() => app.shapeCount()).toBe(4);
  });
});
