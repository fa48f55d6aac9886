import { describe, expect, it } from 'vitest';
import type { Job } from '../../../../main/contract/jobs.ts';
import { PromptAllDialog } from '../../../../renderer/panels/answer/PromptAllDialog.tsx';
import type { Workbench } from '../../../../renderer/state/workbench.ts';
import { onImage, wordsOf } from '../../printed.ts';
import { engine, job, jobs, project, prompt } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, isDisabled, namesOf } from '../markup.ts';

const dialog = (also: Partial<Workbench> = {}) =>
  laidOpen(PromptAllDialog, { dialog: 'prompt all', engine: engine(), project, ...also });

const asked = (also: Partial<Workbench> = {}) =>
  dialog({ ...onImage({ prompts: [prompt(800, 'the red car')] }), promptId: 800, project, ...also });

describe('asking all images', () => {
  it('begins with the prompt in review', () => {
    expect(control(asked(), 'Prompt').attributes.value).toBe('the red car');
    expect(isDisabled(asked(), 'Ask 240 images')).toBe(false);
  });

  it('waits for words where nothing was asked before', () => {
    expect(control(dialog(), 'Prompt').attributes.value).toBe('');
    expect(isDisabled(dialog(), 'Ask 240 images')).toBe(true);
  });

  it.each<[string, Partial<Workbench>, string]>([
    ['the model starts', { engine: engine({ state: 'starting' }) }, 'The model is starting.'],
    ['there is no model', { engine: engine({ state: 'absent' }) }, 'No model is there.'],
    ['the model failed', { engine: engine({ state: 'failed', problem: 'Out of memory.' }) }, 'Out of memory.'],
  ])('says why it cannot be done while %s', (_title, also, words) => {
    expect(isDisabled(asked(also), 'Ask 240 images')).toBe(true);
    expect(wordsOf(asked(also))).toContain(words);
  });

  it.each([
    [1, 'Ask 1 image', false],
    [1200, 'Ask 1,200 images', false],
    [0, 'Ask 0 images', true],
  ])('of %d images reads "%s"', (images, name, off) => {
    expect(isDisabled(asked({ project: { ...project, images } }), name)).toBe(off);
  });

  it('promises to change no shape', () => {
    expect(wordsOf(dialog())).toContain('Every answer is a proposal that you accept or correct');
  });

  it.each<[Job['state'], boolean]>([
    ['running', true],
    ['waiting', true],
    ['done', false],
    ['failed', false],
    ['cancelled', false],
  ])('takes up again one that is %s: %j', (state, adopts) => {
    const markup = dialog(jobs(job({ kind: 'prompt all', title: 'Asking “the red car”', state })));
    expect(namesOf(markup, 'button').includes('Go on in the background')).toBe(adopts);
    expect(namesOf(markup, 'textbox').includes('Prompt')).toBe(!adopts);
  });

  it('is not taken in by other work', () => {
    expect(namesOf(dialog(jobs(job({ kind: 'export' }))), 'textbox')).toEqual(['Prompt']);
  });

  it('says how far it is, can be cancelled, and tells where nothing was found', () => {
    const notes = ['a.png: nothing matches', 'b.png: nothing matches'];
    const markup = dialog(jobs(job({ kind: 'prompt all', title: 'Asking “dog”', secondsLeft: 40, notes })));
    expect(wordsOf(markup)).toContain('120 of 3,000, 40 s left');
    expect(wordsOf(markup)).toContain('Nothing was found, or went wrong (2 lines)');
    expect(namesOf(markup, 'button')).toEqual(['Close', 'Cancel: Asking “dog”', 'Go on in the background']);
  });
});
