import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

const inside = async (part: Locator, whole: Locator): Promise<boolean> => {
  const [a, b] = [await part.boundingBox(), await whole.boundingBox()];
  if (!a || !b) return false;
  const right = a.x + a.width <= b.x + b.width + 1;
  return a.x >= b.x - 1 && a.y >= b.y - 1 && right && a.y + a.height <= b.y + b.height + 1;
};

describe.runIf(haveShell).each(starts)('the window at 1280 x 800 ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start({ width: 1280, height: 800 });
  });
  afterAll(() => app?.stop());

  const answer = () => app.page.getByRole('region', { name: 'Prompt and answer' });
  const button = (name: string) => answer().getByRole('button', { name, exact: true });

  /** What the style sheet paints behind the name of a button. */
  const keysOn = (one: Locator) =>
    one
      .locator('.short-keys')
      .evaluate((keys) => getComputedStyle(keys, '::after').content.replaceAll('"', '').replaceAll('\\', ''));

  it('asks for the picture before it asks for thumbnails', async () => {
    const seen: string[] = [];
    // A picture that takes its time: whoever does not wait for it is found out.
    await app.page.route(/\/(?:picture|tiles?)/u, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      seen.push('picture');
      await route.continue();
    });
    app.page.on('request', (request) => {
      if (request.url().includes('thumbnail')) seen.push('thumbnail');
    });
    await app.openSample();
    await expect.poll(() => seen).toContain('thumbnail');
    expect(seen[0]).toBe('picture');
    await app.page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  it('keeps mask, Edit and the shapes in sight with an answer in review, and names every verdict', async () => {
    for (const prompt of ['the television', 'the mushroom', 'the baseball']) {
      await app.promptField.fill('');
      await app.promptField.blur();
      await app.ask(prompt);
      if (await app.page.getByRole('region', { name: 'Mask' }).isVisible()) break;
    }
    await app.settleAnswer([420, 210], [560, 380]);
    for (const name of ['Edit the mask', 'The mask is right', 'The mask is wrong', 'Nothing matches']) {
      expect(await inside(button(name), answer())).toBe(true);
    }
    for (const word of ['Right', 'Wrong']) expect(await answer().getByText(word, { exact: true }).count()).toBe(3);
    const shapes = app.page.getByRole('region', { name: 'Shapes' });
    expect((await shapes.boundingBox())?.height).toBeGreaterThan(90);
    const bottom = ((await shapes.boundingBox())?.y ?? 0) + ((await shapes.boundingBox())?.height ?? 0);
    expect(bottom).toBeLessThan(800);
  });

  it('shows the keys of Accept, Nothing and of the selected shape on their buttons, and the key works', async () => {
    const { page } = app;
    await app.tool('Freehand');
    await page.keyboard.press('Shift+N');
    await app.drag([60, 560], [160, 560], [160, 660], [60, 660], [60, 560]);
    await app.saved();
    const keys = { Accept: '⇧ ⏎', 'Accept, next image': 'Ctrl ⏎', 'Nothing matches': 'Ctrl Alt ⌫' };
    for (const [name, shown] of Object.entries(keys)) {
      const one = answer().getByRole('button', { name: new RegExp(`^${name}(ed)?$`, 'u') });
      expect(await keysOn(one)).toBe(shown);
    }
    expect(await keysOn(button('The selected shape is it'))).toBe('Y');
    expect(await inside(button('Edit the mask'), answer())).toBe(true);
    await page.keyboard.press('y');
    await button('The selected shape is it').waitFor({ state: 'detached' });
  });

  it('has the words of the prompt that is in review in its field', async () => {
    await app.page.keyboard.press('Escape');
    await app.ask('the pineapple');
    const prompts = app.page
      .getByRole('list', { name: 'Prompts of this image' })
      .getByRole('button', { pressed: false });
    const text = (await prompts.first().innerText()).trim();
    await prompts.first().click();
    await expect.poll(() => app.promptField.inputValue()).toBe(text);
  });

  it('explains nothing with a tip that lies over it', async () => {
    const { page } = app;
    for (const part of [button('Nothing matches'), button('Edit the mask')]) {
      if (!(await part.isVisible())) continue;
      await part.hover();
      const tip = page.getByRole('tooltip');
      await tip.waitFor();
      const [a, b] = [await part.boundingBox(), await tip.boundingBox()];
      if (!a || !b) throw new Error('the tip has no place');
      expect(a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
      await page.mouse.move(300, 300);
      await tip.waitFor({ state: 'detached' });
    }
  });

  it('colours by shape from the view menu, and shows there that it does', async () => {
    const { page } = app;
    const item = async (name: string) => {
      await page.getByRole('button', { name: 'Menu', exact: true }).click();
      await page.getByRole('menuitem', { name: 'View', exact: true }).hover();
      return page.getByRole('menuitemcheckbox', { name: new RegExp(`^${name}`, 'u') });
    };
    const byShape = await item('Colour by shape');
    expect(await byShape.getAttribute('aria-checked')).toBe('false');
    await byShape.click();
    await expect.poll(() => byShape.getAttribute('aria-checked')).toBe('true');
    await page.keyboard.press('Escape');
  });

  it('ends with a page that complained of nothing', () => expect(app.errors).toEqual([]));
});
