import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { random } from '../../main/contract/random.ts';
import { type App, haveShell, starts } from './app.ts';

const street = path.resolve(import.meta.dirname, '../../../shared/material/images/coco_val100');
const photograph = existsSync(street) ? findPhotograph(street) : null;

/** A grained gradient, of another kind than drawn scenes as well. */
function grain(): Promise<Buffer> {
  const [width, height] = [320, 240];
  const noise = random(7);
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 60 + (120 * y) / height + 40 * Math.sin(x / 19) * Math.cos(y / 12) + 60 * (noise.uniform() - 0.5);
  });
  return sharp(data, { raw: { width, height, channels: 3 } })
    .blur(0.7)
    .jpeg()
    .toBuffer();
}

function findPhotograph(folder: string): string | null {
  const names = readdirSync(folder, 'utf8').filter((name) => name.endsWith('.jpg'));
  const [first] = names.toSorted();
  return first === undefined ? null : path.join(folder, first);
}

interface Coco {
  readonly annotations: readonly { readonly segmentation: readonly (readonly number[])[] }[];
}

describe.runIf(haveShell).each(starts)('a host that is killed in the middle of editing ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    const picture = photograph === null ? await grain() : readFileSync(photograph);
    app = await start({
      prepare: (one) =>
        one.project('kept.loupe', 'scenes', (project) => {
          writeFileSync(one.file('scenes', 'street.jpg'), picture);
          project.addImages([{ path: 'street.jpg' }]);
        }),
    });
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

  /** The second lies on a straight side, and the pixels say nothing of it. */
  const corners = [
    [300, 300],
    [360, 300],
    [420, 300],
    [460, 440],
    [300, 400],
  ] as const;

  it('draws a polygon and drags a corner of it', async () => {
    const { page } = app;
    await page.keyboard.press('Escape');
    await app.tool('Polygon');
    const to = await app.mapping();
    const [a, b, c, , e] = corners;
    for (const place of [a, b, c, [420, 400], e] as const) await page.mouse.click(...to(place));
    await page.keyboard.press('Enter');
    await expect.poll(() => app.shapeCount()).toBe(5);
    await app.tool('Select and move');
    await app.drag([420, 400], [460, 440]);
    await page.getByRole('button', { name: /^Undo: Move/u }).waitFor();
    await app.saved();
  });

  it('shows what was open before on its start screen', async () => {
    await app.kill();
    await app.restart();
    await app.page.getByRole('button', { name: /kept/u }).click();
    await app.scene('scene-01.jpg');
    await expect.poll(() => app.shapeCount()).toBe(5);
  });

  const exported = (): string[] => readdirSync(app.file('scenes')).filter((name) => /^kept.*\.json$/u.test(name));
  const file = () => app.page.getByLabel('File', { exact: true });
  const press = (name: string) => app.page.getByRole('button', { name, exact: true }).click();

  it('exports the polygon by the points that it was given, beside the project', async () => {
    await app.page.keyboard.press('Control+e');
    await expect.poll(() => file().inputValue()).toBe(app.file('scenes', 'kept.json'));
    await press('Export');
    await app.page.getByRole('button', { name: 'Verify' }).waitFor();
    await app.page.getByText(app.file('scenes', 'kept.json'), { exact: true }).waitFor();
    // As somebody says it: what is done is not under way.
    const dialog = app.page.getByRole('dialog', { name: 'Export COCO' });
    await dialog.getByText(/^Exported /u).waitFor();
    expect(await dialog.getByText(/Exporting/u).count()).toBe(0);
    const rings = app.json<Coco>('scenes', 'kept.json').annotations.map(({ segmentation: [ring] }) => ring ?? []);
    const own = rings.filter((ring) => ring.length === 2 * corners.length);
    expect(own).toHaveLength(1);
    for (const [i, value] of corners.flat().entries()) expect(Math.abs((own[0]?.[i] ?? 0) - value)).toBeLessThan(2);
    await app.leave('Done');
  });

  it('offers a name that is free, and replaces a file only when it is told to, with a backup beside it', async () => {
    const { page } = app;
    const before = readFileSync(app.file('scenes', 'kept.json'));
    // Keys are the window's before the closed dialog has left the page.
    await page.keyboard.press('Control+e');
    await expect.poll(() => file().inputValue()).toBe(app.file('scenes', 'kept-2.json'));
    await page.getByRole('button', { name: 'Cancel', exact: true }).evaluate(async (button) => {
      (button as HTMLElement).focus();
      (button as HTMLElement).click();
      for (let i = 0; i < 20; i++) await Promise.resolve();
      const target = document.activeElement ?? document.body;
      target.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', code: 'KeyZ', ctrlKey: true, bubbles: true }));
    });
    await page.getByText(/^Undone: Move/u).waitFor();
    await page.keyboard.press('Control+e');
    await expect.poll(() => file().inputValue()).toBe(app.file('scenes', 'kept-2.json'));
    await file().fill(app.file('scenes', 'kept.json'));
    await press('Export');
    await page
      .getByRole('alert')
      .getByText(/is there already/u)
      .waitFor();
    expect([exported(), readFileSync(app.file('scenes', 'kept.json')).equals(before)]).toEqual([['kept.json'], true]);
    await page.getByLabel('Replace the file that is there').check();
    await press('Export');
    await page.getByText(/^what stood there is kept as /u).waitFor();
    await page.getByRole('button', { name: 'Verify' }).waitFor();
    const [backup = '', ...rest] = exported().filter((name) => name !== 'kept.json');
    expect([backup, rest]).toEqual([expect.stringMatching(/^kept\.backup-\d{4}-\d\d-\d\d-\d{6}\.json$/u), []]);
    expect(readFileSync(app.file('scenes', backup)).equals(before)).toBe(true);
    expect(readFileSync(app.file('scenes', 'kept.json')).equals(before)).toBe(false);
    await app.leave('Done');
  });

  const savedWords = () =>
    app.page
      .locator('.status-bar')
      .getByText(/^Saved |^All saved/u)
      .innerText();
  /** The times that are told have whole seconds. */
  const nextSecond = () => app.page.waitForTimeout(1001);

  it('says of a photograph that what was not found may be there, and does not urge to accept', async () => {
    const { page } = app;
    // Rows beyond the list's edge are not on the page.
    const list = page.getByRole('listbox', { name: 'Images' });
    await list.press('End');
    await list.locator('[data-active]').getByText('street.jpg').waitFor();
    await list.press('Enter');
    await app.scene('street.jpg');
    await nextSecond();
    const before = await savedWords();
    await app.ask('the giraffe');
    // A write of any kind counts: nothing was drawn.
    await expect.poll(savedWords).toMatch(/^Saved \d/u);
    expect(await savedWords()).not.toBe(before);
    const answer = page.getByRole('region', { name: 'Prompt and answer' });
    await answer.getByText('Not found does not mean not there').waitFor();
    expect(await answer.locator('.deeds [data-variant="filled"]').count()).toBe(0);
  });

  it('takes nothing along into another project: not what is being asked, nor what was asked, nor when it was saved', async () => {
    const { page } = app;
    const asked = async () => {
      await page.getByRole('button', { name: 'Prompts asked before' }).click();
      const words = await page.getByRole('menu').innerText();
      // The menu may not have the keys yet when it is seen.
      await page.getByRole('menu').press('Escape');
      await page.getByRole('menu').waitFor({ state: 'detached' });
      return words;
    };
    expect(await asked()).toBe('the giraffe');
    const before = await savedWords();
    await nextSecond();
    await app.promptField.fill('half a prompt');
    await app.promptField.press('Escape');
    await app.command('close project');
    await app.openSample();
    expect(await app.promptField.inputValue()).toBe('');
    expect(await savedWords()).not.toBe(before);
    expect(await asked()).toBe('Nothing was asked yet');
    await app.command('close project');
    await page.getByRole('button', { name: /kept/u }).click();
    await app.scene('street.jpg');
    await expect.poll(() => app.promptField.inputValue()).toBe('the giraffe');
    expect(await asked()).toBe('the giraffe');
  });

  it('ends with a page that complained of nothing but the host that was away, and thumbnails of what was closed', () =>
    expect(app.errors.filter((error) => !/ERR_CONNECTION_REFUSED|status of 404 .*thumbnail/u.test(error))).toEqual([]));
});
