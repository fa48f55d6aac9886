import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Job } from '../../../main/contract/jobs.ts';
import { JobsPanel, sortedJobs } from '../../../renderer/panels/JobsPanel.tsx';
import { JobView, progressWords } from '../../../renderer/panels/window/JobView.tsx';
import { wordsOf } from '../printed.ts';
import { job, jobs } from './given.ts';
import { laidOpen } from './laidOpen.ts';
import { namesOf, wordsIn } from './markup.ts';

const states = Job.shape.state.options;
const view = (also: Partial<Job>) => laidOpen(JobView, {}, { job: job(also) });
const bar = (markup: string) => /role="progressbar"[^>]*aria-valuenow="([^"]*)"/u.exec(markup)?.[1];

describe('a job', () => {
  it.each(states)('that is %s can be cancelled only while there is something to cancel', (state) => {
    const works = state === 'waiting' || state === 'running';
    const markup = view({ state });
    expect(namesOf(markup, 'button')).toEqual(works ? ['Cancel: Exporting to cars.json'] : []);
    expect(bar(markup) !== undefined).toBe(works);
  });

  it.each([
    [0, 200, '0'],
    [50, 200, '25'],
    [200, 200, '100'],
    // A folder that grows while it is read.
    [300, 200, '100'],
  ])('that did %d of %d is shown at %s %%', (done, total, percent) => {
    expect(bar(view({ done, total }))).toBe(percent);
  });

  it.each([
    [null, 'is not known'],
    [0, 'is nothing'],
  ])('whose end is %j moves without saying how far: %s', (total) => {
    expect(view({ done: 7, total })).toContain('data-animated="true"');
    expect(view({ done: 7, total: 9 })).not.toContain('data-animated="true"');
  });

  it('is read out as it goes on, its failure at once', () => {
    expect(wordsIn(view({ secondsLeft: 20 }), 'status')).toBe('120 of 3,000, 20 s left');
    expect(wordsIn(view({ state: 'done', message: 'Wrote 5 annotations.' }), 'status')).toBe('Wrote 5 annotations.');
    const failed = view({ state: 'failed', message: 'The disk is full.' });
    expect(wordsIn(failed, 'alert')).toBe('The disk is full.');
    expect(wordsIn(failed, 'status')).toBeNull();
  });

  it('that was cancelled says what became of the rest', () => {
    expect(wordsOf(view({ state: 'cancelled' }))).toContain('Cancelled. What was done so far is kept.');
    const words = wordsOf(view({ state: 'cancelled', message: 'Stopped after 3 images.' }));
    expect(words).toContain('Stopped after 3 images.');
    expect(words).not.toContain('What was done so far is kept.');
  });

  it('keeps its message for the end', () => {
    expect(wordsOf(view({ message: 'Reading a.json' }))).not.toContain('Reading a.json');
  });

  it('is a group of its own name', () =>
    expect(view({})).toContain('role="group" aria-label="Exporting to cars.json"'));
});

describe('how far a job is', () => {
  it('always says what was done, and never a time that is not known', () => {
    const fields = fc.record({
      done: fc.nat(1_000_000),
      total: fc.option(fc.nat(1_000_000)),
      secondsLeft: fc.option(fc.nat(100_000)),
    });
    fc.assert(
      fc.property(fields, (also) => {
        const words = progressWords(job(also));
        expect(words.startsWith(also.done.toLocaleString('en-US'))).toBe(true);
        expect(words.includes(' of ')).toBe(also.total !== null);
        expect(words.endsWith(' left')).toBe(also.secondsLeft !== null);
      }),
    );
  });
});

it('counts a step under way in the bar, not in the words', () => {
  const teaching = { ...{ kind: 'teach', state: 'running', done: 1.25, total: 5, secondsLeft: 90 } } as const;
  expect(progressWords(job(teaching))).toBe('1 of 5, 2 min left');
  expect(bar(view(teaching))).toBe('25');
});

describe('all jobs', () => {
  it('say that nothing is at work', () => {
    expect(wordsOf(laidOpen(JobsPanel, { dialog: 'jobs' }))).toContain('Nothing is at work');
  });

  it('are shown while they are asked for', () => {
    const all = jobs(job({ id: 'a', title: 'Importing', state: 'done', message: '5 shapes.' }), job({ id: 'b' }));
    const words = wordsOf(laidOpen(JobsPanel, { dialog: 'jobs', ...all }));
    expect(words.indexOf('Exporting to cars.json')).toBeLessThan(words.indexOf('Imported'));
    expect(words).toContain('5 shapes.');
    expect(wordsOf(laidOpen(JobsPanel, { dialog: 'settings', ...all }))).toBe('');
  });

  it('are the same ones in another order: those at work in theirs, the others the newest first', () => {
    const some = fc.array(fc.constantFrom(...states), { maxLength: 12 });
    fc.assert(
      fc.property(some, (list) => {
        const all = list.map((state, i) => job({ id: `${i}`, state }));
        const sorted = sortedJobs(all).map(({ id, state }) => ({
          at: Number(id),
          works: /waiting|running/u.test(state),
        }));
        const active = sorted.filter(({ works }) => works).map(({ at }) => at);
        const ended = sorted.filter(({ works }) => !works).map(({ at }) => at);
        expect(sorted.map(({ at }) => at)).toEqual([...active, ...ended]);
        expect(active).toEqual(active.toSorted((a, b) => a - b));
        expect(ended).toEqual(ended.toSorted((a, b) => b - a));
        expect(sorted).toHaveLength(all.length);
      }),
    );
  });
});
