// What commands do, one by one: those that change the window alone, and those that end in a sentence.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CommandId, commands } from '../../../main/contract/commands.ts';
import { type Label, packMask, type Shape, unpackMask } from '../../../main/contract/project.ts';
import { maskArea } from '../../../main/contract/rle.ts';
import { toolNames, tools } from '../../../main/contract/tools.ts';
import { type CommandContext, commandActions } from '../../../renderer/state/commandActions.ts';
import { isChecked, runCommand } from '../../../renderer/state/commands.ts';
import { digits } from '../../../renderer/state/labelEdits.ts';
import type { DialogName } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';
import { proposed } from '../proposed.ts';
import { addLabel, draw, type Windowed, windowed } from '../windowed.ts';

let window: Windowed;
let car: Label;

const state = () => window.client.store.getState();
const set = (change: Parameters<typeof window.client.store.setState>[0]) => window.client.store.setState(change);
const run = (id: CommandId, context: CommandContext = window.context) => runCommand(id, context);
const shapes = () => [...(state().open?.shapes.values() ?? [])];
const box = { x1: 4, y1: 4, x2: 14, y2: 14 };

beforeAll(async () => {
  window = await windowed('runs', 2);
  car = await addLabel(window, 'car');
}, 60_000);
afterAll(() => window.close());
beforeEach(async () => {
  const locked = shapes().filter((one) => one.locked);
  if (locked.length > 0)
    await window.client.actions.toggleFlag(
      locked.map(({ id }) => id),
      'locked',
    );
  if (shapes().length > 0) await window.client.actions.remove(shapes().map(({ id }) => id));
  set({ selected: new Set(), dialog: null, side: 'images', tool: 'select', notice: null, copied: [] });
  window.seen.length = 0;
});

async function drawn(count: number): Promise<Shape[]> {
  const made: Shape[] = [];
  for (let i = 0; i < count; i++) made.push(await draw(window, car.id, { ...box, x2: box.x2 + i }));
  return made;
}

describe('every command', () => {
  it('has something to do', () => {
    expect(Object.keys(commandActions).toSorted()).toEqual(commands.map(({ id }) => id).toSorted());
  });

  it.each<[CommandId, DialogName]>([
    ['project.new', 'new project'],
    ['project.open', 'open project'],
    ['project.addImages', 'add images'],
    ['project.export', 'export'],
    ['project.exportTrainer', 'trainer'],
    ['project.verify', 'verify'],
    ['project.teach', 'teach'],
    ['project.rewards', 'rewards'],
    ['project.jobs', 'jobs'],
    ['prompt.all', 'prompt all'],
    ['app.settings', 'settings'],
    ['app.help', 'help'],
  ])('%s opens a dialog and does nothing else', async (id, dialog) => {
    const before = state();
    await run(id);
    expect(state()).toEqual({ ...before, dialog });
  });

  it.each(toolNames.map((name) => [tools[name].command, name] as const))(
    '%s takes up a tool and keeps the selection',
    async (id, tool) => {
      const [one] = await drawn(1);
      set({ selected: new Set([one?.id ?? 0]), tool: tool === 'select' ? 'brush' : 'select', combine: 'add' });
      await run(id);
      expect(state()).toMatchObject({ tool, combine: 'new' });
      expect(state().selected.size).toBe(1);
    },
  );
});

