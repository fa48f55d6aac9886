import { existsSync, renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { App, haveShell, locked } from './app.ts';

/** A desktop window goes with its host; what is shown here is the browser's. */
const browserOn = (prepare: (app: App) => string) => App.start({ prepare });

/** Waits until the first shape is stored: before it "All saved" stands there as well. */
async function storedFirst(app: App): Promise<void> {
  await expect.poll(() => app.shapeCount()).toBe(1);
  await app.page
    .locator('.status-bar')
    .getByText(/^Saved \d/u)
    .waitFor();
}

describe.runIf(haveShell)('a host that died (browser)', () => {
  let app: App;
  beforeAll(async () => {
    app = await browserOn((one) => one.project('kept.loupe', 'scenes'));
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
    await storedFirst(app);
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

describe.runIf(haveShell)('a project file that is moved away while it is open (browser)', () => {
  let app: App;
  beforeAll(async () => {
    app = await browserOn((one) => one.project('moved.loupe', 'scenes'));
  });
  afterAll(() => app?.stop());

  it('stores nothing more, offers a copy, and goes on in it with all that was stored', async () => {
    const { page } = app;
    await app.scene('scene-01.jpg');
    await app.tool('Freehand');
    await app.drag([100, 100], [180, 100], [180, 180], [100, 180], [100, 100]);
    await storedFirst(app);
    renameSync(app.file('scenes', 'moved.loupe'), app.file('scenes', 'moved.loupe.away'));
    await app.drag([300, 300], [380, 300], [380, 380], [300, 380], [300, 300]);
    const dialog = page.getByRole('dialog', { name: 'Save a copy' });
    await dialog.getByText(/nothing more can be stored there/u).waitFor();
    await page.getByText(/was moved, deleted or replaced while it was open/u).waitFor();
    await dialog.getByRole('button', { name: 'Choose where' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('rescued');
    await page.getByRole('button', { name: 'Save here' }).click();
    await dialog.waitFor({ state: 'detached' });
    await app.scene('scene-01.jpg');
    await expect.poll(() => app.shapeCount()).toBe(1);
    await app.drag([300, 300], [380, 300], [380, 380], [300, 380], [300, 300]);
    await expect.poll(() => app.shapeCount()).toBe(2);
    await app.saved();
    expect(existsSync(app.file('scenes', 'rescued.loupe'))).toBe(true);
    expect(existsSync(app.file('scenes', 'moved.loupe'))).toBe(false);
  });
});

describe.runIf(haveShell)('a project on a disk that takes no changes (browser)', () => {
  let app: App;
  let unlock: (() => void) | null = null;
  beforeAll(async () => {
    app = await browserOn((one) => {
      const file = one.project('card.loupe', 'card');
      unlock = locked(one.file('card'), file);
      return file;
    });
  });
  afterAll(() => {
    unlock?.();
    return app?.stop();
  });

  it('is offered another place from the start, where it finds its images', async (context) => {
    const { page } = app;
    if (unlock === null) return context.skip('nothing here can lock a folder for this user');
    const offer = page.getByRole('dialog', { name: 'Keep the project elsewhere' });
    await offer.getByText(`${app.file('card', 'card.loupe')} is read-only, or its folder is.`).waitFor();
    await page.evaluate((folder) => localStorage.setItem('loupe folder of files', folder), app.folder);
    await offer.getByRole('button', { name: 'Choose where' }).click();
    const place = page.getByRole('dialog', { name: 'Where the project is kept' });
    await place.getByRole('button', { name: 'card', exact: true }).waitFor();
    await place.getByRole('textbox', { name: 'Name' }).fill('kept');
    await place.getByRole('button', { name: 'Save here' }).click();
    await offer.getByText(app.file('kept.loupe')).waitFor();
    await offer.getByRole('button', { name: 'Keep it there' }).click();
    await offer.waitFor({ state: 'detached' });
    await app.scene('scene-01.jpg');
    await app.tool('Freehand');
    await app.drag([300, 300], [380, 300], [380, 380], [300, 380], [300, 300]);
    await storedFirst(app);
    // What was offered is done: a window that comes now is at the project.
    await page.reload();
    await app.scene('scene-01.jpg');
    expect(await offer.count()).toBe(0);
  });
});
