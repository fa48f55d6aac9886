// The models of this machine on screen: what each is, what can be done with it, and what is wrong with it.
import { describe, expect, it } from 'vitest';
import type { InstalledRow } from '../../../main/contract/api.ts';
import { Settings } from '../../../main/contract/settings.ts';
import { bitsWords, Installed, InstalledModels } from '../../../renderer/panels/InstalledModels.tsx';
import { wordsOf } from '../printed.ts';
import { laidOpen } from './laidOpen.ts';
import { isDisabled } from './markup.ts';

const row: InstalledRow = {
  ...{ name: 'lens-3b', place: '/models/lens', uses: ['reasoner'], detail: 'LENS checkpoint: 36 layers of 2048' },
  ...{ bits: null, canQuantise: true, problem: null },
};
const installed = (fields: Partial<InstalledRow> = {}, { busy = false, ...state } = {}) =>
  laidOpen(Installed, state, {
    ...{ row: { ...row, ...fields }, title: 'LENS-3B', busy },
    ...{ onQuantise: () => {}, onForget: () => {} },
  });

describe('a model of this machine', () => {
  it('says what it is, where it lies, and in how many bits', () => {
    const words = wordsOf(installed());
    expect(words).toContain('LENS checkpoint: 36 layers of 2048; weights as they came');
    expect(words).toContain('/models/lens');
    expect(bitsWords({ bits: 4 })).toBe('weights in 4 bits');
  });

  it('can be used for what it does, unless it is in use', () => {
    expect(isDisabled(installed(), 'Use LENS-3B for words')).toBe(false);
    const inUse = { settings: { ...Settings.parse({}), weights: '/models/lens' } };
    expect(isDisabled(installed({}, inUse), 'Use LENS-3B for words')).toBe(true);
    const both = installed({ uses: ['reasoner', 'segmenter'] }, inUse);
    expect(isDisabled(both, 'Use LENS-3B for clicks and boxes')).toBe(false);
  });

  it('is written in fewer bits where it has weights of its own, one at a time', () => {
    expect(isDisabled(installed(), 'Fewer bits for LENS-3B')).toBe(false);
    expect(isDisabled(installed({}, { busy: true }), 'Fewer bits for LENS-3B')).toBe(true);
    expect(installed({ canQuantise: false })).not.toContain('Fewer bits');
  });

  it('that is gone is said to be, and can only be forgotten', () => {
    const gone = installed({ problem: 'is not there any more; forget it, or put it back', canQuantise: false });
    expect(wordsOf(gone)).toContain('LENS-3B: is not there any more');
    expect(gone).not.toContain('Use LENS-3B');
    expect(isDisabled(gone, 'Forget LENS-3B')).toBe(false);
  });
});

it('where there is none, it is said, and a folder can be added', () => {
  const list = laidOpen(InstalledModels, {}, { busy: false, titles: new Map(), start: () => {} });
  expect(wordsOf(list)).toContain('None but loupe-nano');
  expect(wordsOf(list)).toContain('Add a folder…');
});
