import { describe, expect, it } from 'vitest';
import { ImageList } from '../../../../renderer/panels/images/ImageList.tsx';
import { RepairPanel } from '../../../../renderer/panels/images/RepairPanel.tsx';
import { ReviewQueue } from '../../../../renderer/panels/images/ReviewQueue.tsx';
import { WipeBar } from '../../../../renderer/panels/WipeBar.tsx';
import { emptyWorkbench, type Repair, type Workbench } from '../../../../renderer/state/workbench.ts';
import { wordsOf } from '../../printed.ts';
import { engine, job, jobs, label, labelled, project } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, isDisabled, namesOf, wordsIn } from '../markup.ts';

const { query, repair } = emptyWorkbench;
const two = labelled(label(2, 'van', { place: 1 }), label(1, 'car', { place: 0 }));

describe('the review queue', () => {
  const queue = (state: Partial<Workbench> = {}) => laidOpen(ReviewQueue, { project, ...two, ...state });

  it('waits for the counts before it starts', () => {
    expect(isDisabled(queue(), 'Start with 0 images')).toBe(true);
    expect(namesOf(queue(), 'radio')).toEqual([
      'Unreviewed …',
      'Unclear …',
      'Nothing found …',
      'With a problem …',
      'Accepted …',
    ]);
  });

  it.each([
    ['all', 'Unreviewed …'],
    ['unreviewed', 'Unreviewed …'],
    ['problem', 'With a problem …'],
    ['accepted', 'Accepted …'],
  ] as const)('begins with what the list shows: %s', (status, pile) => {
    const markup = queue({ query: { ...query, status } });
    const chosen = controlsIn(markup).filter(({ attributes }) => attributes['aria-checked'] === 'true');
    expect(chosen.map(({ name }) => name)).toEqual([pile]);
  });

  it.each([
    [{ images: 0, unreviewed: 0 }, '0 of 0 (0 %)'],
    [{ images: 3, unreviewed: 3 }, '0 of 3 (0 %)'],
    [{ images: 3, unreviewed: 0 }, '3 of 3 (100 %)'],
    [{ images: 12000, unreviewed: 4000 }, '8,000 of 12,000 (67 %)'],
  ])('of %j is done: %s', (also, words) => {
    expect(wordsOf(queue({ project: { ...project, ...also } }))).toContain(words);
  });

  it('can be narrowed to a label and put in order', () => {
    const markup = queue({ query: { ...query, labelId: 2, order: 'spread' } });
    expect(control(markup, 'Only images with').attributes.value).toBe('van');
    expect(control(markup, 'In which order').attributes.value).toBe('Candidates differ most');
    expect(namesOf(markup, 'option')).toEqual([
      ...['car', 'van'],
      ...['By name', 'Model and mask disagree most', 'Candidates differ most'],
    ]);
  });
});

describe('the repair', () => {
  const panel = (fields: Partial<Repair>, state: Partial<Workbench> = {}) =>
    laidOpen(RepairPanel, { project, engine: engine(), ...two, repair: { ...repair, ...fields }, ...state });

  it('is started for every label or for one', () => {
    const markup = panel({});
    expect(namesOf(markup, 'button')).toEqual(['Compare with the model']);
    expect(isDisabled(markup, 'Compare with the model')).toBe(false);
    expect(control(markup, 'Which masks').attributes.placeholder).toBe('of every label');
    expect(namesOf(markup, 'option')).toEqual([
      ...['Expected gain', 'How much the outlines differ', 'How much the masks differ'],
      ...['car', 'van'],
    ]);
  });

  it.each(['starting', 'absent', 'failed'] as const)('cannot be started while the model is %s', (state) => {
    expect(isDisabled(panel({}, { engine: engine({ state }) }), 'Compare with the model')).toBe(true);
  });

  it('says that it fetches a pair, and shows none meanwhile', () => {
    const markup = panel({ stage: 'loading' });
    expect(markup).toContain('aria-label="Fetching the next pair"');
    expect(controlsIn(markup)).toEqual([]);
  });

  it.each([
    [{ left: 0 }, 'Nothing is left to judge.', ['Compare new ones']],
    [{ left: 1, skipped: new Set([3]) }, '1 pair put off for later.', ['Judge those put off', 'Compare new ones']],
  ])('ends with %j: %s', (fields, words, buttons) => {
    const markup = panel({ stage: 'finished', ...fields });
    expect(wordsOf(markup)).toContain(`0 pairs judged ${words}`);
    expect(namesOf(markup, 'button')).toEqual(buttons);
  });

  it('says what came of the latest comparison, not of other work', () => {
    const all = jobs(
      job({ id: 'a', kind: 'compare', state: 'done', message: 'Compared 3 masks.' }),
      job({ id: 'b', kind: 'compare', state: 'failed', message: 'The model stopped.' }),
      job({ id: 'c', kind: 'export', state: 'done', message: 'Wrote 5 annotations.' }),
    );
    const words = wordsOf(panel({}, all));
    expect(words).toContain('The model stopped.');
    expect(words).not.toContain('Compared 3 masks.');
    expect(words).not.toContain('Wrote 5 annotations.');
  });

  it('has nothing to judge without a pair', () => expect(controlsIn(panel({ stage: 'judging' }))).toEqual([]));
});

describe('the wipe', () => {
  const wipe = (at: number) => laidOpen(WipeBar, { wipe: { shapeId: 7, proposed: null, at } });

  it.each([0, 0.5, 1])('has its edge at %d', (at) => {
    const { attributes } = control(wipe(at), 'Edge of the wipe comparison');
    expect(Number(attributes['aria-valuenow'])).toBe(at);
  });

  it('says what is on which side', () => {
    expect(wordsOf(wipe(0.5))).toBe('Present mask Show the other Proposal');
    expect(namesOf(wipe(0.5), 'button')).toEqual(['Show the other']);
  });
});

describe('the filters of the image list', () => {
  const list = (fields: Partial<Workbench['query']>) =>
    laidOpen(ImageList, { project, ...two, query: { ...query, ...fields } });

  it('have names, and stand at what is looked for', () => {
    const markup = list({ search: 'cat', status: 'nothing found' });
    expect(control(markup, 'Search images by name').attributes.value).toBe('cat');
    expect(control(markup, 'Review status').attributes.value).toBe('Nothing found');
    expect(namesOf(markup, 'option')).toEqual([
      ...['All', 'Unreviewed', 'Accepted', 'Unclear', 'Nothing found', 'With a problem'],
    ]);
  });

  it('offer orders, and every label in its order', () => {
    expect(namesOf(list({}), 'menuitem')).toEqual([
      ...['By name', 'By disagreement with the model', 'By spread of the answers'],
      ...['Any label or none', 'car', 'van'],
    ]);
  });

  it.each([
    [{}, false],
    [{ order: 'spread' }, true],
    [{ labelId: 1 }, true],
    [{ search: 'cat' }, false],
  ] as const)('mark the menu with %j: %j', (fields, on) => {
    expect(control(list(fields), 'Order and label of the images').attributes['data-on']).toBe(on ? 'true' : undefined);
  });

  it('leave the word to the list while nothing was read', () => expect(wordsIn(list({}), 'alert')).toBeNull());
});
