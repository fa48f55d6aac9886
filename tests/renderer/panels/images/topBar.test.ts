import { describe, expect, it } from 'vitest';
import { commandGroups } from '../../../../main/contract/commands.ts';
import { Settings } from '../../../../main/contract/settings.ts';
import { type ToolName, toolNames } from '../../../../main/contract/tools.ts';
import { statusIcons, statusTones, TopBar } from '../../../../renderer/panels/images/TopBar.tsx';
import { ToolStrip } from '../../../../renderer/panels/ToolStrip.tsx';
import { onImage, wordsOf } from '../../printed.ts';
import { engine, picture, project } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, namesOf } from '../markup.ts';

const onPath = (path: string) => onImage({ image: picture({ path }) });

describe('the top bar', () => {
  it('has the groups of commands in its menu; labels are given elsewhere', () => {
    const groups = namesOf(laidOpen(TopBar), 'menuitem');
    expect(groups.filter((name) => commandGroups.some((group) => group === name))).toEqual(
      commandGroups.filter((group) => group !== 'Label'),
    );
  });

  it('steps nowhere without an image', () => {
    const names = namesOf(laidOpen(TopBar, { project }), 'button');
    expect(names).toContain('Undo');
    expect(names).not.toContain('Next image');
    expect(wordsOf(laidOpen(TopBar, { project }))).toContain('cars');
  });

  it.each([
    ['a.png', 'a.png'],
    ['in/a.png', 'in/ a.png'],
    ['deep/down/there/a b.png', 'deep/down/there/ a b.png'],
    ['C:\\photos\\a.png', 'C:\\photos/ a.png'],
  ])('of %s says "%s"', (path, words) => expect(wordsOf(laidOpen(TopBar, onPath(path)))).toContain(words));

  it.each([
    [{ index: 0, total: 1 }, '1 / 1'],
    [{ index: 9999, total: 12345 }, '10,000 / 12,345'],
    // The filter leaves the open image out.
    [{ index: null, total: 7 }, '– / 7'],
  ])('stands at %j: %s', (position, words) => {
    expect(wordsOf(laidOpen(TopBar, { ...onImage(), position }))).toContain(words);
  });

  it.each([
    [{ undo: null, redo: null }, 'Undo', 'Redo'],
    [{ undo: 'Draw mask', redo: null }, 'Undo: Draw mask', 'Redo'],
    [{ undo: null, redo: 'Move shape' }, 'Undo', 'Redo: Move shape'],
  ])('with %j offers %s and %s', (also, undo, redo) => {
    const [noUndo, noRedo] = [String(also.undo === null), String(also.redo === null)];
    const markup = laidOpen(TopBar, { project: { ...project, ...also } });
    expect(control(markup, undo).attributes['aria-disabled']).toBe(noUndo);
    expect(control(markup, redo).attributes['aria-disabled']).toBe(noRedo);
  });

  it.each(['unreviewed', 'accepted', 'unclear'] as const)(
    'of an image that is %s offers every other word',
    (status) => {
      const markup = laidOpen(TopBar, onImage({ review: { id: 1, status, note: '' } }));
      const word = status[0]?.toUpperCase() + status.slice(1);
      const chip = control(markup, `Review: ${word}`);
      expect(chip.attributes['data-tone']).toBe(statusTones[status]);
      expect(namesOf(markup, 'menuitem').slice(-3)).toEqual(['Unreviewed', 'Accepted', 'Unclear']);
    },
  );

  it('tells the three words of a review apart by their signs', () => {
    expect(new Set(Object.values(statusIcons)).size).toBe(3);
  });

  it('shows the keys of the commands as they are set', () => {
    const rebound = { 'app.palette': 'Ctrl+Alt+Q' };
    expect(wordsOf(laidOpen(TopBar, { settings: { ...Settings.parse({}), rebound } }))).toContain(
      'Commands Ctrl Alt Q',
    );
  });
});

describe('the tools', () => {
  const tools = (state: Parameters<typeof laidOpen>[1]) => controlsIn(laidOpen(ToolStrip, state));
  const off = (all: ReturnType<typeof tools>) =>
    all.flatMap(({ name, attributes }) => (attributes['aria-disabled'] === 'true' ? [name] : []));

  it('are all off without an image', () => {
    const all = tools({ engine: engine() });
    expect(off(all)).toHaveLength(toolNames.length);
    expect(off(all)).toEqual(all.map(({ name }) => name));
  });

  it.each([
    ['ready', 0],
    ['starting', 2],
    ['absent', 2],
    ['failed', 2],
  ] as const)('with a model that is %s: %d are off', (state, count) => {
    expect(off(tools({ ...onImage(), engine: engine({ state }) }))).toHaveLength(count);
  });

  it('of the model are those that are off without it', () => {
    expect(off(tools({ ...onImage(), engine: null }))).toEqual(['Points for the segmenter', 'Box for the segmenter']);
  });

  it.each<[ToolName, string]>([
    ['select', 'Select and move'],
    ['brush', 'Brush'],
    ['eraser', 'Eraser'],
    ['polygon', 'Polygon'],
    ['freehand', 'Freehand'],
    ['box', 'Box'],
    ['scissors', 'Intelligent scissors'],
    ['wand', 'Magic wand'],
    ['cut out', 'Cut out from a box'],
    ['points', 'Points for the segmenter'],
    ['prompt box', 'Box for the segmenter'],
  ])('%s is pressed as "%s", and no other one', (tool, name) => {
    const pressed = tools({ ...onImage(), tool }).filter(({ attributes }) => attributes['aria-pressed'] === 'true');
    expect(pressed.map((one) => one.name)).toEqual([name]);
  });
});
