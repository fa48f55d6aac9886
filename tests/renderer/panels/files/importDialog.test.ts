import { describe, expect, it } from 'vitest';
import { ImportDialog } from '../../../../renderer/panels/files/ImportDialog.tsx';
import { VerifyDialog, VerifyResult } from '../../../../renderer/panels/files/VerifyDialog.tsx';
import { wordsOf } from '../../printed.ts';
import { laidOpen } from '../laidOpen.ts';
import { controlsIn, isDisabled, namesOf, wordsIn } from '../markup.ts';

describe('the import', () => {
  const markup = laidOpen(ImportDialog, { dialog: 'import' });

  it('asks for a file or folder, and where the images are', () => {
    expect(namesOf(markup, 'textbox')).toEqual(['File or folder', 'Folder of the images']);
    expect(namesOf(markup, 'button')).toEqual([
      'Close',
      'Choose: File or folder',
      'Choose: Folder of the images',
      'Cancel',
      'Import',
    ]);
  });

  it('begins once there is something to read', () => expect(isDisabled(markup, 'Import')).toBe(true));

  it.each(['COCO', 'LabelMe', 'ISAT', 'Pascal VOC', 'YOLO'])('names %s', (format) =>
    expect(wordsOf(markup)).toContain(format),
  );
});

describe('verifying', () => {
  it('begins once there is a file', () => {
    const markup = laidOpen(VerifyDialog, { dialog: 'verify' });
    expect(namesOf(markup, 'textbox')).toEqual(['COCO file']);
    expect(isDisabled(markup, 'Verify')).toBe(true);
    expect(namesOf(markup, 'button').filter((name) => name === 'Close')).toHaveLength(2);
  });

  const report = { file: 'a.json', images: 3, annotations: 1, boxes: 0, problems: [] as string[], compared: true };
  const result = (problems: string[]) => laidOpen(VerifyResult, {}, { report: { ...report, problems }, problem: null });

  it('reports good news quietly and bad news at once', () => {
    expect(wordsIn(result([]), 'status')).toContain('Nothing is wrong');
    expect(wordsIn(result([]), 'alert')).toBeNull();
    expect(wordsIn(result(['annotation 3: id 3 is there twice']), 'alert')).toContain('1 broken rule');
  });

  it('shows nothing before', () => {
    expect(wordsOf(laidOpen(VerifyResult, {}, { report: null, problem: null }))).toBe('');
  });

  it('lets a keyboard scroll what is long', () => {
    const many = Array.from({ length: 1200 }, (_, i) => `annotation ${i}: its box is empty`);
    expect(wordsOf(result(many))).toContain('1,200 broken rules');
    expect(wordsOf(result(many))).toContain('(1,200 lines)');
    expect(result(many)).toMatch(/<ul class="notes" tabindex="0"/u);
    expect(result(many.slice(0, 3))).not.toMatch(/<ul class="notes" tabindex/u);
  });

  it('prefers the reason why nothing could be checked to an old report', () => {
    const markup = laidOpen(VerifyResult, {}, { report, problem: 'a.json is no JSON.' });
    expect(wordsOf(markup)).toBe('a.json is no JSON.');
    expect(controlsIn(markup)).toEqual([]);
  });
});
