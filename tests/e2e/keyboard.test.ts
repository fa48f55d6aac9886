import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, PATIENCE, starts, workOf } from './app.ts';

describe.runIf(haveShell).each(starts)('without a mouse ($shell)', ({ start }) => {
  let app: App;
  const dialog = (name: string) => app.page.getByRole('dialog', { name });
  const keys = async (...chords: string[]) => {
    for (const chord of chords) await app.page.keyboard.press(chord);
  };
  /** A person types when they see the field. */
  const ready = (name: string) => dialog(name).locator('input:focus').waitFor();
  const gone = async (name: string) => {
    await keys('Escape');
    await dialog(name).waitFor({ state: 'detached' });
  };

  beforeAll(async () => {
    app = await start();
    await app.openSample();
  });
  afterAll(() => app?.stop());

  it('finds a command by a word, and makes and renames a label', async () => {
    const { page } = app;
    await app.command('labels…');
    await ready('Labels');
    await page.keyboard.type('whale');
    await keys('Enter');
    const name = page.getByRole('textbox', { name: 'Name of whale' });
    await name.waitFor();
    await name.focus();
    await keys('Control+a');
    await page.keyboard.type('dolphin');
    await keys('Enter');
    await page.getByRole('textbox', { name: 'Name of dolphin' }).waitFor();
    await gone('Labels');
    await app.saved();
  });

  it('takes it back in two steps', async () => {
    const { page } = app;
    const undo = page.getByRole('button', { name: /^Undo/u });
    for (const title of ['Rename label', 'Add a label']) {
      await page.getByRole('button', { name: `Undo: ${title}` }).waitFor();
      await keys('Control+z');
    }
    await expect.poll(() => undo.getAttribute('aria-label')).not.toContain('Add a label');
    await keys('Control+Shift+l');
    await dialog('Labels').waitFor();
    await page.getByText('No labels yet').waitFor();
    await gone('Labels');
  });

  it('pastes a list of eighty labels, which opens fast, is searched, and goes where no shape has them', async () => {
    const { page } = app;
    const row = (name: string) => page.getByRole('textbox', { name: `Name of ${name}` });
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const names = Array.from({ length: 80 }, (_, i) => `part ${String(i).padStart(2, '0')}`);
    await page.evaluate((text) => navigator.clipboard.writeText(text), names.join('\n'));
    await keys('Control+Shift+l');
    await ready('Labels');
    await keys('Control+v');
    await page.getByText('80 labels added.').waitFor();
    const work = await workOf(page);
    const taken: number[] = [];
    for (let i = 0; i < 2; i++) {
      await gone('Labels');
      const before = await work();
      await keys('Control+Shift+l');
      await row('part 00').waitFor();
      taken.push((await work()) - before);
    }
    expect(Math.min(...taken)).toBeGreaterThan(1);
    expect(Math.min(...taken)).toBeLessThan(500);
    expect(await dialog('Labels').getByRole('listitem').count()).toBeLessThan(20);
    const search = page.getByRole('textbox', { name: 'Search labels' });
    await search.focus();
    await page.keyboard.type('T 77');
    await row('part 77').waitFor();
    expect(await dialog('Labels').getByRole('listitem').count()).toBe(1);
    await search.press('Escape');
    await page.getByRole('button', { name: 'Delete 80 unused labels…' }).press('Enter');
    await page.getByRole('button', { name: 'Delete', exact: true }).press('Enter');
    await page.getByText('No labels yet').waitFor({ timeout: PATIENCE });
    await gone('Labels');
  });

  it('warns before a key is taken from another command, and then obeys it', async () => {
    const { page } = app;
    const brush = page.getByRole('navigation', { name: 'Tools' }).getByRole('button', { name: 'Brush', exact: true });
    await keys('Control+Alt+,');
    await ready('Change keys');
    await page.keyboard.type('tool brush');
    await page.getByRole('button', { name: 'Change the key of Brush', exact: true }).press('Enter');
    await keys('e');
    await page.getByRole('alert').getByText('E is already “Eraser”').waitFor();
    await keys('Enter');
    await page.getByText('yours').waitFor();
    await gone('Change keys');
    await keys('e');
    await expect.poll(() => brush.getAttribute('aria-pressed')).toBe('true');
  });

  it('leaves letters to a text, and Esc steps out of it', async () => {
    await keys('v', '/');
    await app.page.keyboard.type('bed');
    expect(await app.promptField.inputValue()).toBe('bed');
    await keys('Escape', 'p');
    const polygon = app.page.getByRole('button', { name: 'Polygon', exact: true });
    await expect.poll(() => polygon.getAttribute('aria-pressed')).toBe('true');
    expect(await app.promptField.inputValue()).toBe('bed');
    // What was asked before is written over.
    await keys('v', '/');
    await app.page.keyboard.type('lamp');
    expect(await app.promptField.inputValue()).toBe('lamp');
    await keys('Escape');
  });

  it('steps through images and accepts them', async () => {
    await keys('d');
    await app.scene('scene-02.jpg');
    await keys('a');
    await app.scene('scene-01.jpg');
    await keys('Control+Enter');
    await app.scene('scene-02.jpg');
    await keys('Control+g');
    await app.page
      .getByRole('region', { name: 'Review queue' })
      .getByText(/^1 of /u)
      .waitFor();
    expect(app.errors).toEqual([]);
  });
});
