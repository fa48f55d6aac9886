import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created } from '../../main/contract/diff.ts';
import type { Project } from '../../main/store/project.ts';
import { type App, haveShell, PATIENCE, starts } from './app.ts';

const COUNT = 2100;

/** More boxes on the second image than a step tells, as one step. */
function crowd(project: Project): void {
  const imageId = project.imageByPath('scene-02.jpg')?.id ?? 0;
  const first = project.reserve(COUNT + 1);
  const label = { id: first, name: 'cell', colour: '#3fb8af', digit: '1', attributes: [], place: 1 };
  const rest = { attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'drawn' } } as const;
  const shapes = Array.from({ length: COUNT }, (_, i) => {
    const [x, y] = [(i % 50) * 12, Math.floor(i / 50) * 12];
    const box = { x1: x, y1: y, x2: x + 9, y2: y + 9 };
    return created('shape', { id: first + 1 + i, imageId, labelId: first, mask: null, box, place: i, ...rest });
  });
  project.apply({ title: 'Import cells', changes: [created('label', label), ...shapes] });
}

const FAR = 8000;

/** And then a step of many more on images that are not opened here. */
function crumbs(project: Project): void {
  const images = [...project.allImages()].slice(2);
  const first = project.reserve(FAR + 1);
  const label = { id: first, name: 'crumb', colour: '#e69f00', digit: '2', attributes: [], place: 1 };
  const box = { x1: 1, y1: 1, x2: 9, y2: 9 };
  const rest = { attributes: {}, crowd: false, hidden: false, locked: false, origin: { kind: 'drawn' } } as const;
  const shapes = Array.from({ length: FAR }, (_, i) => {
    const imageId = images[i % images.length]?.id ?? 0;
    return created('shape', { id: first + 1 + i, imageId, labelId: first, mask: null, box, place: i, ...rest });
  });
  project.applyMany('Import crumbs', [created('label', label), ...shapes]);
}

describe.runIf(haveShell).each(starts)('a step of 2,100 changes ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start({
      prepare: (one) =>
        one.project('cells.loupe', 'scenes', (project) => {
          crowd(project);
          crumbs(project);
        }),
    });
  });
  afterAll(() => app?.stop());

  const rowCount = (name: string) => app.page.locator('.image-row', { hasText: name }).innerText();

  it('may be one of very many: it is taken back in pieces, the status bar says how far it is, the window goes on', async () => {
    const { page } = app;
    await app.scene('scene-01.jpg');
    await page.keyboard.press('Control+z');
    const progress = page.locator('.status-bar').getByRole('progressbar', { name: 'Undoing "Import crumbs"' });
    // Its bar has no width at first, and a fast machine is done before it has any.
    await progress.waitFor({ state: 'attached' });
    await page.keyboard.press('d');
    await app.scene('scene-02.jpg');
    await page.getByText(/^Undone: Import crumbs/u).waitFor();
    await progress.waitFor({ state: 'detached' });
    // The list is read again a moment after the step is told.
    await expect.poll(() => rowCount('scene-03.jpg')).not.toContain('800');
    expect(app.errors).toEqual([]);
  });

  /** What a click on the canvas selects, in the middle of one of the boxes of the last row. */
  async function selectedByClick(): Promise<string> {
    await app.tool('Select and move');
    await app.page.keyboard.press('Escape');
    await app.page.mouse.click(...(await app.mapping())([4 + 7 * 12, 4 + 41 * 12]));
    await app.page.waitForTimeout(200);
    return app.page.locator('.status-bar').innerText();
  }

  it('shows whole after undo and redo, on the canvas, in the list and in the counts', async () => {
    const { page } = app;
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(COUNT);
    await page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(0);
    await page.getByText('Undone: Import cells, on scene-02.jpg').waitFor();
    await expect.poll(() => rowCount('scene-02.jpg')).not.toContain('2,100');
    expect(await selectedByClick()).not.toContain('9 × 9 px');
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(COUNT);
    await expect.poll(() => rowCount('scene-02.jpg')).toContain('2,100');
    expect(await selectedByClick()).toContain('9 × 9 px');
  });

  it('is one’s own: what is changed next is stored, and nobody else is blamed', async () => {
    const { page } = app;
    await page.keyboard.press('Control+a');
    await page.keyboard.press('h');
    await app.saved();
    expect(await page.locator('[role=treeitem]:not([data-hidden])').count()).toBe(0);
    await page.keyboard.press('Delete');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(0);
    await page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(COUNT);
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(0);
    await app.saved();
    expect(await page.getByText(/by somebody else|was not stored|was not done/u).count()).toBe(0);
    expect(app.errors).toEqual([]);
  });

  it('that lies on another image is told of, and shown on request', async () => {
    const { page } = app;
    await page.locator('.image-row', { hasText: 'scene-01.jpg' }).click();
    await app.scene('scene-01.jpg');
    await page.keyboard.press('Control+z');
    const line = page.getByRole('alert').filter({ hasText: 'Undone: Delete 2100 shapes, on scene-02.jpg' });
    await line.getByRole('button', { name: 'Show' }).click();
    await app.scene('scene-02.jpg');
    await expect.poll(() => app.shapeCount(), { timeout: PATIENCE }).toBe(COUNT);
  });
});
