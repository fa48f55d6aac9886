import { describe, expect, it } from 'vitest';
import type { Correction, Verdict } from '../../../main/contract/project.ts';
import { outcome, PromptTabs } from '../../../renderer/panels/PromptTabs.tsx';
import { kept, prompt } from './given.ts';
import { laidOpen } from './laidOpen.ts';
import { control, namesOf } from './markup.ts';

const judged = (
  reasoning: Verdict,
  box: Verdict,
  mask: Verdict,
  found: Correction['found'] = 'object',
): Correction => ({
  ...kept({ found }),
  reasoning: { text: 'The car.', verdict: reasoning },
  box: { value: null, verdict: box },
  mask: { shapeId: null, verdict: mask },
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
      prompt(3, 'the moon', judged('wrong', 'right', 'right', 'nothing')),
      prompt(4, 'the van', judged('right', 'corrected', 'wrong')),
    ];
    expect(namesOf(tabs(asked, 2), 'button')).toEqual([
      ...['Not judged yet the red car', 'Delete the prompt the red car'],
      ...['Being judged a dog', 'Delete the prompt a dog'],
      ...['Nothing matches the moon', 'Delete the prompt the moon'],
      ...['Judged the van', 'Delete the prompt the van'],
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

  it.each(all)('%s, %s, %s is settled once all three parts are judged', (a, b, c) => {
    const isOpen = [a, b, c].includes(null);
    expect(outcome(judged(a, b, c)).words === 'Being judged').toBe(isOpen);
    expect(outcome(judged(a, b, c, 'nothing')).words === 'Being judged').toBe(isOpen);
    expect(outcome(judged(a, b, c)).tone).toBe(isOpen ? 'warn' : 'good');
  });
});
