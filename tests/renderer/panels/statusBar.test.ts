import { describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../../main/contract/api.ts';
import { packMask } from '../../../main/contract/project.ts';
import { Settings } from '../../../main/contract/settings.ts';
import type { ToolName } from '../../../main/contract/tools.ts';
import { StatusBar } from '../../../renderer/panels/StatusBar.tsx';
import type { Workbench } from '../../../renderer/state/workbench.ts';
import { block } from '../block.ts';
import { onImage, wordsOf } from '../printed.ts';
import { engine, job, jobs, picture, shape } from './given.ts';
import { laidOpen } from './laidOpen.ts';
import { control, namesOf, wordsIn } from './markup.ts';

const bar = (state: Partial<Workbench>) => laidOpen(StatusBar, { connected: true, ...state });
const words = (state: Partial<Workbench>) => wordsOf(bar(state));

describe('the status bar', () => {
  it('of an empty window says only that all is saved', () => expect(words({})).toBe('All saved'));

  it.each([
    [{ x: 0, y: 0 }, 'x 0 y 0'],
    [{ x: 39.99, y: 29.99 }, 'x 39 y 29'],
    [{ x: -0.5, y: -3.2 }, 'x -1 y -4'],
  ])('names the pixel under %j: %s', (pointer, expected) => expect(words({ pointer })).toContain(expected));

  it.each([
    [0.0123, '1.2 %'],
    [0.5, '50 %'],
    [1, '100 %'],
    [16, '1600 %'],
  ])('names the zoom %d: %s', (scale, expected) => {
    expect(words({ ...onImage(), view: { scale, x: 0, y: 0 } })).toContain(expected);
    expect(words({ open: null, view: { scale, x: 0, y: 0 } })).not.toContain('%');
  });

  it('names the size of the image once it is known', () => {
    expect(words(onImage())).toContain('40 × 30');
    expect(words(onImage({ image: picture({ width: null, height: null }) }))).not.toContain('×');
  });
});

describe('the tool in the status bar', () => {
  it.each<[ToolName, string]>([
    ['brush', 'Drag to paint, with Ctrl to erase'],
    ['points', 'Click on the thing, right-click beside it; Enter keeps the mask'],
  ])('%s says "%s"', (tool, expected) => {
    expect(words({ ...onImage(), tool })).toContain(expected);
    expect(words({ open: null, tool })).not.toContain(expected);
  });

  it('names the key that a person chose', () => {
    const settings = Settings.parse({ rebound: { 'tool.finish': 'Ctrl+Q' } });
    expect(words({ ...onImage(), tool: 'points', settings })).toContain('Ctrl+Q keeps the mask');
  });
});

describe('what is selected', () => {
  const box = { x1: 2, y1: 3, x2: 12, y2: 18 };
  const masked = shape(7, { box, mask: packMask(block(box)) });
  const state = onImage({ shapes: [masked, shape(8), shape(9)] });

  it.each([
    [[], ''],
    [[8], '4 × 6 px'],
    [[7], '10 × 15 px, 150 px²'],
    [[7, 8], '2 shapes selected'],
    [[7, 8, 9], '3 shapes selected'],
    [[99], ''],
  ])('%j reads "%s"', (ids, expected) => {
    const said = words({ ...state, selected: new Set(ids) });
    if (expected === '') expect(said).toBe(words(state));
    else expect(said).toContain(expected);
  });
});

describe('the model in the status bar', () => {
  it.each<[Partial<EngineStatus>, string, string | undefined]>([
    [{}, 'loupe-nano · CPU', undefined],
    [{ device: 'webgpu', requested: 'webgpu' }, 'loupe-nano · WebGPU', undefined],
    [{ lastCallMs: 850 }, 'loupe-nano · CPU 850 ms', undefined],
    [{ lastCallMs: 61_000 }, 'loupe-nano · CPU 1 min', undefined],
    [{ device: 'cpu', requested: 'cuda' }, 'loupe-nano · CPU', 'warn'],
    [{ warnings: ['The driver is old.'] }, 'loupe-nano · CPU', 'warn'],
    [{ state: 'starting', device: null }, 'Model is starting…', undefined],
    [{ state: 'absent', lastCallMs: 850 }, 'No model', 'bad'],
    [{ state: 'failed', problem: 'It broke.', lastCallMs: 850 }, 'Model failed', 'bad'],
  ])('%j: "%s", %s', (also, name, tone) => {
    const { attributes } = control(bar({ engine: engine(also) }), name);
    expect(attributes['data-tone']).toBe(tone);
  });

  it('is not mentioned before the host spoke of it', () =>
    expect(namesOf(bar({ engine: null }), 'button')).toEqual([]));
});

describe('jobs in the status bar', () => {
  it.each([
    [[job({ state: 'done' })], null],
    [[job({ total: 480 })], 'Exporting to cars.json 25 %'],
    [[job({ total: null })], 'Exporting to cars.json'],
    [[job({ total: 480, secondsLeft: 90 })], 'Exporting to cars.json 25 %, 2 min left'],
    [[job({ total: 480 }), job({ id: 'k', state: 'waiting' })], 'Exporting to cars.json and 1 more 25 %'],
    [
      [job({ state: 'waiting', total: null }), job({ id: 'k', title: 'Importing', total: 240 })],
      'Importing and 1 more 50 %',
    ],
  ])('%#: the one that runs is shown, the others are counted', (all, expected) => {
    const [name = null] = namesOf(bar(jobs(...all)), 'button');
    expect(name?.replace(/^Exporting to cars.json (?=Exporting)|^Importing (?=Importing)/u, '') ?? null).toBe(expected);
  });
});

describe('what is saved', () => {
  const at = new Date(2026, 2, 1, 9, 5, 7).getTime();

  it.each<[Partial<Workbench>, string, boolean]>([
    [{}, 'All saved', false],
    [{ saving: { state: 'saved', at } }, 'Saved 09:05:07', false],
    [{ saving: { state: 'saving' } }, 'Saving…', false],
    [{ saving: { state: 'failed', problem: 'The disk is full.' } }, 'Not saved', true],
    [{ connected: false }, 'Not connected', true],
    [{ connected: false, saving: { state: 'saving' } }, 'Not connected', true],
  ])('%j reads "%s"', (state, expected, isBad) => {
    expect(wordsIn(bar(state), 'status')).toBe(expected);
    expect(bar(state).includes('data-tone="bad"')).toBe(isBad);
  });
});
