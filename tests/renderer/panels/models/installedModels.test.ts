// The models of this machine on screen: what each is, what can be done with it, and what is wrong with it.
import { describe, expect, it } from 'vitest';
import type { InstalledRow } from '../../../../main/contract/api.ts';
import type { TeachReport } from '../../../../main/contract/learning.ts';
import { Settings } from '../../../../main/contract/settings.ts';
import { bitsWords, Installed, InstalledModels } from '../../../../renderer/panels/models/InstalledModels.tsx';
import { LearntNotice, learntSetAside, VersionChoice } from '../../../../renderer/panels/models/LearntVersions.tsx';
import { ModelMenu } from '../../../../renderer/panels/models/ModelMenu.tsx';
import type { Workbench } from '../../../../renderer/state/workbench.ts';
import { wordsOf } from '../../printed.ts';
import { atScript, refuse } from '../../scripted.ts';
import { engine } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { isDisabled, namesOf } from '../markup.ts';

const row: InstalledRow = {
  ...{ name: 'lens-3b', place: '/models/lens', uses: ['reasoner'], detail: 'LENS checkpoint: 36 layers of 2048' },
  ...{ bits: null, canQuantise: true, problem: null },
};
const installed = (fields: Partial<InstalledRow> = {}, { busy = false, isAnswering = true, ...state } = {}) =>
  laidOpen(Installed, state, {
    ...{ row: { ...row, ...fields }, title: 'LENS-3B', busy, isAnswering },
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

describe('the list', () => {
  const list = (settings: Partial<Settings> = {}, also: Partial<Workbench> = {}) =>
    laidOpen(
      InstalledModels,
      { engine: engine(), settings: { ...Settings.parse({}), ...settings }, ...also },
      { busy: false, titles: new Map(), start: () => {} },
    );

  it('begins with what comes with Loupe, which is the way back, and a folder can be added', () => {
    expect(wordsOf(list())).toContain('comes with Loupe');
    expect(wordsOf(list())).toContain('Add a folder…');
    expect(isDisabled(list(), 'Use loupe-nano for words')).toBe(true);
    expect(isDisabled(list({ weights: '/models/lens' }), 'Use loupe-nano for words')).toBe(false);
    expect(wordsOf(list())).not.toContain('Clicks to that of the weights');
    expect(wordsOf(list({ segmenter: '/models/sam' }))).toContain('Clicks to that of the weights');
  });

  it('tells what this machine lacks for the model in use', () => {
    const warnings = ['LENS-3B reads 30.0 GB of weights and this machine has 16.0 GB of memory'];
    expect(wordsOf(list({}, { engine: engine({ warnings }) }))).toContain('this machine has 16.0 GB of memory');
  });

  it('tells why what was chosen does not run, and what is in use without being in it', () => {
    const problem = '/models/lens: writes boxes and has no segmenter of its own';
    const failed = list({ weights: '/models/lens' }, { engine: engine({ state: 'failed', weights: null, problem }) });
    expect(wordsOf(failed)).toContain(problem);
    expect(wordsOf(failed)).toContain('/models/lens is in use for words, and is not in this list');
    expect(wordsOf(list())).not.toContain('is not in this list');
  });
});

describe('a menu of models', () => {
  it('has a file for clicks, but none for words, which need a folder', () => {
    const menu = (kind: 'reasoner' | 'segmenter') =>
      wordsOf(laidOpen(ModelMenu, {}, { label: 'Choose', kind, onPick: () => {} }));
    expect(menu('segmenter')).toContain('A file…');
    expect(menu('reasoner')).toContain('A folder…');
    expect(menu('reasoner')).not.toContain('A file…');
  });
});

const reportOf = (promoted: boolean): TeachReport => ({
  ...{ tier: 'decoder', samples: 9, before: null, after: null, minutes: 1, peakMB: 2, prompts: [] },
  gate: {
    ...{ promoted, reason: 'Measured.', gain: 0.1, low: 0.05, high: 0.2 },
    ...{ otherLabels: null, nothing: null, base: null },
  },
});

describe('weights that the project has learnt', () => {
  const version = {
    ...{ id: 3, parent: null, name: 'cats 1a2b3c4d', folder: 'cats.loupe-weights/3/weights' },
    ...{ made: '2026-08-01T10:00:00.000Z', inUse: true, imported: false, report: reportOf(true) },
  };

  it('go before what is chosen, which is said, with the way to use that', () => {
    const words = wordsOf(laidOpen(LearntNotice, {}, { version, onSetAside: () => {} }));
    expect(words).toContain('answers by cats 1a2b3c4d, which it has learnt, and not by the weights that are chosen');
    expect(words).toContain('Use the chosen weights');
    expect(laidOpen(LearntNotice, {}, { version: null, onSetAside: () => {} })).not.toContain('learnt');
    const chosen = { settings: { ...Settings.parse({}), weights: '/models/lens' } };
    expect(wordsOf(installed({}, { isAnswering: false, ...chosen }))).toContain('Chosen');
    expect(wordsOf(installed({}, chosen))).toContain('In use');
  });

  it('stay in use where the host refuses, which is said', async () => {
    const { client, close } = atScript({ learning: { setAside: () => refuse('No project is open.') } });
    expect(await learntSetAside(client)).toBeNull();
    expect(client.store.getState().notice).toMatchObject({ tone: 'bad', text: 'No project is open.' });
    close();
  });

  it('can all be used again, and none of them', () => {
    const before = { ...version, id: 2, name: 'cats 99999999', inUse: false, report: reportOf(false) };
    const choice = laidOpen(VersionChoice, {}, { versions: [before, version], onChoose: () => {} });
    expect(namesOf(choice, 'option')).toEqual([
      'Those of the settings',
      expect.stringMatching(/^2: cats 99999999, learnt 2026-08-01 \d\d:00, kept back/u),
      expect.stringMatching(/^3: cats 1a2b3c4d, learnt 2026-08-01 \d\d:00$/u),
    ]);
    expect(laidOpen(VersionChoice, {}, { versions: [], onChoose: () => {} })).not.toContain('answer in this project');
  });
});
