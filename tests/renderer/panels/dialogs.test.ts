import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../../main/contract/api.ts';
import { commands } from '../../../main/contract/commands.ts';
import type { Job } from '../../../main/contract/jobs.ts';
import type { Label } from '../../../main/contract/project.ts';
import { suggested } from '../../../renderer/panels/files/ExportDialog.tsx';
import { checkedWords, VerifyResult } from '../../../renderer/panels/files/VerifyDialog.tsx';
import { sortedJobs } from '../../../renderer/panels/JobsPanel.tsx';
import { LabelRow } from '../../../renderer/panels/labels/LabelRow.tsx';
import { doubtWords } from '../../../renderer/panels/labels/LabelsDialog.tsx';
import { matches } from '../../../renderer/panels/settings/HelpDialog.tsx';
import { JobView, progressWords } from '../../../renderer/panels/window/JobView.tsx';
import { ModelNotice, modelWords } from '../../../renderer/panels/window/ModelNotice.tsx';
import { shown } from '../rendered.tsx';

const job = (fields: Partial<Job>): Job => ({
  ...{ id: 'a', kind: 'export', title: 'Exporting to cars.json', state: 'running', done: 120, total: 3000 },
  ...{ secondsLeft: 130, message: null, notes: [] },
  ...fields,
});

const engine = (fields: Partial<EngineStatus>): EngineStatus => ({
  ...{ state: 'ready', weights: 'loupe-nano', device: 'cpu', requested: 'cpu', warnings: [] },
  ...{ lastCallMs: null, problem: null },
  ...fields,
});

const label = (id: number, name: string): Label => ({
  ...{ id, name, colour: '#e69f00', digit: null, attributes: [], place: id },
});

describe('jobs', () => {
  it.each([
    [{}, '120 of 3,000, 2 min left'],
    [{ secondsLeft: null }, '120 of 3,000'],
    [{ total: null, secondsLeft: null }, '120'],
    [{ state: 'waiting' as const }, 'Waits for its turn'],
  ])('%j reads "%s"', (fields, words) => expect(progressWords(job(fields))).toBe(words));

  it('can be cancelled while they run', () => {
    const words = shown(createElement(JobView, { job: job({}) }), {});
    expect(words).toContain('120 of 3,000, 2 min left');
    expect(words).toContain('[Cancel: Exporting to cars.json]');
  });

  it('say what came of them, and every different line of what was left out', () => {
    const done = job({ state: 'done', message: 'Wrote 5 annotations.', notes: ['a.png is gone', 'a.png is gone'] });
    const words = shown(createElement(JobView, { job: done, notesTitle: 'Left out' }), {});
    expect(words).toContain('Wrote 5 annotations.');
    expect(words.match(/a\.png is gone/gu)).toHaveLength(1);
    expect(words).not.toContain('Cancel');
  });

  it('are listed with those at work first, then the newest', () => {
    const all = [job({ id: 'old', state: 'done' }), job({ id: 'now' }), job({ id: 'new', state: 'failed' })];
    expect(sortedJobs(all).map(({ id }) => id)).toEqual(['now', 'new', 'old']);
  });
});

describe('verifying', () => {
  const report = { file: 'a.json', images: 1, annotations: 12, boxes: 0, problems: [], compared: true };

  it('says what was checked', () => {
    expect(checkedWords(report)).toBe(
      '1 image and 12 annotations were checked, and every mask was compared with the project.',
    );
    expect(checkedWords({ ...report, boxes: 3, compared: false })).toBe(
      '1 image and 12 annotations (3 without a mask) were checked.',
    );
  });

  it('lists every broken rule', () => {
    const broken = { ...report, problems: ['annotation 3: id 3 is there twice', 'category 0: ids begin at 1'] };
    const words = shown(createElement(VerifyResult, { report: broken, problem: null }), {});
    expect(words).toContain('2 broken rules');
    for (const problem of broken.problems) expect(words).toContain(problem);
    expect(shown(createElement(VerifyResult, { report: report, problem: null }), {})).toContain('Nothing is wrong');
    expect(shown(createElement(VerifyResult, { report: null, problem: 'a.json: no such file' }), {})).toContain(
      'no such file',
    );
  });
});

describe('the model', () => {
  it.each([
    [null, 'The model is starting.'],
    [engine({ state: 'starting' }), 'The model is starting.'],
    [engine({}), null],
    [engine({ state: 'absent' }), 'No model is there. Settings can name the folder of the weights.'],
    [engine({ state: 'failed', problem: 'weights.json: is damaged' }), 'weights.json: is damaged'],
  ])('%#: says what stands in the way', (status, words) => expect(modelWords(status)).toBe(words));

  it('offers the settings where waiting does not help', () => {
    expect(shown(createElement(ModelNotice), { engine: engine({ state: 'failed', problem: 'It broke.' }) })).toContain(
      'Settings…',
    );
    expect(shown(createElement(ModelNotice), { engine: engine({ state: 'starting' }) })).not.toContain('Settings…');
    expect(shown(createElement(ModelNotice), { engine: engine({}) })).toBe('');
  });
});

describe('labels', () => {
  const car = label(1, 'car');

  it('are deleted or merged only after saying how many shapes that concerns', () => {
    const use = { shapes: 12, images: 1 };
    expect(doubtWords({ kind: 'delete', label: car }, use)).toBe('Delete “car” with its 12 shapes on 1 image?');
    expect(doubtWords({ kind: 'delete', label: car }, { shapes: 0, images: 0 })).toBe('Delete “car”? No shape has it.');
    expect(doubtWords({ kind: 'merge', label: car, into: label(2, 'van') }, use)).toBe(
      'Make 12 shapes on 1 image “van” and remove the label “car”?',
    );
  });

  it('have a name for every control of their row', () => {
    const labels = new Map([[1, car]]);
    const row = createElement(LabelRow, {
      ...{ label: car, labels, index: 0, last: true, use: { shapes: 1200, images: 7 } },
      edit: () => {},
      onDoubt: () => {},
    });
    const words = shown(row, {});
    for (const control of ['Colour of car: #e69f00', 'Name of car', 'Key of car', 'Move car up', 'More for car']) {
      expect(words).toContain(`[${control}]`);
    }
    expect(words).toContain('1,200 shapes');
  });
});

it('offers to write beside the project', () => {
  expect(suggested('/data/cars.loupe')).toBe('/data/cars.json');
  expect(suggested('/data/cars')).toBe('/data/cars.json');
  expect(suggested('')).toBe('');
});

it('finds commands by words of their title and group, in any order', () => {
  const found = (words: string) => commands.filter((command) => matches(command, words)).map(({ id }) => id);
  expect(found('IMAGE next')).toContain('image.next');
  expect(found('tool brush')).toEqual(['tool.brush', 'tool.larger', 'tool.smaller']);
  expect(found('')).toHaveLength(commands.length);
});
