import { afterAll, describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../../main/contract/api.ts';
import type { Shape } from '../../../main/contract/project.ts';
import { toolNames } from '../../../main/contract/tools.ts';
import { PromptBar } from '../../../renderer/panels/answer/PromptBar.tsx';
import { stepped } from '../../../renderer/panels/images/ImageList.tsx';
import { TopBar } from '../../../renderer/panels/images/TopBar.tsx';
import { AttributeFields, sharedValue } from '../../../renderer/panels/labels/AttributeFields.tsx';
import { matching } from '../../../renderer/panels/labels/LabelPicker.tsx';
import { clicked, ShapesPanel } from '../../../renderer/panels/labels/ShapesPanel.tsx';
import { Waiting } from '../../../renderer/panels/StartScreen.tsx';
import { StatusBar } from '../../../renderer/panels/StatusBar.tsx';
import { ToolStrip } from '../../../renderer/panels/ToolStrip.tsx';
import { chosenPaths, pathParts, toggled } from '../../../renderer/panels/window/FileBrowser.tsx';
import { projectFileIn } from '../../../renderer/panels/window/openFolder.ts';
import { buttonNames, onImage, printer, wordsOf } from '../printed.ts';

const page = printer();
afterAll(() => page.close());

const ready: EngineStatus = {
  ...{ state: 'ready', weights: '/w/loupe-nano', device: 'cpu', requested: 'cpu', warnings: [], problem: null },
  lastCallMs: 1234,
};
const shape = (id: number, also: Partial<Shape> = {}): Shape => ({
  ...{ id, imageId: 1, labelId: 5, mask: null, box: { x1: 0, y1: 0, x2: 4, y2: 6 }, attributes: {}, crowd: false },
  ...{ hidden: false, locked: false, place: id, origin: { kind: 'drawn' }, ...also },
});

describe('the status bar', () => {
  it('says where, what and with what', () => {
    const words = wordsOf(
      page.print(StatusBar, {
        ...onImage({ shapes: [shape(9)] }),
        engine: ready,
        view: { scale: 0.5, x: 0, y: 0 },
        pointer: { x: 3.7, y: 8.2 },
        selected: new Set([9]),
      }),
    );
    expect(words).toBe('50 % 40 × 30 x 3 y 8 4 × 6 px loupe-nano · CPU 1.2 s All saved');
  });

  it('warns where another device runs than was asked for, and where nothing runs', () => {
    expect(page.print(StatusBar, { engine: { ...ready, requested: 'cuda' } })).toContain('data-tone="warn"');
    const failed = page.print(StatusBar, { engine: { ...ready, state: 'failed', problem: 'It fell over.' } });
    expect(failed).toContain('data-tone="bad"');
    expect(wordsOf(failed)).toContain('Model failed');
  });

  it('says what is not saved, and how far a job is', () => {
    const job = {
      id: 'j',
      kind: 'export',
      title: 'Exporting',
      state: 'running',
      done: 1,
      total: 4,
      secondsLeft: 90,
    } as const;
    const words = wordsOf(
      page.print(StatusBar, {
        engine: ready,
        saving: { state: 'failed', problem: 'x' },
        jobs: new Map([['j', { ...job, message: null, notes: [] }]]),
      }),
    );
    expect(words).toContain('Exporting 25 %, 2 min left');
    expect(words).toContain('Not saved');
    page.print(StatusBar, { saving: { state: 'saved', at: 0 }, jobs: new Map() });
  });
});

describe('the tools', () => {
  it('are pressed one at a time, and those of the model are off without it', () => {
    const markup = page.print(ToolStrip, { ...onImage(), engine: { ...ready, state: 'absent' }, tool: 'brush' });
    expect(buttonNames(markup)).toHaveLength(toolNames.length);
    expect([...markup.matchAll(/aria-pressed="true"/gu)]).toHaveLength(1);
    expect([...markup.matchAll(/aria-disabled="true"/gu)]).toHaveLength(2);
  });
});

describe('the prompt bar', () => {
  it('says why there is no model, and that the rest works', () => {
    const markup = page.print(PromptBar, {
      ...onImage(),
      engine: { ...ready, state: 'absent', problem: 'No weights.' },
    });
    expect(wordsOf(markup)).toContain('No weights. Everything but prompts, points and boxes works without.');
    expect(buttonNames(markup)).toContain('Choose weights');
  });

  it('stops what is being written', () => {
    expect(buttonNames(page.print(PromptBar, { engine: ready, asking: true }))).toContain('Stop');
    expect(buttonNames(page.print(PromptBar, { asking: false }))).toContain('Ask');
  });
});

describe('the top bar', () => {
  it('names project, image, place and review, and what undo would take back', () => {
    const state = onImage();
    const project = state.project && { ...state.project, undo: 'Draw mask' };
    const markup = page.print(TopBar, { ...state, project: project ?? null, position: { index: 1, total: 1234 } });
    expect(wordsOf(markup)).toContain('x in/ a.png 2 / 1,234 Unreviewed');
    expect(buttonNames(markup)).toEqual(expect.arrayContaining(['Menu', 'Undo: Draw mask', 'Review: Unreviewed']));
  });
});

describe('the objects', () => {
  it('are counted, and an empty list says what to do', () => {
    expect(wordsOf(page.print(ShapesPanel, onImage({ shapes: [shape(1), shape(2)] })))).toContain('Shapes 2');
    expect(wordsOf(page.print(ShapesPanel, onImage()))).toContain('No shapes yet');
  });

  it.each([
    [[], 1, {}, [2]],
    [[2], 2, { add: true }, [2, 3]],
    [[2, 3], 2, { add: true }, [2]],
    [[1], 2, { range: true }, [1, 2, 3]],
    [[], 2, { range: true }, [3]],
    [[1], 9, {}, [1]],
  ])('selected %j, row %d clicked with %j: %j', (selected, at, keys, expected) => {
    const shapes = [shape(1), shape(2), shape(3)];
    expect(clicked(shapes, new Set(selected), at, { range: false, add: false, ...keys })).toEqual(expected);
  });

  it('are described by the rules of their label', () => {
    const attributes = [
      { name: 'colour', kind: 'choice', choices: ['red', 'blue'] } as const,
      { name: 'parked', kind: 'yes or no' } as const,
      { name: 'wheels', kind: 'number' } as const,
    ].map((rule) => ({ ...rule, choices: 'choices' in rule ? [...rule.choices] : undefined }));
    const state = onImage({ shapes: [shape(1, { attributes: { wheels: 4 } })] });
    const label = state.labels?.get(5);
    const labels = new Map(label ? [[5, { ...label, attributes }]] : []);
    const markup = page.print(AttributeFields, { ...state, labels, selected: new Set([1]) });
    for (const name of ['colour', 'parked', 'wheels']) expect(wordsOf(markup)).toContain(name);
    expect(markup).toContain('value="4"');
    expect(page.print(AttributeFields, { selected: new Set() })).not.toContain('fieldset');
  });

  it('share a value or do not', () => {
    const [a, b] = [shape(1, { attributes: { n: 1 } }), shape(2, { attributes: { n: 2 } })];
    expect([sharedValue([a], 'n'), sharedValue([a, a], 'n'), sharedValue([a, b], 'n')]).toEqual([1, 1, undefined]);
  });
});

describe('the image list', () => {
  it.each([
    ['ArrowDown', -1, 0],
    ['ArrowDown', 99, 99],
    ['ArrowUp', 0, 0],
    ['End', 3, 99],
    ['Home', 3, 0],
    ['PageDown', 95, 99],
    ['PageUp', 15, 5],
    ['x', 15, null],
  ])('%s at row %d leads to %j of a hundred', (key, at, expected) => {
    expect(stepped(key, at, 100)).toBe(expected);
  });

  it('of nothing leads nowhere', () => {
    expect(stepped('End', 0, 0)).toBeNull();
  });
});

describe('choosing files', () => {
  const listing = { folder: '/photos/cars', parent: '/photos', entries: [] };
  const manner = { title: '', act: '', kinds: [], folder: false, several: false, ending: null };

  it('hands back what is picked, the folder itself, or a name with its ending', () => {
    expect(chosenPaths({ manner, listing, picked: ['/a'], fileName: '' })).toEqual(['/a']);
    expect(chosenPaths({ manner, listing, picked: [], fileName: '' })).toEqual([]);
    expect(chosenPaths({ manner: { ...manner, folder: true }, listing, picked: [], fileName: '' })).toEqual([
      '/photos/cars',
    ]);
    const save = { ...manner, ending: '.loupe' };
    const named = (fileName: string) => chosenPaths({ manner: save, listing, picked: [], fileName });
    expect([named('cars'), named('cars.LOUPE'), named(' '), named('a/b')]).toEqual([
      ['/photos/cars/cars.loupe'],
      ['/photos/cars/cars.LOUPE'],
      [],
      [],
    ]);
    expect(chosenPaths({ manner, listing: null, picked: ['/a'], fileName: 'b' })).toEqual([]);
  });

  it('picks one or several', () => {
    expect(toggled(['a'], 'b', false)).toEqual(['b']);
    expect(toggled(['a'], 'b', true)).toEqual(['a', 'b']);
    expect(toggled(['a', 'b'], 'a', true)).toEqual(['b']);
  });

  it('shows every folder on the way', () => {
    expect(pathParts('/a/b')).toEqual([
      { name: '/', path: '/' },
      { name: 'a', path: '/a' },
      { name: 'b', path: '/a/b' },
    ]);
    expect(pathParts('C:\\a').map(({ path }) => path)).toEqual(['C:', 'C:\\a']);
  });

  it('puts the project of a folder beside its images', () => {
    expect([projectFileIn('/a/cars/'), projectFileIn('C:\\cars'), projectFileIn('/')]).toEqual([
      '/a/cars/cars.loupe',
      'C:\\cars\\cars.loupe',
      '/images.loupe',
    ]);
  });
});

describe('before the host answers', () => {
  it('waits, or says why waiting is useless', () => {
    expect(wordsOf(page.print(Waiting, {}, { refused: null }))).toContain('Waiting for the host');
    const refused = page.print(Waiting, {}, { refused: 'Open the address that it printed.' });
    expect(refused).toContain('role="alert"');
    expect(wordsOf(refused)).toContain('Open the address that it printed.');
  });
});

describe('choosing a label', () => {
  it('finds those that begin with the words first', () => {
    const label = (id: number, name: string) => ({
      id,
      name,
      colour: '#000000',
      digit: null,
      attributes: [],
      place: id,
    });
    const labels = [label(1, 'racing car'), label(2, 'Car'), label(3, 'bus')];
    expect(matching(labels, 'car').map(({ name }) => name)).toEqual(['Car', 'racing car']);
    expect(matching(labels, '')).toHaveLength(3);
  });
});
