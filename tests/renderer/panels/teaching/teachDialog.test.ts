// The dialog of teaching: before, while and after a run, by its words.
import { describe, expect, it } from 'vitest';
import type { TeachReport } from '../../../../main/contract/learning.ts';
import {
  introduction,
  liveWords,
  Result,
  StartButtons,
  TeachDialog,
  WhatLearns,
} from '../../../../renderer/panels/teaching/TeachDialog.tsx';
import { Planned } from '../../../../renderer/panels/teaching/TeachPlan.tsx';
import { wordsOf } from '../../printed.ts';
import { job, jobs, project } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { isDisabled } from '../markup.ts';

const figures = (gIoU: number) => ({
  ...{ prompts: 2, objects: 3, gIoU, cIoU: gIoU },
  words: { prompts: 0, gIoU: 0, cIoU: 0, box50: 0 },
});
const gate = {
  ...{ promoted: true, reason: 'Held-out masks gained 0.100 gIoU.', gain: 0.1, low: 0.05, high: 0.2 },
  ...{ otherLabels: null, nothing: null, base: null },
};
const report: TeachReport = {
  ...{ tier: 'decoder', samples: 9, before: figures(0.6), after: figures(0.7), gate, minutes: 1, peakMB: 2 },
  prompts: [
    { imageId: 1, text: 'left bolt', before: 0.8, after: 0.7 },
    { imageId: 2, text: 'right bolt', before: 0.4, after: 0.7 },
  ],
};

