// Curves of a run and of a project as plots: what is drawn over what, and what is heard in place of the drawing.
import { describe, expect, it } from 'vitest';
import type { LearningPoint, RunCurve } from '../../../../main/contract/learning.ts';
import { short } from '../../../../renderer/panels/teaching/plotView.ts';
import {
  figureWords,
  learningPlots,
  ProjectCurve,
  plotsOf,
  plotWords,
} from '../../../../renderer/panels/teaching/TeachCurves.tsx';
import { laidOpen } from '../laidOpen.ts';

const curve = (stage: string, name: string, ...points: [number, number][]): RunCurve => ({ stage, name, points });
const point = (pictures: number, also: Partial<LearningPoint> = {}): LearningPoint => ({
  ...{ pictures, masks: 0.8, answers: 0.1, noc85: 5, noc90: 8, promoted: false },
  ...also,
});

describe('curves of a run', () => {
  it('are one plot a figure, over its steps', () => {
    const plots = plotsOf([curve('decoder', 'loss', [10, 0.9], [20, 0.5]), curve('decoder', 'iou', [10, 0.6])]);
    expect(plots).toEqual([
      { title: 'loss', along: 'step', xs: [10, 20], lines: [{ name: 'loss', values: [0.9, 0.5] }] },
      { title: 'iou', along: 'step', xs: [10], lines: [{ name: 'iou', values: [0.6] }] },
    ]);
  });

  it('name their stage where a run has several', () => {
    const plots = plotsOf([curve('supervised', 'loss', [10, 1]), curve('decoder', 'loss', [10, 2])]);
    expect(plots.map(({ title }) => title)).toEqual(['loss (supervised)', 'loss (decoder)']);
  });

  it('hold what held-back prompts came to beside what is learnt from, under its own name', () => {
    const plots = plotsOf([
      curve('decoder', 'iou', [10, 0.6], [20, 0.7]),
      curve('decoder', 'validation gIoU', [0, 0.5], [20, 0.6]),
    ]);
    expect(plots.map(({ title, xs }) => [title, xs])).toEqual([
      ['iou', [10, 20]],
      ['validation gIoU', [0, 20]],
    ]);
  });

  it('are called in words', () => {
    expect(['gradientNorm', 'gIoU', 'samplesPerSecond', 'kl'].map(figureWords)).toEqual([
      ...['gradient norm', 'gIoU', 'samples per second', 'kl'],
    ]);
  });
});

describe('the learning curve', () => {
  it('has masks, answers and clicks over corrected pictures', () => {
    const along = { along: 'corrected pictures', xs: [0, 20] };
    expect(learningPlots([point(0), point(20, { masks: 0.85, answers: 0.4, noc85: 4, noc90: 7.5 })])).toEqual([
      {
        ...{ title: 'gIoU of held-back prompts', ...along },
        lines: [
          { name: 'masks', values: [0.8, 0.85] },
          { name: 'answers', values: [0.1, 0.4] },
        ],
      },
      {
        ...{ title: 'clicks', ...along },
        lines: [
          { name: 'to 0.85', values: [5, 4] },
          { name: 'to 0.90', values: [8, 7.5] },
        ],
      },
    ]);
  });

  it('leaves out what was never measured', () => {
    const unmeasured = { answers: null, noc85: null, noc90: null };
    const plots = learningPlots([point(0, unmeasured), point(20, unmeasured)]);
    expect(plots.map(({ lines }) => lines.map(({ name }) => name))).toEqual([['masks']]);
  });

  it('is shown from the first run on', () => {
    const markup = (...points: LearningPoint[]) => laidOpen(ProjectCurve, {}, { points });
    expect(markup()).not.toContain('Learning curve');
    expect(markup(point(0), point(20))).toContain('aria-label="Learning curve"');
  });
});

describe('in place of the drawing', () => {
  it('the last readings are heard', () => {
    const [plot] = plotsOf([curve('decoder', 'loss', [10, 0.9], [120, 0.4123])]);
    expect(plot && plotWords(plot)).toBe('loss over 2 readings, last at step 120: 0.412');
    expect(learningPlots([point(0), point(20, { answers: null, noc85: 3.25 })]).map(plotWords)).toEqual([
      'gIoU of held-back prompts over 2 readings, last at corrected pictures 20: masks 0.8, answers 0.1',
      'clicks over 2 readings, last at corrected pictures 20: to 0.85 3.25, to 0.90 8',
    ]);
  });

  it('numbers have three digits', () => {
    expect([0, 0.41234, 1234.5, 0.00002].map(short)).toEqual(['0', '0.412', '1.23K', '2e-5']);
  });
});
