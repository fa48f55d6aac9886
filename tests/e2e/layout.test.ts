import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

const inside = async (part: Locator, whole: Locator): Promise<boolean> => {
  const [a, b] = [await part.boundingBox(), await whole.boundingBox()];
  if (!a || !b) return false;
  const right = a.x + a.width <= b.x + b.width + 1;
  return a.x >= b.x - 1 && a.y >= b.y - 1 && right && a.y + a.height <= b.y + b.height + 1;
};

/** Whether a pointer at its middle points at it. */
const isOnTop = (one: Locator): Promise<boolean> =>
  one.evaluate((part) => {
    const { left, top, width, height } = part.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return there !== null && (part.contains(there) || there.contains(part));
  });

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
      // One thing is found: several are accepted by another button.
      if (await button('Accept').isVisible()) break;
    }
    await app.settleAnswer([420, 210], [560, 380]);
    for (const name of ['Edit the mask', 'The mask is right', 'The mask is wrong', 'Nothing matches']) {
      expect(await inside(button(name), answer())).toBe(true);
    }
    for (const word of ['Right', 'Wrong']) expect(await answer().getByText(word, { exact: true }).count()).toBe(3);
    expect(await app.page.locator('.tabler-icon-pencil').count()).toBe(1);
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
    await app.tool('Brush');
    const named = page.locator(':is(button, input, label, h1, .ellipsis, .number):visible');
    const tip = page.getByRole('tooltip');
    // A tip that is open now would wait for its end by the other clock.
    await page.mouse.move(300, 300);
    await expect.poll(() => tip.count()).toBe(0);
    // Most have no tip: the time in which one would open is told to have passed, and not waited for.
    await page.clock.install();
    let explained = 0;
    for (const part of await named.all()) {
      const a = await part.boundingBox();
      if (a === null || !(await isOnTop(part))) continue;
      await page.mouse.move(a.x + a.width / 2, a.y + a.height / 2);
      for (const ms of [400, 50]) await page.clock.runFor(ms);
      const b = (await tip.first().isVisible()) ? await tip.first().boundingBox() : null;
      await page.mouse.move(300, 300);
      await page.clock.runFor(100);
      await tip.waitFor({ state: 'detached' });
      if (b === null) continue;
      explained += 1;
      const beside = a.x + a.width <= b.x + 1 || b.x + b.width <= a.x + 1;
      const isClear = beside || a.y + a.height <= b.y + 1 || b.y + b.height <= a.y + 1;
      expect(isClear, `the tip of ${await part.evaluate((one) => one.outerHTML.slice(0, 200))}`).toBe(true);
    }
    expect(explained).toBeGreaterThan(30);
    await page.clock.resume();
  });

  it('shows no tip over what a button has opened', async () => {
    const { page } = app;
    const button = page.getByRole('button', { name: 'Prompts asked before' });
    await button.hover();
    await page.getByRole('tooltip').waitFor();
    await button.click();
    await page.getByRole('menuitem').first().waitFor();
    expect(await page.getByRole('tooltip').isVisible()).toBe(false);
    await page.keyboard.press('Escape');
  });

  it('colours by shape from the view menu, and shows there that it does', async () => {
    const { page } = app;
    const item = async (name: string) => {
      await page.getByRole('button', { name: 'Menu', exact: true }).click();
      await page.getByRole('menuitem', { name: 'View', exact: true }).hover();
      return page.getByRole('menuitemcheckbox', { name: new RegExp(`^${name}`, 'u') });
    };
    await app.tool('Freehand');
    for (const x of [60, 180]) {
      await app.drag([x, 440], [x + 90, 440], [x + 90, 530], [x, 530], [x, 440]);
      await app.saved();
    }
    await page.keyboard.press('Escape');
    await page.mouse.move(2, 2);
    const colours = async () => {
      const to = await app.mapping();
      await page.mouse.move(2, 2);
      const shots = [105, 225].map((x) => {
        const [left, top] = to([x, 485]);
        return page.screenshot({ clip: { x: left, y: top, width: 2, height: 2 } });
      });
      return (await Promise.all(shots)).map((shot) => shot.toString('base64'));
    };
    const byLabel = await colours();
    const byShape = await item('Colour by shape');
    expect(await byShape.getAttribute('aria-checked')).toBe('false');
    await byShape.click();
    await expect.poll(() => byShape.getAttribute('aria-checked')).toBe('true');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByRole('menu').first().waitFor({ state: 'detached' });
    expect(await colours()).not.toEqual(byLabel);
  });

  it('ends with a page that complained of nothing', () => expect(app.errors).toEqual([]));
});
