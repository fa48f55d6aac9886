import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FolderEntry } from '../../../../main/contract/api.ts';
import {
  chosenPaths,
  FileBrowser,
  folderAround,
  pathParts,
  toggled,
} from '../../../../renderer/panels/window/FileBrowser.tsx';
import { projectFileIn } from '../../../../renderer/panels/window/openFolder.ts';
import { wordsOf } from '../../printed.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, isDisabled, namesOf } from '../markup.ts';

const name = fc.stringMatching(/^[\w. -]{0,12}\w$/u);
const folders = fc.array(name, { minLength: 1, maxLength: 6 });

describe('before a folder is read', () => {
  const browse = (
    what:
      | 'image'
      | 'weights'
      | 'weights file'
      | 'images'
      | 'new project'
      | 'export'
      | 'folder'
      | 'import'
      | 'open project',
    file?: string,
  ) => laidOpen(FileBrowser, {}, { what, name: file, onDone: () => {} });

  it.each([
    ['open project', 'Open a project', 'Open'],
    ['new project', 'Where the project is kept', 'Save here'],
    ['folder', 'Choose a folder of images', 'Use this folder'],
    ['weights', 'Choose the folder of the weights', 'Use this folder'],
    ['weights file', 'Choose the file of the weights', 'Use this file'],
    ['image', 'Where the image is now', 'This is it'],
    ['images', 'Add images', 'Add'],
    ['import', 'Choose what to import', 'Choose'],
    ['export', 'Where the file is written', 'Save here'],
  ] as const)('for %s says what is asked: %s, and waits with "%s"', (what, title, act) => {
    const markup = browse(what);
    expect(wordsOf(markup)).toContain(title);
    expect(namesOf(markup, 'button')).toEqual(['Close', 'Folder above', 'Cancel', act]);
    expect(isDisabled(markup, act)).toBe(true);
    expect(isDisabled(markup, 'Folder above')).toBe(true);
  });

  it.each([
    ['new project', 'cars.loupe'],
    ['export', 'cars.json'],
  ] as const)('for %s offers the name %s', (what, file) => {
    expect(control(browse(what, file), 'Name').attributes.value).toBe(file);
    expect(namesOf(browse('images', file), 'textbox')).toEqual(['Path of the folder']);
  });
});

describe('the folders on the way', () => {
  it.each([
    ['/', (parts: string[]) => `/${parts.join('/')}`],
    ['\\', (parts: string[]) => `C:\\${parts.join('\\')}`],
  ])('with %s lead down to the folder, each one below the one before', (separator, join) => {
    fc.assert(
      fc.property(folders, (names) => {
        const folder = join(names);
        const parts = pathParts(folder);
        expect(parts.at(-1)).toEqual({ name: names.at(-1), path: folder });
        expect(new Set(parts.map(({ path }) => path)).size).toBe(parts.length);
        parts.slice(1).forEach(({ path }, i) => {
          expect(path.startsWith(parts[i]?.path ?? '?')).toBe(true);
        });
        expect(
          parts
            .slice(1)
            .map((part) => part.name)
            .join(separator),
        ).toBe(names.join(separator));
      }),
    );
  });

  it.each([
    ['/photos/cars.loupe', '/photos'],
    ['C:\\photos\\cars.loupe', 'C:\\photos'],
    ['cars.loupe', null],
    ['', null],
  ])('of the file %s begin at %s', (file, folder) => expect(folderAround(file)).toBe(folder));

  it('of the root is the root', () => expect(pathParts('/')).toEqual([{ name: '/', path: '/' }]));
});

describe('what the button hands back', () => {
  const entries: FolderEntry[] = [];
  const listing = { folder: '/photos', parent: '/', entries };
  const manner = { title: '', act: '', kinds: [], folder: false, several: false, ending: '.json' as string | null };
  const named = (fileName: string, also: object = {}) =>
    chosenPaths({ manner: { ...manner, ...also }, listing, picked: [], fileName });

  it('is a file in the folder that is shown, with the ending once', () => {
    fc.assert(
      fc.property(name, fc.boolean(), (file, has) => {
        const [path = '', ...more] = named(has ? `${file}.json` : file);
        expect(more).toEqual([]);
        expect(path.startsWith('/photos/')).toBe(true);
        expect(path.endsWith('.json')).toBe(true);
        expect(path.includes('.json.json')).toBe(file.endsWith('.json') && has);
      }),
    );
  });

  it.each(['', '   ', '../up', 'a/b', 'a\\b', '/etc/passwd'])('is nothing for the name %j', (file) => {
    expect(named(file)).toEqual([]);
  });

  it.each([
    ['/', '/cars.json'],
    ['/photos/', '/photos/cars.json'],
    ['C:\\', 'C:\\cars.json'],
    ['C:\\photos', 'C:\\photos\\cars.json'],
  ])('in %s is %s', (folder, path) => {
    const there = { folder, parent: null, entries };
    expect(chosenPaths({ manner, listing: there, picked: [], fileName: 'cars' })).toEqual([path]);
  });

  it('is what was picked, before the folder itself', () => {
    const images = { ...manner, ending: null, folder: true, several: true };
    const choice = { manner: images, listing, fileName: '' };
    expect(chosenPaths({ ...choice, picked: [] })).toEqual(['/photos']);
    expect(chosenPaths({ ...choice, picked: ['/photos/a.png', '/photos/b.png'] })).toHaveLength(2);
  });
});

describe('picking', () => {
  const paths = fc.uniqueArray(name, { maxLength: 6 });

  it('the same one twice changes nothing where several can be picked', () => {
    fc.assert(
      fc.property(paths, name, (picked, one) => {
        const twice = toggled(toggled(picked, one, true), one, true);
        expect(new Set(twice)).toEqual(new Set(picked));
      }),
    );
  });

  it('leaves at most one where one can be picked', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), (clicks) => {
        const picked = clicks.reduce<readonly string[]>((before, one) => toggled(before, one, false), []);
        expect(picked.length).toBeLessThanOrEqual(1);
        if (picked[0] !== undefined) expect(picked[0]).toBe(clicks.at(-1));
      }),
    );
  });
});

describe('the project of a folder', () => {
  it('lies in the folder and is called as it, however the folder is written', () => {
    fc.assert(
      fc.property(folders, fc.constantFrom('', '/', '//'), (names, end) => {
        const folder = `/${names.join('/')}`;
        expect(projectFileIn(folder + end)).toBe(`${folder}/${names.at(-1)}.loupe`);
      }),
    );
  });
});
