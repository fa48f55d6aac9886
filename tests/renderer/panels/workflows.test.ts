import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { Image, Review, type Shape } from '../../../main/contract/project.ts';
import { expectation, leftWords, progressOf, RepairPanel } from '../../../renderer/panels/images/RepairPanel.tsx';
import { ReviewQueue } from '../../../renderer/panels/images/ReviewQueue.tsx';
import { WipeBar } from '../../../renderer/panels/WipeBar.tsx';
import { emptyWorkbench, type OpenImage, type Workbench } from '../../../renderer/state/workbench.ts';
import { primary, shown } from '../rendered.tsx';

const project = { file: '/a.loupe', name: 'a', images: 240, shapes: 9, unreviewed: 60, undo: null, redo: null };

const mask = { size: [30, 40] as [number, number], counts: '' };

const shape: Shape = {
  ...{ id: 7, imageId: 1, labelId: 2, mask: null, box: { x1: 0, y1: 0, x2: 9, y2: 9 }, attributes: {}, crowd: false },
  ...{ hidden: false, locked: false, place: 0, origin: { kind: 'imported', file: 'coarse.json' } },
};

const open: OpenImage = {
  image: Image.parse({ id: 1, path: 'a.png', hash: 'x', width: 40, height: 30, state: 'present', problem: null }),
  review: Review.parse({ id: 1, status: 'unreviewed', note: '' }),
  shapes: new Map([[7, shape]]),
  prompts: new Map(),
  proposals: new Map(),
};

const pair = {
  shapeId: 7,
  imageId: 1,
  mask,
  weights: '/weights/loupe-nano',
  disagreement: 0.376,
  gain: 0.084,
  boundary: 0.5,
};

const judging: Partial<Workbench> = {
  ...{ project, open, side: 'repair' },
  labels: new Map([[2, { id: 2, name: 'car', colour: '#e69f00', digit: null, attributes: [], place: 0 }]]),
  repair: {
    ...emptyWorkbench.repair,
    stage: 'judging',
    pair,
    left: 229,
    judged: Array(11).fill({ pair, before: shape }),
  },
  wipe: { shapeId: 7, proposed: mask, at: 0.5 },
};

describe('the repair', () => {
  it('says how far it is and offers every verdict with its key', () => {
    const words = shown(createElement(RepairPanel), judging);
    expect(words).toContain('12 of 240');
    expect(words).toContain('car 38 % different from loupe-nano');
    for (const verdict of ['Keep K', 'Replace R', 'Edit E', 'Later S']) expect(words).toContain(verdict);
  });

  it('makes Replace the primary button only where a gain is expected, and says what it is sorted by', () => {
    const { repair = emptyWorkbench.repair } = judging;
    const primaryAt = (gain: number | null) =>
      primary(createElement(RepairPanel), { ...judging, repair: { ...repair, pair: { ...pair, gain } } });
    expect([0.084, 0, -0.02, null].map(primaryAt)).toEqual([['Replace R'], ['Keep K'], ['Keep K'], []]);
    const words = shown(createElement(RepairPanel), judging);
    expect(words).toContain('Sorted by');
    expect(words).toContain('likely better, by about 8 % of overlap');
    expect(expectation({ gain: 0 })).toContain('likely as good');
    expect(expectation({ gain: null })).toContain('not known');
  });

  it('has keys that the person set', () => {
    const settings = { ...emptyWorkbench.settings, rebound: { 'repair.keep': 'Ctrl+Alt+J' } };
    expect(shown(createElement(RepairPanel), { ...judging, settings })).toContain('Keep Ctrl Alt J');
  });

  it('leads back where another image is open', () => {
    const other = { ...open, image: { ...open.image, id: 2 } };
    const words = shown(createElement(RepairPanel), { ...judging, open: other });
    expect(words).toContain('Back to the image of this pair');
    expect(words).not.toContain('Replace');
  });

  it('waits while the person edits', () => {
    const { repair = emptyWorkbench.repair } = judging;
    const words = shown(createElement(RepairPanel), { ...judging, repair: { ...repair, stage: 'editing' } });
    expect(words).toContain('Done, next pair Ctrl Enter');
    expect(words).toContain('11 of 239');
  });

  it('shows a comparison that runs, with cancel', () => {
    const job = {
      ...{ id: 'j', kind: 'compare' as const, title: 'Comparing all masks', state: 'running' as const, done: 3 },
      ...{ total: 9, secondsLeft: 40, message: null, notes: [] },
    };
    const words = shown(createElement(RepairPanel), { project, jobs: new Map([['j', job]]) });
    expect(words).toContain('3 of 9, 40 s left');
    expect(words).not.toContain('Compare with the model');
  });

  it('explains itself before, says what stands in the way of a model, and ends with a count', () => {
    const before = shown(createElement(RepairPanel), { project });
    expect(before).toContain('Repair coarse masks');
    expect(before).toContain('The model is starting.');
    const finished = { ...emptyWorkbench.repair, stage: 'finished' as const, left: 2, skipped: new Set([1, 2]) };
    const after = shown(createElement(RepairPanel), { project, repair: finished });
    expect(after).toContain('2 pairs put off for later.');
    expect(after).toContain('Judge those put off');
  });

  it('counts the pair on screen', () => {
    expect(progressOf(0, 1)).toBe('1 of 1');
    expect(progressOf(1199, 1)).toBe('1,200 of 1,200');
    expect(leftWords(0, 0)).toBe('Nothing is left to judge.');
    expect(leftWords(3, 1)).toBe('1 pair put off for later.');
  });
});

describe('the wipe', () => {
  it('names its edge, and is not there without a comparison', () => {
    expect(shown(createElement(WipeBar), judging)).toContain('[Edge of the wipe comparison]');
    expect(shown(createElement(WipeBar), {})).toBe('');
  });
});

describe('the review queue', () => {
  it('says how much is done, and what kinds of images there are', () => {
    const words = shown(createElement(ReviewQueue), { project });
    expect(words).toContain('180 of 240 (75 %)');
    for (const pile of ['Unreviewed', 'Unclear', 'Nothing found', 'With a problem', 'Accepted']) {
      expect(words).toContain(pile);
    }
  });
});