describe('tools', () => {
  it.each([null, 'hammer', ''])('go back to the brush where %j is remembered', async (remembered) => {
    if (remembered !== null) window.client.memory.write('tool before', remembered);
    await run('tool.last');
    expect(state().tool).toBe('brush');
  });

  it('colour by label, by shape and by review, and the menu shows which', async () => {
    for (const [id, colourBy] of [
      ['view.byShape', 'object'],
      ['view.byReview', 'review'],
      ['view.byLabel', 'label'],
    ] as const) {
      await run(id);
      expect(state().settings.colourBy).toBe(colourBy);
      expect(
        (['view.byLabel', 'view.byShape', 'view.byReview'] as const).filter((one) => isChecked(one, state())),
      ).toEqual([id]);
    }
    await run('view.byShape');
    await run('view.byShape');
    expect(state().settings.colourBy).toBe('label');
    expect(isChecked('edit.undo', state())).toBeNull();
  });

  it('say what is missing where no one shape can be the answer', async () => {
    const [one, two] = await drawn(2);
    set({ selected: new Set([one?.id ?? 0, two?.id ?? 0]), promptId: null });
    await run('answer.shape');
    expect(state().notice?.text).toMatch(/the one shape/u);
    set({ selected: new Set([one?.id ?? 0]) });
    await run('answer.shape');
    expect(state().notice?.text).toBe('Ask a prompt first.');
  });

  it.each([
    ['tool.add', 'add'],
    ['tool.subtract', 'subtract'],
    ['tool.new', 'new'],
  ] as const)('%s sets what drawing does and leaves the tool', async (id, combine) => {
    set({ tool: 'polygon', combine: combine === 'new' ? 'add' : 'new' });
    await run(id);
    expect(state()).toMatchObject({ tool: 'polygon', combine });
  });

  it('tolerate from 0 to 255', async () => {
    set({ wandTolerance: 24 });
    await run('tool.moreTolerant');
    expect(state().wandTolerance).toBe(28);
    for (let i = 0; i < 70; i++) await run('tool.moreTolerant');
    expect(state().wandTolerance).toBe(255);
    for (let i = 0; i < 70; i++) await run('tool.lessTolerant');
    expect(state().wandTolerance).toBe(0);
  });

  it('get Enter and Backspace before anything else, and Escape first for what is in progress', async () => {
    let cancelled = 0;
    const gesture = { finish: () => true, back: () => true, cancel: () => ++cancelled === 1 };
    const context = { ...window.context, screen: { ...window.context.screen, gesture } };
    const [one] = await drawn(1);
    set({ selected: new Set([one?.id ?? 0]), tool: 'polygon' });
    await run('tool.cancel', context);
    expect(state()).toMatchObject({ tool: 'polygon' });
    expect(state().selected.size).toBe(1);
    await run('tool.cancel', context);
    expect(state().selected.size).toBe(0);
    await run('tool.cancel', context);
    expect(state().tool).toBe('select');
  });

  it('leave an answer that is being written before the selection', async () => {
    const [one] = await drawn(1);
    const writing = { promptId: 1, texts: [''], boxes: [[]], frame: null };
    set({ selected: new Set([one?.id ?? 0]), asking: true, writing });
    await run('tool.cancel');
    expect(state()).toMatchObject({ asking: false, writing: null });
    expect(state().selected.size).toBe(1);
  });
});

describe('the view', () => {
  it('turns masks, labels and the layout', async () => {
    const { masksShown, labelsShown, layoutVersion } = state();
    for (const id of ['view.masks', 'view.labels', 'view.reset'] as const) await run(id);
    expect(state()).toMatchObject({
      masksShown: !masksShown,
      labelsShown: !labelsShown,
      layoutVersion: layoutVersion + 1,
    });
    for (const id of ['view.masks', 'view.labels'] as const) await run(id);
    expect(state()).toMatchObject({ masksShown, labelsShown });
  });

  it('zooms in and out about the middle of the canvas, within bounds', async () => {
    set({ view: { scale: 1, x: 0, y: 0 }, canvas: { width: 800, height: 600 } });
    await run('view.in');
    await run('view.out');
    expect(state().view.scale).toBeCloseTo(1);
    expect(state().view.x).toBeCloseTo(0);
    for (let i = 0; i < 40; i++) await run('view.in');
    expect(state().view.scale).toBe(64);
    for (let i = 0; i < 80; i++) await run('view.out');
    expect(state().view.scale).toBe(0.01);
  });

  it('makes masks more and less opaque in steps of a twentieth, from nothing to all', async () => {
    set(({ settings }) => ({ settings: { ...settings, maskOpacity: 0.93 } }));
    for (const wanted of [1, 1]) {
      await run('view.stronger');
      expect(state().settings.maskOpacity).toBe(wanted);
    }
    set(({ settings }) => ({ settings: { ...settings, maskOpacity: 0.07 } }));
    for (const wanted of [0, 0]) {
      await run('view.weaker');
      expect(state().settings.maskOpacity).toBe(wanted);
    }
  });

  it('changes to the light where the dark is shown', async () => {
    const screen = { ...window.context.screen, isDark: () => true };
    await run('view.theme', { ...window.context, screen });
    expect(state().settings.theme).toBe('light');
    expect((await window.client.host.settings.read()).theme).toBe('light');
  });

  it('fits all selected shapes', async () => {
    const [a] = await drawn(1);
    const b = await draw(window, car.id, { x1: 30, y1: 20, x2: 40, y2: 30 });
    set({ selected: new Set([a?.id ?? 0, b.id]), canvas: { width: 800, height: 600 } });
    await run('view.selection');
    const { scale, x, y } = state().view;
    expect([22 * scale + x, 17 * scale + y]).toEqual([400, 300]);
    expect(scale).toBeCloseTo(0.8 * Math.min(800 / 36, 600 / 26));
  });

  it('shows the review and the repair beside the image', async () => {
    await run('review.queue');
    expect(state().side).toBe('review');
    await run('repair.open');
    expect(state().side).toBe('repair');
  });
});