describe('teaching', () => {
  const dialog = { dialog: 'teach', project } as const;

  it('can be started, and not twice', () => {
    expect(isDisabled(laidOpen(TeachDialog, dialog), 'Teach')).toBe(false);
    const running = jobs(job({ id: '7', kind: 'teach', state: 'running', title: 'Teaching the model' }));
    const markup = laidOpen(TeachDialog, { ...dialog, ...running });
    expect(isDisabled(markup, 'Teach')).toBe(true);
    expect(wordsOf(markup)).toContain('Teaching the model');
  });

  it('says what learns, but nothing of a stopped run that goes on or was begun anew', () => {
    const words = (goesOn: boolean) =>
      wordsOf(laidOpen(WhatLearns, {}, { learns: 'The run that was stopped', goesOn }));
    expect(words(false)).toBe('The run that was stopped');
    expect(words(true)).toBe('');
  });

  it('can be gone on with where it was stopped, or begun anew', () => {
    const buttons = (isStopped: boolean, running: boolean, crossValidates = false) =>
      wordsOf(laidOpen(StartButtons, {}, { isStopped, running, starting: false, crossValidates, onStart: () => {} }));
    expect(buttons(true, false)).toMatch(/Start anew\s*Go on/u);
    expect(buttons(false, false)).toBe('Teach');
    expect(buttons(true, true)).toBe('Teach');
    expect(buttons(false, false, true)).toMatch(/Cross-validate\s*Teach/u);
    expect(buttons(true, false, true)).not.toContain('Cross-validate');
    expect(buttons(false, true, true)).toBe('Teach');
  });

  it('says while it runs what it is at', () => {
    const running = jobs(job({ id: '7', kind: 'teach', state: 'running' }));
    const teaching = {
      kind: 'teaching',
      phase: 'training',
      done: 2,
      total: 9,
      secondsLeft: 5,
      figures: { loss: 0.5 },
    } as const;
    expect(wordsOf(laidOpen(TeachDialog, { ...dialog, ...running, teaching }))).toContain('training: loss 0.500');
    expect(liveWords({ ...teaching, phase: 'looking', figures: {} })).toBe('looking');
    expect(liveWords({ ...teaching, fold: { number: 2, of: 5 } })).toBe('fold 2 of 5, training: loss 0.500');
    const part = { name: 'learning', done: 4, of: 8 } as const;
    expect(liveWords({ ...teaching, part })).toBe('training, gradients of answer 5 of 8: loss 0.500');
  });

  it('shows what came of it', () => {
    const words = wordsOf(laidOpen(Result, {}, { report }));
    expect(words).toContain('Better, and in use');
    expect(words).toContain('0.600 before, 0.700 after');
    const answered = { ...figures(0.7), words: { prompts: 4, gIoU: 0.3, cIoU: 0.3, box50: 0.5 } };
    const told = wordsOf(laidOpen(Result, {}, { report: { ...report, after: answered } }));
    expect(told).toContain('of answers to 4 prompts: 0.000 before, 0.300 after');
    const clicked = (noc85: number) => ({ ...figures(0.7), clicks: { objects: 9, noc85, noc90: noc85 + 1 } });
    const saved = { ...report, before: clicked(5), after: clicked(3.26) };
    expect(wordsOf(laidOpen(Result, {}, { report: saved }))).toContain(
      'Clicks that 9 held-back objects would need, on average: 5.0 before, 3.3 after to an IoU of 0.85; 6.0 before, 4.3 after to 0.90',
    );
    expect(words).not.toContain('Clicks');
    const gone = [{ path: 'a.png', reason: 'a.png: no such file' }];
    const without = wordsOf(laidOpen(Result, {}, { report: { ...report, skipped: gone } }));
    expect(without).toContain('1 image was left out:');
    expect(without).toContain('a.png: no such file');
    expect(words).not.toContain('left out');
    const drafts = [
      { weights: 'toy@1', prompts: 3 },
      { weights: null, prompts: 1 },
    ];
    const drafted = { ...report, drafts, reasoning: { written: 1, confirmed: 2, composed: 1 } };
    const from = wordsOf(laidOpen(Result, {}, { report: drafted }));
    expect(from).toContain('3 prompts by toy@1, 1 prompt without one');
    expect(from).toContain('1 written, 2 confirmed, 1 put together from the shapes');
    expect(words).not.toContain('put together');
    const refused = { ...report, before: null, after: null, prompts: [], gate: { ...gate, promoted: false } };
    expect(wordsOf(laidOpen(Result, {}, { report: refused }))).toContain('Kept as it was');
  });

  it('says before a run what it takes, and lets a person choose tier and minutes', () => {
    const words = wordsOf(laidOpen(TeachDialog, dialog));
    expect(words).toContain('What is taught');
    expect(words).toContain('Minutes of training at most');
    expect(words).toContain('Looks what there is to learn');
    const plan = {
      ...{ images: 3, prompts: 8, fresh: 8, tier: 'decoder', why: 'Tier decoder was asked for.', training: 2 },
      ...{ minutes: 2.5, memoryMB: 900, freeMB: 4096, rare: [], refusal: null },
    } as const;
    const told = wordsOf(laidOpen(Planned, {}, { plan }));
    expect(told).toContain('8 corrections and labelled things on 3 images teach.');
    expect(told).toContain('It takes about 3 minutes: 2 minutes of training at most');
    const running = jobs(job({ id: '7', kind: 'teach', state: 'running' }));
    expect(wordsOf(laidOpen(TeachDialog, { ...dialog, ...running }))).not.toContain('Minutes of training');
  });

  it('says which words were taught, which of them too little, and how much of what was sampled could teach', () => {
    const words = [
      { word: 'kite', pictures: 8, isEnough: true },
      { word: 'squid', pictures: 1, isEnough: false },
    ];
    const told = wordsOf(laidOpen(Result, {}, { report: { ...report, words, usefulGroups: 0.25 } }));
    expect(told).toContain('New words: kite (8 pictures).');
    expect(told).toContain('Taught with too few pictures to rely on: squid (1 picture).');
    expect(told).toContain('25 % of the groups of sampled answers could teach anything');
    expect(wordsOf(laidOpen(Result, {}, { report }))).not.toMatch(/New words|groups/u);
  });

  it('says how many images are held back', () => {
    expect(introduction(null)).not.toContain('held back');
    expect(introduction({ versions: [], last: null, stopped: false, held: 6, curve: [] })).toContain(
      '6 images of this project are held back',
    );
  });
});
