import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropped } from '../../../../renderer/panels/window/droppedFiles.ts';
import { paint } from '../../../hosting.ts';
import { type Windowed, waitFor, windowed } from '../../windowed.ts';

let window: Windowed;
const state = () => window.client.store.getState();

beforeAll(async () => {
  window = await windowed('drops', 1);
}, 30_000);
afterAll(() => window.close());

describe('what is dropped on the window', () => {
  it('is added where a project is open', async () => {
    const folder = path.join(window.folder, 'dropped');
    mkdirSync(folder);
    await paint(path.join(folder, 'more.png'));
    expect(await dropped(window.client, [folder])).toBe(true);
    await waitFor(window.client, ({ project }) => project?.images === 2);
  });

  it('becomes a project where none is, and the same one the next time', async () => {
    const folder = path.join(window.folder, 'cars');
    mkdirSync(folder);
    await paint(path.join(folder, 'car.png'));
    await window.client.actions.closeProject();
    expect(await dropped(window.client, [folder])).toBe(true);
    expect(state().project?.file).toBe(path.join(folder, 'cars.loupe'));
    await waitFor(window.client, ({ open }) => open?.image.path === 'car.png');
    await window.client.actions.closeProject();
    expect(await dropped(window.client, [folder])).toBe(true);
    expect(state().project?.images).toBe(1);
  });

  it('is opened where it is a project', async () => {
    await window.client.actions.closeProject();
    expect(await dropped(window.client, [path.join(window.folder, 'drops.loupe')])).toBe(true);
    expect(state().project?.name).toBe('drops');
    await window.client.actions.closeProject();
    expect(await dropped(window.client, [])).toBe(false);
  });
});