describe('shapes', () => {
  it('are selected all, and one after the other without those that are hidden', async () => {
    const [a, b, c] = await drawn(3);
    await run('edit.selectAll');
    expect(state().selected).toEqual(new Set([a?.id, b?.id, c?.id]));
    await window.client.actions.toggleFlag([b?.id ?? 0], 'hidden');
    set({ selected: new Set([a?.id ?? 0]) });
    await run('edit.nextShape');
    expect([...state().selected]).toEqual([c?.id]);
    await run('edit.previousShape');
    expect([...state().selected]).toEqual([a?.id]);
    set({ selected: new Set() });
    await run('edit.previousShape');
    expect([...state().selected]).toEqual([c?.id]);
  });

  it('where there are none leave the selection alone', async () => {
    await run('edit.nextShape');
    expect(state().selected.size).toBe(0);
    expect(state().notice).toBeNull();
  });

  it.each([
    [1, 'One shape is copied.'],
    [3, '3 shapes are copied.'],
  ])('%i of them copied are counted', async (count, sentence) => {
    set({ selected: new Set((await drawn(count)).map(({ id }) => id)) });
    await run('edit.copy');
    expect(state().notice?.text).toBe(sentence);
    expect(state().copied).toHaveLength(count);
  });

  it('are pasted on top, as shapes that a person drew, and only as far as they fit', async () => {
    const [a] = await drawn(1);
    if (!a) throw new Error('nothing was drawn');
    const outside = { ...a, mask: null, box: { x1: 100, y1: 100, x2: 120, y2: 120 } };
    set({ copied: [{ ...a, origin: { kind: 'imported', file: 'x.json' } }, outside] });
    await run('edit.paste');
    expect(shapes()).toHaveLength(2);
    const pasted = shapes().at(-1);
    expect(pasted).toMatchObject({ origin: { kind: 'drawn' }, box: a.box });
    expect(pasted?.place).toBeGreaterThan(a.place);
    set({ copied: [outside] });
    await run('edit.paste');
    expect(state().notice?.text).toBe('The shapes lie outside of this image.');
    expect(shapes()).toHaveLength(2);
  });

  it('cannot be copied to an image after the last', async () => {
    await run('image.next');
    await draw(window, car.id, box);
    set({ selected: new Set(shapes().map(({ id }) => id)) });
    await run('edit.pasteNext');
    expect(state().notice?.text).toBe('This is the last image of the list.');
    expect(shapes()).toHaveLength(1);
    await window.client.actions.remove(shapes().map(({ id }) => id));
    await run('image.first');
    expect(state().position?.index ?? 0).toBe(0);
  });

  it('that are all locked are not deleted, and that is said', async () => {
    const ids = (await drawn(2)).map(({ id }) => id);
    await window.client.actions.toggleFlag(ids, 'locked');
    set({ selected: new Set(ids) });
    await run('edit.delete');
    expect(state().notice?.text).toBe('What is selected is locked.');
    expect(shapes()).toHaveLength(2);
  });

  it('are subtracted from the first that was selected; the others stay, and stay selected', async () => {
    const [a, b] = await drawn(2);
    set({ selected: new Set([b?.id ?? 0, a?.id ?? 0]) });
    await run('mask.subtract');
    await window.client.edits.settled();
    const areas = shapes().map(({ id, mask }) => [id, mask ? maskArea(unpackMask(mask)) : 0]);
    expect(areas).toEqual([
      [a?.id, 100],
      [b?.id, 10],
    ]);
    expect(state().selected.size).toBe(2);
  });

  it.each(['mask.fillHoles', 'mask.removeSpecks', 'mask.smooth'] as const)(
    '%s says where nothing was to be done, and why it could not be',
    async (id) => {
      const [a] = await drawn(1);
      set({ selected: new Set([a?.id ?? 0]) });
      await run(id);
      expect(state().notice).toMatchObject({ tone: 'plain', text: 'The mask stays as it is.' });
      await window.client.actions.toggleFlag([a?.id ?? 0], 'locked');
      await run(id);
      expect(state().notice).toMatchObject({ tone: 'bad', text: expect.stringContaining('not locked') });
    },
  );

  it('are made over by what the page lends', async () => {
    const [a] = await drawn(1);
    set({ selected: new Set([a?.id ?? 0]) });
    const masks = { ...window.context.screen.masks, smooth: () => block({ ...box, x2: 9 }) };
    await run('mask.smooth', { ...window.context, screen: { ...window.context.screen, masks } });
    expect(shapes()[0]).toMatchObject({ box: { ...box, x2: 9 }, mask: packMask(block({ ...box, x2: 9 })) });
    expect(state().project?.undo).toBe('Smooth the outline');
  });
});

