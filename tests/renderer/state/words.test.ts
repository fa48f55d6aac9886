import { describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../../main/contract/api.ts';
import {
  counted,
  deviceWarning,
  duration,
  fileName,
  folderOf,
  jobPercent,
  jobTitle,
  savingWords,
  several,
  timeLeft,
  weightsName,
  zoomWords,
} from '../../../renderer/state/words.ts';

const engine: EngineStatus = {
  ...{ state: 'ready', weights: 'w', device: 'cpu', requested: 'cpu', warnings: [], lastCallMs: null, problem: null },
};

describe('words', () => {
  it('count', () => {
    expect(counted(123_456)).toBe('123,456');
    expect([several(1, 'image'), several(2, 'image'), several(0, 'box', 'boxes')]).toEqual([
      '1 image',
      '2 images',
      '0 boxes',
    ]);
  });

  it.each([
    [12, '12 ms'],
    [999.6, '1000 ms'],
    [1234, '1.2 s'],
    [61_000, '1 min'],
  ])('say how long %d ms are', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it.each([
    [0.2, '1 s'],
    [59, '59 s'],
    [90, '2 min'],
    [3600, '1 h'],
    [7800, '2 h 10 min'],
  ])('say how long %d s are', (seconds, words) => {
    expect(timeLeft(seconds)).toBe(words);
  });

  it('say how near the image is', () => {
    expect([zoomWords(1), zoomWords(0.333), zoomWords(0.0123)]).toEqual(['100 %', '33 %', '1.2 %']);
  });

  it('name files of either kind of system', () => {
    expect([fileName('a/b/c.png'), fileName('C:\\x\\y.loupe'), fileName('z')]).toEqual(['c.png', 'y.loupe', 'z']);
    expect([folderOf('a/b/c.png'), folderOf('z')]).toEqual(['a/b', '']);
    expect(weightsName('/some/where/loupe-nano/')).toBe('loupe-nano');
  });

  it('say what is saved', () => {
    expect(savingWords({ state: 'saving' })).toBe('Saving…');
    expect(savingWords({ state: 'failed', problem: 'x' })).toBe('Not saved');
    expect(savingWords({ state: 'saved', at: 0 })).toBe('All saved');
    expect(savingWords({ state: 'saved', at: Date.now() })).toMatch(/^Saved \d\d:\d\d:\d\d$/u);
  });

  it('say how far a job is, where that is known', () => {
    const job = {
      id: '1',
      kind: 'export',
      title: '',
      state: 'running',
      secondsLeft: null,
      message: null,
      notes: [],
    } as const;
    expect(jobPercent({ ...job, notes: [], done: 5, total: 20 })).toBe(0.25);
    expect(jobPercent({ ...job, notes: [], done: 5, total: null })).toBeNull();
  });
});

describe('a warning about the device', () => {
  it('is there when another one runs than was asked for', () => {
    expect(deviceWarning({ ...engine, requested: 'cuda', warnings: ['There is no CUDA here.'] })).toBe(
      'CUDA was asked for, but CPU runs. There is no CUDA here.',
    );
  });

  it('is not there when all is well, or nothing runs yet', () => {
    expect(deviceWarning(engine)).toBeNull();
    expect(deviceWarning({ ...engine, state: 'starting', device: null, requested: 'cuda' })).toBeNull();
  });
});

describe('the title of a job', () => {
  const titled = (title: string, state: 'running' | 'waiting' | 'done' | 'failed' | 'cancelled') =>
    jobTitle({
      ...{ id: 'j', kind: 'export', title, state, done: 1, total: 1, secondsLeft: null, message: null, notes: [] },
    });

  it.each([
    ['Exporting to cars.json', 'Exported to cars.json'],
    ['Importing coarse.json', 'Imported coarse.json'],
    ['Asking every image for “the car”', 'Asked every image for “the car”'],
    ['Comparing masks with the model’s', 'Compared masks with the model’s'],
    ['Undoing "Import"', 'Undone "Import"'],
    ['Something else', 'Something else'],
  ])('%s is %s once it is done, and no sooner', (title, done) => {
    expect(titled(title, 'done')).toBe(done);
    for (const state of ['running', 'waiting', 'failed', 'cancelled'] as const)
      expect(titled(title, state)).toBe(title);
  });
});
