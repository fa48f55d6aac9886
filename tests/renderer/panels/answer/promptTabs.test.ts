import { describe, expect, it } from 'vitest';
import type { Correction, Verdict } from '../../../../main/contract/project.ts';
import { outcome, PromptTabs } from '../../../../renderer/panels/answer/PromptTabs.tsx';
import { corrected, correction, prompt } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, namesOf } from '../markup.ts';

const judged = (reasoning: Verdict, box: Verdict, mask: Verdict, shapeId: number | null = null): Correction => ({
  ...correction({ objects: [corrected(box, mask, shapeId)] }),
  reasoning: { text: 'The car.', verdict: reasoning },
});

const none = correction({
  found: { value: 'nothing', verdict: 'right' },
  reasoning: { text: 'No moon.', verdict: 'wrong' },
  objects: [],
});

const tabs = (prompts: ReturnType<typeof prompt>[], current: number | null) =>
  laidOpen(PromptTabs, {}, { prompts, current });

describe('the prompts of an image', () => {
  it('take no room before anything was asked', () => {
    expect(tabs([], null)).not.toContain('<ul');
  });

  it('say what came of each, and can each be chosen and deleted', () => {
    const asked = [
      prompt(1, 'the red car'),
      prompt(2, 'a dog', judged('right', 'right', null)),
      prompt(3, 'the moon', none),
      prompt(4, 'the van', judged('right', 'corrected', 'wrong')),
      prompt(5, 'the bus', judged('right', 'corrected', 'right', 7)),
      // Called right three times, and no shape was made of it.
      prompt(6, 'the tram', judged('right', 'right', 'right')),
    ];
    expect(namesOf(tabs(asked, 2), 'button')).toEqual([
      ...['Not judged yet the red car', 'Delete the prompt the red car'],
      ...['Being judged a dog', 'Delete the prompt a dog'],
      ...['Nothing matches the moon', 'Delete the prompt the moon'],
      ...['Judged wrong the van', 'Delete the prompt the van'],
      ...['Judged the bus', 'Delete the prompt the bus'],
      ...['Being judged the tram', 'Delete the prompt the tram'],
    ]);
  });

  it.each([1, 2, null])('press the current one alone: %j', (current) => {
    const markup = tabs([prompt(1, 'car'), prompt(2, 'dog')], current);
    const pressed = [1, 2].filter((id) => {
      const { attributes } = control(markup, `Not judged yet ${id === 1 ? 'car' : 'dog'}`);
      return attributes['aria-pressed'] === 'true';
    });
    expect(pressed).toEqual(current === null ? [] : [current]);
  });

  it('keep text that looks like markup as text, whole in the tooltip of the line', () => {
    const text = 'the <b>bold</b> sign & “more” of it'.padEnd(300, ' word');
    const markup = tabs([prompt(1, text)], null);
    expect(markup).not.toContain('<b>');
    expect(namesOf(markup, 'button')).toEqual([`Not judged yet ${text}`, `Delete the prompt ${text}`]);
  });
});

describe('what came of a prompt', () => {
  const verdicts: Verdict[] = ['right', 'corrected', 'wrong', null];
  const all = verdicts.flatMap((a) => verdicts.flatMap((b) => verdicts.map((c) => [a, b, c] as const)));

  it.each(all)('%s, %s, %s is settled once all three parts are judged, and the mask stands or is wrong', (a, b, c) => {
    const isOpen = [a, b, c].includes(null);
    const { words, tone } = outcome(judged(a, b, c, c === 'wrong' ? null : 7));
    expect(words).toBe(isOpen ? 'Being judged' : c === 'wrong' ? 'Judged wrong' : 'Judged');
    expect(tone).toBe(isOpen ? 'warn' : c === 'wrong' ? 'bad' : 'good');
    if (c !== 'wrong') expect(outcome(judged(a, b, c)).words).toBe('Being judged');
  });

  it.each(verdicts)('that there is nothing, %s, with a reasoning that was judged', (verdict) => {
    const said = { ...none, found: { value: 'nothing', verdict } } as const;
    const isSettled = verdict === 'right' || verdict === 'corrected';
    expect(outcome(said).words).toBe(isSettled ? 'Nothing matches' : 'Being judged');
  });
});
