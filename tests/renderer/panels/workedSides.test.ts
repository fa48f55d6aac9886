import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Label, Shape } from '../../../main/contract/project.ts';
import { viewOfImage } from '../../../renderer/state/view.ts';
import { haveChromium } from '../../e2e/shells.ts';
import { eventually, putLabel, putShapes, type Worked, worked } from './worked.ts';

describe.runIf(haveChromium)('the right side worked by hand', () => {
  let at: Worked;
  let car: Label;
  let shapes: Shape[];
  beforeAll(async () => {
    at = await worked('sides', 3);
    car = await putLabel(at.client, 'car', { attributes: [{ name: 'wheels', kind: 'number' }] });
    shapes = await putShapes(at.client, at.imageId, car.id, 3);
    await rows().nth(2).waitFor();
  });
  afterAll(() => at?.close());

  const rows = () => at.page.getByRole('tree', { name: 'Shapes' }).getByRole('treeitem');
  const chosen = async () =>
    (
      await rows()
        .all()
        .then((all) => Promise.all(all.map((row) => row.getAttribute('aria-selected'))))
    ).flatMap((value, i) => (value === 'true' ? [i] : []));
  const detail = () => at.client.images.detail({ id: at.imageId });
  const stored = async (id: number) => (await detail()).shapes.find((shape) => shape.id === id);

  it('shapes lie in the list as on the picture, the topmost first', async () => {
    const ids = await rows().evaluateAll((all) => all.map(({ id }) => id));
    expect(ids).toEqual(shapes.map(({ id }) => `shape-row-${id}`).toReversed());
    expect(await rows().first().getAttribute('aria-setsize')).toBe('3');
    expect(await rows().first().innerText()).toContain('10×8');
  });

  it('clicks select one, Ctrl adds and takes away, Shift takes all between, arrows step', async () => {
    await rows().nth(0).click();
    await eventually(chosen).toEqual([0]);
    await rows()
      .nth(2)
      .click({ modifiers: ['Control'] });
    await eventually(chosen).toEqual([0, 2]);
    await rows()
      .nth(0)
      .click({ modifiers: ['Control'] });
    await eventually(chosen).toEqual([2]);
    await rows().nth(0).click();
    await rows()
      .nth(2)
      .click({ modifiers: ['Shift'] });
    await eventually(chosen).toEqual([0, 1, 2]);
    await rows().nth(1).click();
    await at.page.getByRole('tree', { name: 'Shapes' }).press('ArrowDown');
    await eventually(chosen).toEqual([2]);
  });

  /** Of the image's pixel, on the page; the image is fitted. */
  async function placeOf(x: number, y: number): Promise<[number, number]> {
    const room = await at.page.locator('[data-canvas]').boundingBox();
    if (room === null) throw new Error('no canvas');
    const view = viewOfImage({ width: 40, height: 30 }, room);
    return [room.x + view.x + x * view.scale, room.y + view.y + y * view.scale];
  }

  it('a right click on a shape selects it and opens its menu, which a press on the canvas closes', async () => {
    await at.page.mouse.click(...(await placeOf(12, 6)), { button: 'right' });
    await eventually(chosen).toEqual([0]);
    await at.page.getByRole('menuitem', { name: 'Lock or unlock shapes' }).click();
    await eventually(() => stored(shapes[2]?.id ?? 0)).toMatchObject({ locked: true });
    await at.page.mouse.click(...(await placeOf(12, 6)), { button: 'right' });
    await at.page.getByRole('menuitem', { name: 'Lock or unlock shapes' }).waitFor();
    // Beside the menu, which covers what is right of and below the place that it was asked for at.
    await at.page.mouse.click(...(await placeOf(4, 2)));
    await at.page.getByRole('menu', { name: 'Canvas menu' }).waitFor({ state: 'detached' });
    await at.button(/^Undo: /u).click();
    await eventually(() => stored(shapes[2]?.id ?? 0)).toMatchObject({ locked: false });
  });

  it('the menu is in the window as a whole, however low it was asked for', async () => {
    const [large, low] = [at.page.viewportSize() ?? { width: 1, height: 1 }, { width: 1000, height: 600 }];
    await at.page.setViewportSize(low);
    // The canvas follows its room.
    await eventually(async () => (await at.page.locator('[data-canvas]').boundingBox())?.height ?? 999).toBeLessThan(
      600,
    );
    await at.page.mouse.click(...(await placeOf(12, 6)), { button: 'right' });
    const menu = at.page.getByRole('menu', { name: 'Canvas menu' });
    await menu.getByRole('menuitem', { name: 'Fit the image' }).waitFor();
    await eventually(async () => {
      const box = await menu.boundingBox();
      return box && box.y >= 0 && box.y + box.height <= low.height;
    }).toBe(true);
    await at.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    await at.page.setViewportSize(large);
    await eventually(async () => (await at.page.locator('[data-canvas]').boundingBox())?.height ?? 0).toBeGreaterThan(
      600,
    );
  });

  it('a double click on a shape offers labels for it', async () => {
    await at.page.mouse.dblclick(...(await placeOf(12, 6)));
    await eventually(chosen).toEqual([0]);
    await at.page.getByRole('option', { name: 'car' }).waitFor();
    await at.page.keyboard.press('Escape');
    await at.page.getByRole('option', { name: 'car' }).waitFor({ state: 'hidden' });
  });

  it('an attribute is kept when its field is left, and taken away when it is emptied', async () => {
    await rows().nth(0).click();
    await at.field('wheels').fill('4');
    await at.field('wheels').press('Tab');
    await eventually(async () => (await stored(shapes[2]?.id ?? 0))?.attributes).toEqual({ wheels: 4 });
    await at.field('wheels').fill('');
    await at.field('wheels').press('Tab');
    await eventually(async () => (await stored(shapes[2]?.id ?? 0))?.attributes).toEqual({});
  });

  it('a shape is hidden, locked and deleted from its row; its row is not selected by that', async () => {
    await rows().nth(0).click();
    await rows().nth(1).getByRole('button', { name: 'Hide car' }).click();
    await rows().nth(1).getByRole('button', { name: 'Lock car' }).click();
    await eventually(() => stored(shapes[1]?.id ?? 0)).toMatchObject({ hidden: true, locked: true });
    await eventually(chosen).toEqual([0]);
    await rows().nth(1).getByRole('button', { name: 'Show car' }).waitFor();
    await rows().nth(2).getByRole('button', { name: 'Delete car' }).click();
    await eventually(() => rows().count()).toBe(2);
    await eventually(() => stored(shapes[0]?.id ?? 0)).toBeUndefined();
  });

  it('typing a new name makes a label and gives it to what is selected', async () => {
    await rows().nth(0).click();
    const picker = at.page.getByRole('textbox', { name: 'Label of the selected shapes' });
    await picker.click();
    await picker.fill('van');
    await at.page.getByRole('option', { name: 'New label “van”' }).click();
    await eventually(async () => (await at.client.project.labels()).map(({ name }) => name)).toContain('van');
    const van = (await at.client.project.labels()).find(({ name }) => name === 'van');
    await eventually(async () => (await stored(shapes[2]?.id ?? 0))?.labelId).toBe(van?.id);
  });

  it('the word on an image is given in the bar above, and undo takes it back', async () => {
    await at.button('Review: Unreviewed').click();
    await at.page.getByRole('menuitem', { name: 'Unclear' }).click();
    await at.button('Review: Unclear').waitFor();
    await eventually(async () => (await detail()).review.status).toBe('unclear');
    await at.button(/^Undo: /u).click();
    await at.button('Review: Unreviewed').waitFor();
    await eventually(async () => (await detail()).review.status).toBe('unreviewed');
  });

  it('images are searched, and shown all again', async () => {
    const images = at.page.getByRole('listbox', { name: 'Images' }).getByRole('option');
    await eventually(() => images.count()).toBe(3);
    await at.field('Search images by name').fill('SCENE2');
    await eventually(() => images.count()).toBe(1);
    await at.page.getByText('1 image of this kind').waitFor();
    await at.field('Search images by name').fill('nothing like it');
    await at.page.getByText('No image is of this kind.').waitFor();
    await at.button('Show all images').click();
    await eventually(() => images.count()).toBe(3);
    expect(await at.field('Search images by name').inputValue()).toBe('');
  });

  it('arrows and Enter open an image from the list', async () => {
    const list = at.page.getByRole('listbox', { name: 'Images' });
    await list.press('End');
    await list.press('Enter');
    await at.page.locator('.image-name').getByText('scene2.png').waitFor();
    await list.press('Home');
    await list.press('Enter');
    await at.page.locator('.image-name').getByText('scene0.png').waitFor();
    expect(await list.getByRole('option', { selected: true }).innerText()).toContain('scene0.png');
  });

  it('a prompt without an answer can be deleted', async () => {
    const { first: id } = await at.client.project.reserve({ count: 1 });
    const after = { id, imageId: at.imageId, text: 'the red car', points: [], box: null, correction: null };
    await at.client.edit.apply({ title: 'Ask', changes: [{ kind: 'prompt', id, before: null, after }] });
    const line = at.page.getByRole('list', { name: 'Prompts of this image' }).getByRole('listitem');
    await line
      .getByRole('button', { name: /the red car$/u })
      .first()
      .click();
    await at.page.getByText('No answer to this prompt was kept.').waitFor();
    await line.hover();
    await at.button('Delete the prompt the red car').click();
    await eventually(async () => (await detail()).prompts).toEqual([]);
  });

  it('the queue counts each kind, and starts with the one that is chosen', async () => {
    await at.page.getByRole('tab', { name: 'Review' }).click();
    await at.page.getByRole('radio', { name: 'Unreviewed 3' }).waitFor();
    await at.page.getByRole('radio', { name: 'Accepted 0' }).click();
    expect(await at.button('Start with 0 images').isDisabled()).toBe(true);
    await at.page.getByRole('radio', { name: 'Unreviewed 3' }).click();
    await at.button('Start with 3 images').click();
    await at.page.keyboard.press('Control+Enter');
    await at.page.getByText('1 of 3 (33 %)').waitFor();
    await at.page.getByRole('radio', { name: 'Accepted 1' }).waitFor();
    await eventually(async () => (await detail()).review.status).toBe('accepted');
  });

  it('the repair says what it is for while nothing was compared', async () => {
    await at.page.getByRole('tab', { name: 'Repair' }).click();
    await at.page.getByText('Nothing is left to judge.').or(at.page.getByText('Repair coarse masks')).first().waitFor();
    await at.page.getByRole('combobox', { name: 'Which masks' }).click();
    expect(await at.page.getByRole('option').allInnerTexts()).toEqual(['car', 'van']);
  });
});
