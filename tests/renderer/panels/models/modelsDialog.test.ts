// The catalogue on screen: what a person reads of a model before its download, while it comes, and once it is here.
import { describe, expect, it } from 'vitest';
import type { CatalogueRow } from '../../../../main/contract/api.ts';
import { Model, ModelsDialog, sizeWords } from '../../../../renderer/panels/models/ModelsDialog.tsx';
import { progressWords } from '../../../../renderer/panels/window/JobView.tsx';
import { wordsOf } from '../../printed.ts';
import { job, jobs } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { isDisabled } from '../markup.ts';

const row: CatalogueRow = {
  ...{ id: 'lens-3b', title: 'LENS-3B', kind: 'reasoner', bytes: 8_900_000_000, memory: 11_735_000_000 },
  ...{ fits: false, licence: 'Qwen research licence: not for commercial use', note: null },
  ...{ place: null, canDownload: true, quantised: { memory: 4_800_000_000, fits: true } },
};
const model = (fields: Partial<CatalogueRow> = {}, busy = false) =>
  laidOpen(Model, {}, { row: { ...row, ...fields }, busy, onDownload: () => {} });

describe('a model of the catalogue', () => {
  it('tells size, need and licence before it is downloaded', () => {
    expect(wordsOf(model())).toContain(
      '8.9 GB to download, needs 11.7 GB of memory, more than this machine has, in 4 bits about 4.8 GB of memory',
    );
    expect(wordsOf(model())).toContain('not for commercial use');
    expect(isDisabled(model(), 'Download LENS-3B')).toBe(false);
    expect(
      sizeWords({ ...row, bytes: 38_640_000, memory: 6e8, fits: true, quantised: null, note: 'of somebody' }),
    ).toBe('39 MB to download, needs 600 MB of memory; of somebody');
  });

  it('is not downloaded while another one comes, nor where nobody knows its address', () => {
    expect(isDisabled(model({}, true), 'Download LENS-3B')).toBe(true);
    expect(isDisabled(model({ canDownload: false }), 'Download LENS-3B')).toBe(true);
    expect(wordsOf(model({ canDownload: false }))).toContain('No address of it is known for sure');
    expect(wordsOf(model())).not.toContain('No address');
  });
});

describe('a download', () => {
  const loading = job({ kind: 'download', title: 'Downloading LENS-3B', done: 1_200_000_000, total: 8_900_000_000 });

  it('is counted in bytes', () => {
    expect(progressWords({ ...loading, secondsLeft: 125 })).toBe('1.2 GB of 8.9 GB, 2 min left');
    expect(progressWords({ ...loading, total: null, done: 4e6, secondsLeft: null })).toBe('4 MB');
  });

  it('that is under way is found again when the dialog is opened', () => {
    const words = wordsOf(laidOpen(ModelsDialog, { dialog: 'models', ...jobs(loading) }));
    expect(words).toContain('Downloading LENS-3B');
    expect(words).toContain('1.2 GB of 8.9 GB');
  });

  it('is the only job of models at a time, also where it writes fewer bits', () => {
    const writing = job({ kind: 'quantise', title: 'Writing LENS-3B in 4 bits', done: 12, total: 866 });
    const words = wordsOf(laidOpen(ModelsDialog, { dialog: 'models', ...jobs(writing) }));
    expect(words).toContain('Writing LENS-3B in 4 bits');
    expect(words).toContain('12 of 866');
  });
});
