// A window in Chromium on a host of the tests' own: panels worked by hand, the host asked what came of it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Label, Shape } from '../../../main/contract/project.ts';
import { buildParts } from '../../../tools/build.mjs';
import { PATIENCE } from '../../e2e/app.ts';
import { type Client, ended, type Hosted, hosted, paint } from '../../hosting.ts';

export interface Worked extends Hosted {
  readonly page: Page;
  readonly client: Client;
  /** Of the first image. */
  readonly imageId: number;
  button(name: string | RegExp): Locator;
  field(name: string): Locator;
  /** Opens a dialog by its keys, does the work in it and closes it. */
  during(chord: string, name: string, work: (dialog: Locator) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** A project with pictures of 40 x 30 called scene0.png, scene1.png …, the first one open. */
export async function worked(name: string, images: number): Promise<Worked> {
  await buildParts(['renderer'], { ifNeeded: true });
  const host = await hosted(name);
  const { client } = await host.call();
  const pictures = path.join(host.folder, 'pictures');
  mkdirSync(pictures);
  for (let i = 0; i < images; i++) await paint(path.join(pictures, `scene${i}.png`));
  await client.project.create({ file: path.join(pictures, `${name}.loupe`) });
  await ended(client, (await client.images.add({ paths: [pictures] })).id);
  const { rows } = await client.images.list({
    search: '',
    status: 'all',
    labelId: null,
    order: 'path',
    offset: 0,
    limit: 1,
  });
  const browser: Browser = await chromium.launch({
    ...{ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] },
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(host.serving.address);
  await page.locator('.image-name').getByText('scene0.png').waitFor();
  return {
    ...{ ...host, page, client, imageId: rows[0]?.id ?? 0 },
    button: (label) => page.getByRole('button', { name: label, exact: typeof label === 'string' }),
    field: (label) => page.getByRole('textbox', { name: label, exact: true }),
    during: async (chord, title, work) => {
      await page.keyboard.press(chord);
      const dialog = page.getByRole('dialog', { name: title });
      await dialog.waitFor();
      await work(dialog);
      await dialog.getByRole('button', { name: 'Close', exact: true }).first().click();
      await dialog.waitFor({ state: 'detached' });
    },
    close: async () => {
      await browser.close();
      await host.stop();
    },
  };
}

/** What the host or the page says comes to be so; on a busy machine that takes its time. */
export const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: PATIENCE / 2 });

/** As another window would do it. */
export async function putLabel(client: Client, name: string, also: Partial<Label> = {}): Promise<Label> {
  const { first: id } = await client.project.reserve({ count: 1 });
  const label: Label = { id, name, colour: '#e69f00', digit: null, attributes: [], place: id, ...also };
  await client.edit.apply({ title: 'Add a label', changes: [{ kind: 'label', id, before: null, after: label }] });
  return label;
}

/** A box of 10 x 8 pixels, each shape a little further to the right. */
export async function putShapes(client: Client, imageId: number, labelId: number, count: number): Promise<Shape[]> {
  const { first } = await client.project.reserve({ count });
  const shapes = Array.from(
    { length: count },
    (_, i): Shape => ({
      ...{ id: first + i, imageId, labelId, mask: null, box: { x1: i, y1: 2, x2: 10 + i, y2: 10 }, attributes: {} },
      ...{ crowd: false, hidden: false, locked: false, place: first + i, origin: { kind: 'drawn' as const } },
    }),
  );
  const changes = shapes.map((shape) => ({ kind: 'shape' as const, id: shape.id, before: null, after: shape }));
  await client.edit.apply({ title: 'Draw shapes', changes });
  return shapes;
}
