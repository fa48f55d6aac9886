import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CommandId, commands } from '../../../main/contract/commands.ts';
import type { Label } from '../../../main/contract/project.ts';
import { unpackMask } from '../../../main/contract/project.ts';
import { maskArea } from '../../../main/contract/rle.ts';
import { rememberTools } from '../../../renderer/state/commandActions.ts';
import { commandOf, isAvailable, needed, pressKey, runCommand } from '../../../renderer/state/commands.ts';
import type { Focus, Pressed } from '../../../renderer/state/keymap.ts';
import { emptyWorkbench } from '../../../renderer/state/workbench.ts';
import { addLabel, draw, type Windowed, waitFor, windowed } from '../windowed.ts';

let window: Windowed;
let car: Label;
let dog: Label;

const state = () => window.client.store.getState();
const run = (id: CommandId) => runCommand(id, window.context);
const shapes = () => [...(state().open?.shapes.values() ?? [])];

beforeAll(async () => {
  window = await windowed('commands', 3);
  car = await addLabel(window, 'car');
  dog = await addLabel(window, 'dog');
}, 30_000);

afterAll(() => window.close());

beforeEach(async () => {
  await window.client.actions.first();
  await window.client.actions.remove(shapes().map(({ id }) => id));
  window.client.store.setState({ selected: new Set(), dialog: null, side: 'images', tool: 'select', notice: null });
  window.seen.length = 0;
});

const left = { x1: 0, y1: 0, x2: 10, y2: 10 };
const right = { x1: 6, y1: 0, x2: 16, y2: 10 };

async function twoSelected() {
  const [a, b] = [await draw(window, car.id, left), await draw(window, car.id, right)];
  window.client.actions.select([a.id, b.id]);
  return [a, b] as const;
}

const press = (key: string, code: string, held = '', focus: Focus = 'free'): boolean => {
  const pressed: Pressed = {
    ...{ key, code, ctrlKey: held.includes('c'), metaKey: false, altGraph: false },
    ...{ altKey: held.includes('a'), shiftKey: held.includes('s') },
  };
  return pressKey(pressed, focus, window.context);
};

describe('what can be done', () => {
  it('is little without a project, and said', async () => {
    const possible = commands.filter((command) => isAvailable(command, emptyWorkbench)).map(({ id }) => id);
    expect(possible).toContain('project.open');
    expect(possible).not.toContain('edit.undo');
    await run('mask.union');
    expect(state().notice).toMatchObject({ tone: 'plain', text: needed.shapes });
  });

  it('knows the ids of the table and no others', () => {
    expect(commandOf('tool.brush')?.title).toBe('Brush');
    expect(commandOf('tool.of an older shell')).toBeUndefined();
  });
});

describe('keys', () => {
  it('do commands on the page, and none in text, dialogs and menus', () => {
    expect(press('b', 'KeyB')).toBe(true);
    expect(state().tool).toBe('brush');
    for (const focus of ['text', 'away'] as const) expect(press('e', 'KeyE', '', focus)).toBe(false);
    window.client.store.setState({ dialog: 'help' });
    expect(press('e', 'KeyE')).toBe(false);
    expect(state().tool).toBe('brush');
  });

  it('keep the browser from Ctrl chords of ours even when they do nothing', () => {
    expect(press('d', 'KeyD', 'c')).toBe(true);
    expect(press('Delete', 'Delete')).toBe(false);
    expect(press('q', 'KeyQ', 'ca')).toBe(false);
  });

  it('follow what the person has set', () => {
    window.client.store.setState(({ settings }) => ({ settings: { ...settings, rebound: { 'tool.eraser': 'Y' } } }));
    press('y', 'KeyY');
    expect(state().tool).toBe('eraser');
    window.client.store.setState(({ settings }) => ({ settings: { ...settings, rebound: {} } }));
    expect(press('y', 'KeyY')).toBe(false);
  });

  it('mean the repair while a pair is on screen', () => {
    const pair = {
      shapeId: 1,
      imageId: state().open?.image.id ?? 0,
      mask: { size: [1, 1] as [number, number], counts: '01' },
    };
    const { repair } = state();
    window.client.store.setState({
      side: 'repair',
      repair: { ...repair, stage: 'judging', pair: { ...pair, weights: 'nano', disagreement: 1 } },
    });
    press('e', 'KeyE');
    expect(state().tool).toBe('select');
    window.client.store.setState({ side: 'images', repair });
    press('e', 'KeyE');
    expect(state().tool).toBe('eraser');
  });

  it('step out one thing at a time by Esc', async () => {
    await twoSelected();
    press('b', 'KeyB');
    press('Escape', 'Escape');
    expect(state()).toMatchObject({ tool: 'brush', selected: new Set() });
    press('Escape', 'Escape');
    expect(state().tool).toBe('select');
    press('Enter', 'Enter');
    press('Backspace', 'Backspace');
    press('/', 'Slash');
    expect(window.seen).toEqual(['finish', 'back', 'focus the prompt']);
  });
});

