import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveShell, locked } from '../../e2e/app.ts';
import { eventually, putLabel, type Worked, worked } from './worked.ts';

describe.runIf(haveShell)('projects changed by hand', () => {
  let at: Worked;
  beforeAll(async () => {
    at = await worked('projects', 1);
  });
  afterAll(() => at?.close());

  const saved = () => at.page.locator('.status-bar').getByText(/saved/iu).innerText();
  const asked = async (): Promise<string[]> => {
    await at.button('Prompts asked before').click();
    const menu = at.page.getByRole('menu');
    const words = (await menu.innerText()).split('\n');
    await at.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    return words;
  };

  it('what was being written, what was asked and when it was saved stay in the project', async () => {
    await putLabel(at.client, 'car');
    await eventually(saved).toMatch(/^Saved \d/u);
    await at.page.evaluate((key) => localStorage.setItem(key, 'the red car'), await historyKey());
    expect(await asked()).toEqual(['the red car']);
    await at.field('What to segment').fill('half a prompt');
    await at.client.project.create({ file: path.join(at.folder, 'pictures', 'second.loupe') });
    await eventually(saved).toBe('All saved');
    await eventually(() => at.field('What to segment').inputValue()).toBe('');
    expect(await asked()).toEqual(['Nothing was asked yet']);
    await at.client.project.open({ file: path.join(at.folder, 'pictures', 'projects.loupe') });
    await at.page.locator('.image-name').getByText('scene0.png').waitFor();
    await eventually(asked).toEqual(['the red car']);
  });

  /** As the page names it: what was asked is remembered of the project's file. */
  const historyKey = async () => `loupe prompts asked of ${path.join(at.folder, 'pictures', 'projects.loupe')}`;

  it.runIf(process.platform === 'linux')(
    'one that cannot be made where it should be is offered another place',
    async () => {
      const { page } = at;
      const home = process.env.HOME;
      process.env.HOME = at.folder;
      // Nobody may make a file there, not even root.
      await page.evaluate(() => localStorage.setItem('loupe folder of files', '/proc'));
      await page.keyboard.press('Control+k');
      // What is typed before the field is there goes to the tools.
      await page.getByRole('dialog', { name: 'All commands' }).waitFor();
      await page.keyboard.type('new project');
      await page.keyboard.press('Enter');
      await at.button('Choose where').click();
      await at.field('Name').fill('x');
      await at.field('Name').press('Tab');
      await page.getByRole('dialog').last().getByRole('button').last().click();
      await at.button('Create').click();
      const offer = page.getByRole('dialog', { name: 'Keep the project elsewhere' });
      await offer.getByText('/proc/x.loupe cannot be made: its folder cannot be written.').waitFor();
      await offer.getByText(path.join(at.folder, 'x.loupe')).waitFor();
      await at.button('Keep it there').click();
      await offer.waitFor({ state: 'detached' });
      process.env.HOME = home;
      expect((await at.client.project.recent())[0]?.file).toBe(path.join(at.folder, 'x.loupe'));
    },
  );

  it('one that cannot be written where it lies is kept elsewhere with what it holds', async (context) => {
    const { page } = at;
    const home = process.env.HOME;
    process.env.HOME = at.folder;
    const folder = path.join(at.folder, 'card');
    const file = path.join(folder, 'card.loupe');
    mkdirSync(folder);
    await at.client.project.create({ file });
    await putLabel(at.client, 'lorry');
    await at.client.project.close();
    // The page follows the host, and closes whatever lay over the project that was open.
    await page.locator('.status-bar').waitFor({ state: 'detached' });
    const unlock = locked(folder, file);
    if (unlock === null) return context.skip('nothing here can lock a folder for this user');
    try {
      await page.evaluate((shown) => localStorage.setItem('loupe folder of files', shown), folder);
      await page.keyboard.press('Control+o');
      await at.button('card.loupe').dblclick();
      const offer = page.getByRole('dialog', { name: 'Keep the project elsewhere' });
      await offer.getByText(`${file} is read-only, or its folder is.`).waitFor();
      await offer.getByText(path.join(at.folder, 'card.loupe')).waitFor();
      await at.button('Keep it there').click();
      await offer.waitFor({ state: 'detached' });
      expect((await at.client.project.recent())[0]?.file).toBe(path.join(at.folder, 'card.loupe'));
      expect((await at.client.project.labels()).map(({ name }) => name)).toEqual(['lorry']);
    } finally {
      unlock();
      process.env.HOME = home;
    }
  });
});