describe('labels by digits', () => {
  it('are given to what is selected, and said where there is none', async () => {
    const [a] = await drawn(1);
    const bus = await addLabel(window, 'bus');
    set({ selected: new Set([a?.id ?? 0]) });
    await run(`label.${digits[1]}`);
    expect(shapes()[0]?.labelId).toBe(bus.id);
    for (const digit of digits.slice(2)) {
      await run(`label.${digit}`);
      expect(state().notice?.text).toContain(`No label has the key ${digit}.`);
    }
    expect(shapes()[0]?.labelId).toBe(bus.id);
  });
});

describe('prompts and review', () => {
  it('lead to the place to write where nothing was asked yet', async () => {
    set({ promptId: null });
    await run('prompt.ask');
    await run('prompt.focus');
    expect(window.seen).toEqual(['focus the prompt', 'focus the prompt']);
  });

  it('ask again for as many answers as are chosen', async () => {
    const id = await window.client.edits.id();
    const imageId = state().open?.image.id ?? 0;
    const prompt = { id, imageId, text: 'cars', points: [], box: null, correction: null };
    await window.client.edits.commit({ title: 'Ask', changes: [{ kind: 'prompt', id, before: null, after: prompt }] });
    window.client.actions.choosePrompt(id);
    set({ samples: 4 });
    const asked = run('prompt.ask');
    await expect.poll(() => state().writing?.texts).toHaveLength(4);
    window.client.actions.cancel();
    await asked;
  });

  it('step through the candidates of a prompt, round at the ends', async () => {
    const id = await window.client.edits.id();
    const imageId = state().open?.image.id ?? 0;
    const prompt = { id, imageId, text: 'cars', points: [], box: null, correction: null };
    await window.client.edits.commit({ title: 'Ask', changes: [{ kind: 'prompt', id, before: null, after: prompt }] });
    window.host.project().addProposals(id, [proposed(box), proposed(null, { chosen: false })], null);
    await window.client.actions.changedOutside([imageId]);
    window.client.actions.choosePrompt(id);
    const first = state().proposalId;
    await run('answer.next');
    expect(state().proposalId).not.toBe(first);
    await run('answer.next');
    expect(state().proposalId).toBe(first);
    await run('answer.previous');
    expect(state().proposalId).not.toBe(first);
    await window.client.actions.removePrompt(id);
  });

  it('mark as unclear and go on, until none is left', async () => {
    await window.client.actions.first();
    const first = state().open?.image.id ?? 0;
    await run('review.unclear');
    expect(state().open?.image.id).not.toBe(first);
    await run('review.unclear');
    await window.client.edits.settled();
    expect(state().notice?.text).toBe('No other image of the list is left to review.');
    expect((await window.client.host.images.list({ status: 'unclear', offset: 0, limit: 10 })).total).toBe(2);
  });
});