describe('tools', () => {
  it('go back to the one before, however it was taken up', async () => {
    const forget = rememberTools(window.client);
    window.client.store.setState({ tool: 'polygon' });
    window.client.store.setState({ tool: 'select' });
    await run('tool.last');
    expect(state().tool).toBe('polygon');
    await run('tool.last');
    expect(state().tool).toBe('select');
    forget();
  });

  it('grow and shrink by at least half a pixel, within bounds', async () => {
    window.client.store.setState({ brush: 1 });
    await run('tool.larger');
    expect(state().brush).toBe(1.5);
    for (let i = 0; i < 60; i++) await run('tool.larger');
    expect(state().brush).toBe(1000);
    for (let i = 0; i < 80; i++) await run('tool.smaller');
    expect(state().brush).toBe(0.5);
  });
});

describe('shapes', () => {
  it('are united as one step of undo', async () => {
    const [a] = await twoSelected();
    await run('mask.union');
    expect(shapes().map(({ id, mask }) => [id, mask && maskArea(unpackMask(mask))])).toEqual([[a.id, 160]]);
    expect([...state().selected]).toEqual([a.id]);
    await run('edit.undo');
    expect(shapes()).toHaveLength(2);
  });

  it('say why they cannot be intersected', async () => {
    const a = await draw(window, car.id, left);
    const b = await draw(window, car.id, { x1: 20, y1: 20, x2: 30, y2: 30 });
    window.client.actions.select([a.id, b.id]);
    await run('mask.intersect');
    expect(state().notice).toMatchObject({ tone: 'bad', text: 'Nothing would be left of the mask.' });
  });

  it('are copied, pasted, duplicated and carried to the next image', async () => {
    await twoSelected();
    await run('edit.copy');
    await run('edit.paste');
    expect(shapes()).toHaveLength(4);
    expect(state().selected.size).toBe(2);
    await run('edit.duplicate');
    expect(shapes()).toHaveLength(6);
    const here = state().open?.image.id;
    await run('edit.pasteNext');
    expect(state().open?.image.id).not.toBe(here);
    expect(shapes().map(({ box }) => box)).toEqual([left, right]);
    await window.client.edits.settled();
    expect(state().saving.state).toBe('saved');
    await window.client.actions.remove(shapes().map(({ id }) => id));
  });

  it('get the label of a digit, or it becomes the one for new shapes', async () => {
    await twoSelected();
    press('2', 'Digit2');
    await waitFor(window.client, () => shapes().every(({ labelId }) => labelId === dog.id));
    await run('label.9');
    expect(state().notice?.text).toContain('No label has the key 9');
  });

  it('are selected one after another, in the order in which they lie', async () => {
    const [a, b] = await twoSelected();
    window.client.actions.select([]);
    for (const id of [a.id, b.id, a.id]) {
      await run('edit.nextShape');
      expect([...state().selected]).toEqual([id]);
    }
    await run('edit.previousShape');
    expect([...state().selected]).toEqual([b.id]);
  });

  it('change places, hide and lock', async () => {
    const [a, b] = await twoSelected();
    window.client.actions.select([a.id]);
    await run('shape.raise');
    const place = (id: number) => state().open?.shapes.get(id)?.place ?? 0;
    expect(place(a.id)).toBeGreaterThan(place(b.id));
    await run('shape.hide');
    await run('shape.lock');
    expect(state().open?.shapes.get(a.id)).toMatchObject({ hidden: true, locked: true });
    await run('edit.delete');
    expect(state().open?.shapes.has(a.id)).toBe(true);
    await run('shape.showAll');
    await run('shape.lock');
    expect(state().open?.shapes.get(a.id)).toMatchObject({ hidden: false, locked: false });
  });
});

describe('images and review', () => {
  it('are stepped through, and the ends are said', async () => {
    await run('image.previous');
    expect(state().notice?.text).toBe('This is the first image of the list.');
    await run('image.next');
    await run('image.next');
    await run('image.next');
    expect(state().notice?.text).toBe('This is the last image of the list.');
  });

  it('are accepted with one key that goes on', async () => {
    const first = state().open?.image.id ?? 0;
    press('Enter', 'Enter', 'c');
    await waitFor(window.client, ({ open }) => open?.image.id !== first);
    await window.client.edits.settled();
    expect((await window.client.host.images.detail({ id: first })).review.status).toBe('accepted');
    await window.client.actions.openImage(first);
    await run('review.reopen');
    expect(state().open?.review.status).toBe('unreviewed');
  });
});

describe('the window', () => {
  it.each<[CommandId, string]>([
    ['project.import', 'import'],
    ['project.labels', 'labels'],
    ['project.saveCopy', 'save copy'],
    ['app.palette', 'commands'],
    ['app.keys', 'keys'],
    ['app.models', 'models'],
  ])('%s opens a dialog', async (id, dialog) => {
    await run(id);
    expect(state().dialog).toBe(dialog);
  });

  it('keeps what is set, on this machine', async () => {
    await run('view.theme');
    await run('view.stronger');
    expect(await window.client.host.settings.read()).toMatchObject({ theme: 'dark', maskOpacity: 0.5 });
  });

  it('zooms to the image, the selection and a hundred percent', async () => {
    await twoSelected();
    await run('view.selection');
    expect(state().view.scale).toBeCloseTo(0.8 * 50);
    await run('view.actual');
    expect(state().view.scale).toBe(1);
    await run('view.fit');
    expect(state().view.scale).toBeCloseTo(8);
    await run('view.in');
    expect(state().view.scale).toBeCloseTo(10);
  });

  it('says that everything is saved', async () => {
    await run('project.save');
    expect(state().notice).toMatchObject({ tone: 'good', text: expect.stringContaining('Everything is saved.') });
  });
});
