import { describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../../../main/contract/api.ts';
import { PromptBar, promptFieldId } from '../../../../renderer/panels/answer/PromptBar.tsx';
import { ShapesPanel } from '../../../../renderer/panels/labels/ShapesPanel.tsx';
import { ModelNotice, modelWords } from '../../../../renderer/panels/window/ModelNotice.tsx';
import type { Workbench } from '../../../../renderer/state/workbench.ts';
import { onImage, wordsOf } from '../../printed.ts';
import { engine, label, labelled, shape } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, isDisabled, namesOf, wordsIn } from '../markup.ts';

const bar = (state: Partial<Workbench> = {}) => laidOpen(PromptBar, { ...onImage(), engine: engine(), ...state });

describe('the prompt bar', () => {
  it('waits for words, and can be found by its command', () => {
    expect(control(bar(), 'What to segment').attributes.id).toBe(promptFieldId);
    expect(isDisabled(bar(), 'Ask')).toBe(true);
  });

  it('asks for one answer unless more are wanted', () => {
    expect(control(bar(), 'Number of answers').attributes.value).toBe('1 answer');
    expect(control(bar({ samples: 4 }), 'Number of answers').attributes.value).toBe('4 answers');
    expect(namesOf(bar(), 'option')).toEqual(['1 answer', '2 answers', '4 answers', '8 answers']);
  });

  it('says that nothing was asked yet', () => {
    expect(namesOf(bar(), 'button')).toContain('Prompts asked before');
    expect(wordsOf(bar())).toContain('Nothing was asked yet');
  });

  it.each<[string, Partial<EngineStatus>, string, boolean]>([
    ['starts', { state: 'starting' }, 'The model is starting. You can write the prompt already.', false],
    ['is absent', { state: 'absent' }, 'There is no model. Everything but prompts, points and boxes works', true],
    ['lacks a file', { state: 'failed', problem: 'no config.json' }, 'no config.json. Everything but prompts', true],
    ['failed', { state: 'failed', problem: 'Out of memory.' }, 'Out of memory. Everything but prompts', true],
  ])('says that the model %s', (_title, also, words, offers) => {
    const markup = bar({ engine: engine(also) });
    expect(wordsOf(markup)).toContain(words);
    expect(namesOf(markup, 'button').includes('Choose weights')).toBe(offers);
    expect('disabled' in control(markup, 'What to segment').attributes).toBe(false);
  });

  it('is silent about a model that runs, or that nobody spoke of yet', () => {
    expect(wordsOf(bar())).not.toContain('model');
    expect(wordsOf(bar({ engine: null }))).not.toContain('model');
  });

  it('can be stopped instead of asked while it writes', () => {
    const names = namesOf(bar({ asking: true }), 'button');
    expect(names).toContain('Stop');
    expect(names).not.toContain('Ask');
  });
});

describe('the notice about the model', () => {
  const notice = (also: Partial<EngineStatus> | null) => laidOpen(ModelNotice, { engine: also && engine(also) });

  it.each([
    [null, 'status', []],
    [{ state: 'starting' }, 'status', []],
    [{ state: 'absent' }, 'alert', ['Settings…']],
    [{ state: 'failed' }, 'alert', ['Settings…']],
  ] as const)('of %j is read out as %s', (also, role, buttons) => {
    const words = modelWords(also && engine(also));
    expect(wordsIn(notice(also), role)).toContain(words);
    expect(namesOf(notice(also), 'button')).toEqual(buttons);
  });

  it('gives the engine’s own reason, or one of its own', () => {
    expect(modelWords(engine({ state: 'failed', problem: 'It broke.' }))).toBe('It broke.');
    expect(modelWords(engine({ state: 'failed', problem: null }))).toBe('The model does not run.');
  });

  it('is not there while the model runs', () => expect(wordsOf(notice({}))).toBe(''));
});

describe('the head of the objects', () => {
  const two = labelled(label(5, 'car'), label(6, 'van'));
  const shapes = [shape(1), shape(2), shape(3, { labelId: 6 })];
  const head = (state: Partial<Workbench>) => laidOpen(ShapesPanel, { ...onImage({ shapes }), ...two, ...state });

  it.each<[string, Partial<Workbench>, string, string | null]>([
    ['of nothing selected', {}, 'Label of new shapes', ''],
    ['of what will be drawn', { labelId: 6 }, 'Label of new shapes', 'van'],
    ['of one shape', { selected: new Set([3]), labelId: 5 }, 'Label of the selected shapes', 'van'],
    ['that shapes share', { selected: new Set([1, 2]) }, 'Label of the selected shapes', 'car'],
    ['of several', { selected: new Set([1, 3]) }, 'Label of the selected shapes', null],
  ])('names the label %s', (_title, state, name, value) => {
    const { attributes } = control(head(state), name);
    expect(attributes.value).toBe(value ?? '');
    expect(attributes.placeholder === 'Several labels').toBe(value === null);
  });

  it('counts, and has one list that takes the focus', () => {
    expect(wordsOf(head({}))).toContain('Shapes 3');
    expect(head({})).toMatch(/role="tree"[^>]*aria-label="Shapes"[^>]*aria-multiselectable="true"/u);
    expect(head({})).toMatch(/role="tree"[^>]*tabindex="0"/u);
    expect(head({ selected: new Set([2]) })).toContain('aria-activedescendant="shape-row-2"');
  });

  it('says why there is nothing', () => {
    expect(wordsOf(laidOpen(ShapesPanel, onImage()))).toContain('No shapes yet: ask a prompt, or draw one');
    expect(wordsOf(laidOpen(ShapesPanel, { open: null }))).toContain('No image is open.');
  });
});
