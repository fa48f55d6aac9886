// Models in Chromium: two folders of one name, a choice that ends nothing that is under way, and weights that the project has learnt.
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedWeights } from '../../../main/weights/embedded.ts';
import { haveChromium } from '../../e2e/shells.ts';
import { writeToy, writeToySam } from '../../weights/toyCheckpoint.ts';
import { eventually, type Worked, worked } from './worked.ts';

describe.runIf(haveChromium)('models', () => {
  let at: Worked;
  beforeAll(async () => {
    at = await worked('models', 1);
    const place = (...names: string[]) => path.join(at.folder, ...names);
    for (const name of ['large', 'small'])
      await at.client.models.import({ place: await writeToySam(place(name, 'sam2')) });
    await at.client.models.import({ place: await writeToy(place('Seg-Zero-3B'), { says: 'nothing' }) });
  });
  afterAll(() => at?.close());

  async function openModels() {
    await at.page.keyboard.press('Control+k');
    await at.page.getByRole('dialog', { name: 'All commands' }).locator('input:focus').waitFor();
    await at.page.keyboard.type('models');
    await at.page.locator('[data-selected]').filter({ hasText: 'Models' }).waitFor();
    await at.page.keyboard.press('Enter');
    const dialog = at.page.getByRole('dialog', { name: 'Models' });
    await dialog.getByRole('group', { name: 'loupe-nano' }).waitFor();
    return dialog;
  }

  it('of one name are told apart by the folder above, and why one does not run stands beside it', async () => {
    const dialog = await openModels();
    for (const name of ['sam2', 'small/sam2']) await dialog.getByRole('group', { name, exact: true }).waitFor();
    await at.button('Use Seg-Zero-3B for words').click();
    await dialog.getByText(/has no segmenter of its own/u).waitFor();
    await at.button('Use small/sam2 for clicks and boxes').click();
    await eventually(async () => (await at.client.model.status()).state).toBe('ready');
    await dialog.getByText(/has no segmenter of its own/u).waitFor({ state: 'detached' });
    await at.button('Use loupe-nano for words').click();
    await at.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('of a hidden folder are reached by its path, one of several files by itself, and a path that was not opened is not used', async () => {
    const cache = path.join(at.folder, '.cache', 'checkpoints');
    const sam = await writeToySam(cache);
    await copyFile(path.join(sam, 'sam2_toy.safetensors'), path.join(sam, 'sam2_other.safetensors'));
    const dialog = await openModels();
    const open = async (button: string) => {
      await at.button(button).click();
      await at.field('Path of the folder').fill(`${at.folder}/nowhere`);
      await at.field('Path of the folder').press('Enter');
      await at.page.getByText(/there is no such folder/u).waitFor();
      expect(await at.button(button === 'Add a file…' ? 'Use this file' : 'Use this folder').isDisabled()).toBe(true);
      await at.field('Path of the folder').fill(cache);
      await at.field('Path of the folder').press('Enter');
      await at.page.getByRole('button', { name: 'checkpoints', exact: true }).waitFor();
    };
    await open('Add a folder…');
    await at.button('Use this folder').click();
    await dialog.getByText(/holds several models .*; name the file of one/u).waitFor();
    await open('Add a file…');
    // Escape leaves the choice of a file and not what it is chosen for.
    await at.page.keyboard.press('Escape');
    await at.button('Use this file').waitFor({ state: 'detached' });
    expect(await dialog.isVisible()).toBe(true);
    await open('Add a file…');
    await at.button('sam2_other.safetensors').click();
    await at.button('Use this file').click();
    await dialog.getByRole('group', { name: 'sam2_other', exact: true }).waitFor();
    await at.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('that are none, or none for what they are chosen for, take the place of none that works', async () => {
    const pick = async (folder: string) => {
      await at.page.keyboard.press('q');
      await at.button('Choose the segmenter').click();
      await at.page.getByRole('menuitem', { name: 'A folder…' }).click();
      await at.field('Path of the folder').fill(folder);
      await at.field('Path of the folder').press('Enter');
      await at.page.getByRole('button', { name: path.basename(folder), exact: true }).waitFor();
      await at.button('Use this folder').click();
    };
    const before = await at.client.settings.read();
    await pick(path.join(at.folder, 'pictures'));
    await at.page.getByText(/holds neither/u).waitFor();
    await pick(path.join(at.folder, 'Seg-Zero-3B'));
    await at.page.getByText(/is there for words, not for clicks and boxes/u).waitFor();
    expect(await at.client.settings.read()).toEqual(before);
    await pick(path.join(at.folder, 'large', 'sam2'));
    await eventually(async () => (await at.client.settings.read()).segmenter).toBe(
      path.join(at.folder, 'large', 'sam2'),
    );
  });

  it('are chosen and the dialog is left by Escape without an end to what is being drawn', async () => {
    await at.page.keyboard.press('p');
    const box = await at.page.locator('.konvajs-content').first().boundingBox();
    if (!box) throw new Error('there is no canvas');
    const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
    for (const [x, y] of [[cx - 60, cy - 60] as const, [cx + 60, cy - 60] as const]) await at.page.mouse.click(x, y);
    const dialog = await openModels();
    await at.button('Use small/sam2 for clicks and boxes').click();
    await eventually(() => at.button('Use small/sam2 for clicks and boxes').isDisabled()).toBe(true);
    await at.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await at.page.mouse.click(cx, cy + 60);
    await at.page.keyboard.press('Enter');
    const drawn = async () => (await at.client.images.detail({ id: at.imageId })).shapes.length;
    await eventually(drawn).toBe(1);
  });

  it('that the project has learnt go before what is chosen until they are set aside', async () => {
    const project = at.host.project();
    const run = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    const folder = path.relative(path.dirname(project.file), embeddedWeights);
    const gate = {
      ...{ promoted: true, reason: 'Better.', gain: 0.1, low: 0.05, high: 0.2 },
      ...{ otherLabels: null, nothing: null, base: null },
    };
    const report = {
      ...{ tier: 'decoder' as const, samples: 1, before: null, after: null, gate, minutes: 1, peakMB: 1 },
      prompts: [],
    };
    project.finishRun(run.id, { report, held: [], taught: [], weights: { name: 'cats 1a2b3c4d', folder } });
    const dialog = await openModels();
    const notice = dialog.getByRole('status', { name: 'Learnt weights' });
    expect(await notice.innerText()).toContain('answers by cats 1a2b3c4d');
    await notice.getByRole('button', { name: 'Use the chosen weights' }).click();
    await notice.waitFor({ state: 'detached' });
    expect((await at.client.learning.state()).versions).toMatchObject([{ inUse: false }]);
    await at.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });
});
