import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder, projectFileIn } from '../../../../renderer/panels/window/openFolder.ts';
import { ended, paint } from '../../../hosting.ts';
import { type Windowed, waitFor, windowed } from '../../windowed.ts';

describe('a folder of images as a project', () => {
  let window: Windowed;
  beforeAll(async () => {
    window = await windowed('folders', 1);
  });
  afterAll(() => window?.close());

  const folderOf = async (name: string, images: number) => {
    const folder = path.join(window.folder, name);
    mkdirSync(folder);
    for (let i = 0; i < images; i++) await paint(path.join(folder, `${i}.png`));
    return folder;
  };
  const finished = async () => {
    const { client } = await window.call();
    for (const { id } of await client.jobs.list()) await ended(client, id);
  };

  it('is made beside the images, and has them', async () => {
    const folder = await folderOf('cars', 2);
    expect(await openFolder(window.client, folder)).toBe(true);
    await waitFor(window.client, ({ project }) => project?.name === 'cars' && project.images === 2);
    await finished();
    expect(existsSync(path.join(folder, 'cars.loupe'))).toBe(true);
  });

  it('is opened again with everything in it', async () => {
    const folder = path.join(window.folder, 'cars');
    const id = await window.client.actions.createLabel('van');
    await window.client.edits.settled();
    await openFolder(window.client, await folderOf('other', 1));
    await waitFor(window.client, ({ project }) => project?.name === 'other');
    await finished();
    expect(await openFolder(window.client, folder)).toBe(true);
    await waitFor(window.client, ({ project, labels }) => project?.name === 'cars' && labels.size > 0);
    expect(window.client.store.getState().labels.get(id ?? 0)?.name).toBe('van');
    expect(window.client.store.getState().project?.images).toBe(2);
  });

  it('that cannot be read is refused, and what is open stays open', async () => {
    const before = window.client.store.getState().project?.file;
    await expect(openFolder(window.client, path.join(window.folder, 'nowhere'))).rejects.toThrow(/nowhere/u);
    expect(window.client.store.getState().project?.file).toBe(before);
    expect(existsSync(projectFileIn(path.join(window.folder, 'nowhere')))).toBe(false);
  });
});
