import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProject } from '../../main/store/project.ts';
import { type App, haveShell, PATIENCE, starts } from './app.ts';

describe.runIf(haveShell).each(starts)('correcting coarse ground truth ($shell)', ({ start }) => {
  let app: App;
  let project = '';
  beforeAll(async () => {
    app = await start({ prepare: (one) => one.project('repair.loupe', 'scenes') });
    project = app.file('scenes', 'repair.loupe');
    const file = app.file('scenes', 'coarse.json');
    writeFileSync(file, JSON.stringify(ofFirst(4, JSON.parse(readFileSync(file, 'utf8')))));
  });
  afterAll(() => app?.stop());

  it('imports coarse masks, compares, and judges the worst first by one key each', async () => {
    const { page } = app;
    await app.scene('scene-01.jpg');
    await app.importFrom(app.file('scenes', 'coarse.json'));
    await page.getByRole('tab', { name: 'Repair' }).click();
    const order = page.getByLabel('Sorted by').first();
    expect(await order.inputValue()).toBe('Expected gain');
    await order.click();
    await page.getByRole('option', { name: 'How much the masks differ' }).click();
    await page.getByRole('button', { name: 'Compare with the model' }).click();
    const repair = page.getByRole('region', { name: 'Repair' });
    await repair.getByText(/% different/u).waitFor({ timeout: 5 * PATIENCE });
    expect(await inSight(app)).toBe(true);
    const total = await progress(app);
    const different: number[] = [];
    for (const key of ['r', 'k', 'r']) {
      different.push(await difference(app));
      expect(await primary(app)).toEqual(await expected(app));
      const { at } = await progress(app);
      await page.keyboard.press(key);
      await expect.poll(async () => (await progress(app)).at, { timeout: PATIENCE }).toBe(at + 1);
    }
    expect(different).toEqual([...different].sort((a, b) => b - a));
    expect((await progress(app)).of).toBe(total.of);

    await page.keyboard.press('e');
    await repair.getByRole('button', { name: /Done editing|Done, next pair/u }).waitFor();
    await app.saved();
    expect(app.errors).toEqual([]);
  }, 600_000);

  it('has stored the proposals that replaced a mask, and left every other mask as it was', async () => {
    await app.kill();
    const coarse = app.json<{ annotations: { segmentation: { counts: string } }[] }>('scenes', 'coarse.json');
    const known = new Set(coarse.annotations.map(({ segmentation }) => segmentation.counts));
    const opened = openProject(project);
    try {
      const shapes = [...opened.allImages()].flatMap(({ id }) => opened.detail(id)?.shapes ?? []);
      expect(shapes).toHaveLength(coarse.annotations.length);
      expect(shapes.filter(({ mask }) => !known.has(mask?.counts ?? ''))).toHaveLength(2);
    } finally {
      opened.close();
    }
  });
});

interface Coco {
  readonly images: readonly { readonly id: number }[];
  readonly annotations: readonly { readonly image_id: number }[];
}

/** Of the first pictures alone: each mask that is compared takes its time. */
function ofFirst(count: number, coco: Coco): Coco {
  const images = coco.images.slice(0, count);
  const ids = new Set(images.map(({ id }) => id));
  return { ...coco, images, annotations: coco.annotations.filter(({ image_id }) => ids.has(image_id)) };
}

/** The verdicts that the eye falls on. */
async function primary(app: App): Promise<string[]> {
  const found: string[] = [];
  for (const name of ['Keep', 'Replace', 'Edit', 'Later']) {
    const button = app.page
      .getByRole('region', { name: 'Repair' })
      .getByRole('button', { name: new RegExp(`^${name}`, 'u') });
    if ((await button.getAttribute('data-variant')) === 'filled') found.push(name);
  }
  return found;
}

/** Whether every verdict lies in the window, above the status bar. */
async function inSight(app: App): Promise<boolean> {
  const end = (await app.page.locator('.status-bar').boundingBox())?.y ?? 0;
  const region = app.page.getByRole('region', { name: 'Repair' });
  const boxes = await Promise.all(
    ['Keep', 'Replace', 'Edit', 'Later'].map((name) =>
      region.getByRole('button', { name: new RegExp(`^${name}`, 'u') }).boundingBox(),
    ),
  );
  return boxes.every((box) => box !== null && box.y + box.height <= end);
}

/** By what the panel says of the proposal. */
async function expected(app: App): Promise<string[]> {
  const words = await app.page.getByRole('region', { name: 'Repair' }).innerText();
  if (words.includes('is likely better')) return ['Replace'];
  return words.includes('is likely as good') ? ['Keep'] : [];
}

/** "4 of 60" of the pairs. */
async function progress(app: App): Promise<{ at: number; of: number }> {
  const words = await app.page.getByRole('region', { name: 'Repair' }).innerText();
  const [, at, of] = /([\d,]+) of ([\d,]+)/u.exec(words) ?? [];
  return { at: Number(at?.replaceAll(',', '')), of: Number(of?.replaceAll(',', '')) };
}

async function difference(app: App): Promise<number> {
  const words = await app.page.getByRole('region', { name: 'Repair' }).innerText();
  return Number(/([\d.]+)\s?% different/u.exec(words)?.[1]);
}
