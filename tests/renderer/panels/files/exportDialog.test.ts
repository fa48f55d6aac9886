import fc from 'fast-check';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { ExportDialog, suggested, Written } from '../../../../renderer/panels/files/ExportDialog.tsx';
import { ShellContext } from '../../../../renderer/panels/window/client.ts';
import { wordsOf } from '../../printed.ts';
import { project } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, isDisabled, namesOf } from '../markup.ts';

const dialog = (also: object = {}) => laidOpen(ExportDialog, { dialog: 'export', project: { ...project, ...also } });

describe('the export', () => {
  it('is not there until it is asked for', () => {
    expect(controlsIn(laidOpen(ExportDialog, { dialog: null, project }))).toEqual([]);
    expect(controlsIn(laidOpen(ExportDialog, { dialog: 'import', project }))).toEqual([]);
  });

  it('is ready to go: beside the project, run lengths where polygons are not exact, all images', () => {
    const markup = dialog();
    expect(control(markup, 'File').attributes.value).toBe('/p/cars.json');
    expect(isDisabled(markup, 'Export')).toBe(false);
    const ticked = controlsIn(markup).filter(({ attributes }) => 'checked' in attributes);
    expect(ticked.map(({ name }) => name)).toEqual(['Polygons where they are exact, else run lengths']);
  });

  it('has a name for everything that can be worked', () => {
    const markup = dialog();
    expect(namesOf(markup, 'button')).toEqual(['Close', 'Choose: File', 'Cancel', 'Export']);
    expect(namesOf(markup, 'radio')).toHaveLength(3);
    expect(namesOf(markup, 'checkbox')).toEqual(['Only images that were accepted']);
  });

  it('says of every way to write masks what it costs', () => {
    const words = wordsOf(dialog());
    expect(words).toContain('Holes and single pixels may be lost');
    expect(words).toContain('Every pixel as it is.');
    expect(words).toContain('Masks with holes, or that polygons would change');
    expect(words).toContain('stay word for word');
  });

  it.each([
    [{ images: 240, unreviewed: 60 }, '60 images of 240 not reviewed yet'],
    [{ images: 1, unreviewed: 1 }, '1 image of 1 not reviewed yet'],
    [{ images: 5, unreviewed: 0 }, '0 images of 5 not reviewed yet'],
  ])('with %j says "%s"', (also, words) => expect(wordsOf(dialog(also))).toContain(words));

  it('without a project waits for the name of a file', () => {
    const markup = laidOpen(ExportDialog, { dialog: 'export', project: null });
    expect(control(markup, 'File').attributes.value).toBe('');
    expect(isDisabled(markup, 'Export')).toBe(true);
  });
});

describe('the file that is offered', () => {
  const folder = fc.constantFrom('/', '/data/', 'C:\\data\\', '/with space/', '/a.loupe/');
  const name = fc.stringMatching(/^[\w -]{1,20}$/u);

  it('lies beside the project, ends with .json, and is never the project itself', () => {
    fc.assert(
      fc.property(folder, name, fc.boolean(), (where, what, plain) => {
        const file = `${where}${what}${plain ? '' : '.loupe'}`;
        expect(suggested(file)).toBe(`${where}${what}.json`);
        expect(suggested(file)).not.toBe(file);
      }),
    );
  });
});

describe('a file that was written', () => {
  const file = '/pictures/cars.json';
  const shell = { port: () => new Promise<never>(() => {}), choose: async () => [], onNews: () => () => {} };
  const shown = (isDesktop: boolean) =>
    laidOpen(() =>
      createElement(
        ShellContext.Provider,
        { value: isDesktop ? { ...shell, tell: () => {}, pathOf: () => '' } : null },
        createElement(Written, { file }),
      ),
    );

  it('is named with its folder, and can be shown there where there is a desktop', () => {
    for (const isDesktop of [true, false]) expect(wordsOf(shown(isDesktop))).toContain(file);
    expect(namesOf(shown(true), 'button')).toEqual(['Show in folder']);
    expect(namesOf(shown(false), 'button')).toEqual([]);
  });
});
