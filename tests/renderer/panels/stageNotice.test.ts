import { describe, expect, it } from 'vitest';
import type { Image } from '../../../main/contract/project.ts';
import { Layout } from '../../../renderer/panels/Layout.tsx';
import { StageNotice } from '../../../renderer/panels/StageNotice.tsx';
import { StartScreen, Waiting } from '../../../renderer/panels/StartScreen.tsx';
import type { SidePanel, Workbench } from '../../../renderer/state/workbench.ts';
import { onImage, wordsOf } from '../printed.ts';
import { picture, project } from './given.ts';
import { laidOpen } from './laidOpen.ts';
import { controlsIn, namesOf, wordsIn } from './markup.ts';

const notice = (state: Partial<Workbench>) => laidOpen(StageNotice, state);

describe('where there is no picture', () => {
  it.each<[string, Partial<Workbench>, string, string[]]>([
    [
      'a project has no images',
      { project: { ...project, images: 0 } },
      'The project has no images yet. They stay where they are; Loupe only refers to them. Add images',
      ['Add images'],
    ],
    ['none is open', { project }, 'No image is open. Open the first', ['Open the first']],
    ['one is being opened', { project, opening: 7 }, '', []],
    ['one is there', onImage(), '', []],
    ['one is there and the next is being opened', { ...onImage(), opening: 7 }, '', []],
  ])('because %s', (_title, state, words, buttons) => {
    expect(wordsOf(notice(state))).toBe(words);
    expect(namesOf(notice(state), 'button')).toEqual(buttons);
  });

  it('says that it waits only while nothing else can be seen', () => {
    expect(notice({ project, opening: 7 })).toContain('aria-label="Opening the image"');
    expect(notice({ ...onImage(), opening: 7 })).not.toContain('Opening the image');
  });

  it.each<[Partial<Image>, string, string[]]>([
    [
      { state: 'missing', problem: 'in/a.png is not there.' },
      'Missing in/a.png is not there.',
      ['Say where the file is now'],
    ],
    [{ state: 'missing', problem: null }, 'Missing in/a.png', ['Say where the file is now']],
    [{ state: 'unreadable', problem: 'in/a.png is cut off.' }, 'Cannot be read in/a.png is cut off.', []],
  ])('%j is said at once', (also, words, buttons) => {
    const markup = notice(onImage({ image: picture(also) }));
    expect(wordsIn(markup, 'alert')?.startsWith(words)).toBe(true);
    expect(namesOf(markup, 'button')).toEqual(buttons);
  });

  it('does not hide a picture that was changed on disk', () => {
    expect(wordsOf(notice(onImage({ image: picture({ state: 'changed' }) })))).toBe('');
  });
});

describe('the start', () => {
  it('is three deeds, the folder first', () => {
    const names = namesOf(laidOpen(StartScreen), 'button');
    expect(names).toHaveLength(3);
    expect(names[0]).toMatch(/^Open a folder of images Images stay in place/u);
    expect(names[1]).toMatch(/^Open a project/u);
    expect(names[2]).toMatch(/^Try the sample/u);
  });

  it('has nothing to press while it waits for the host, or in vain', () => {
    for (const refused of [null, 'The address is too old.']) {
      const markup = laidOpen(Waiting, {}, { refused });
      expect(controlsIn(markup)).toEqual([]);
      expect(wordsIn(markup, refused === null ? 'status' : 'alert')).toContain(refused ?? 'Waiting for the host…');
    }
  });
});

describe('the window', () => {
  const layout = (state: Partial<Workbench>) => laidOpen(Layout, { ...onImage(), ...state }, { stage: 'THE PICTURE' });

  it('has the picture in its middle, and edges that a keyboard can move', () => {
    expect(wordsOf(layout({}))).toContain('THE PICTURE');
    expect(namesOf(layout({}), 'separator')).toEqual([
      'Width of the right side',
      'Height of the answer',
      'Height of the shapes',
    ]);
  });

  it.each<[Partial<Workbench>, string | null]>([
    [{ connected: true }, null],
    [{ connected: false }, 'The host does not answer; trying again. If it was stopped, start it'],
    [{ connected: false, refused: 'Open the address that it printed.' }, 'Open the address that it printed.'],
  ])('with %j says %j', (state, words) => {
    const said = wordsIn(layout(state), 'alert');
    if (words === null) expect(said).toBeNull();
    else expect(said?.startsWith(words)).toBe(true);
  });

  it.each<[SidePanel, string]>([
    ['images', 'aria-label="Search images by name"'],
    ['review', 'aria-label="Review queue"'],
    ['repair', 'aria-label="Repair"'],
  ])('shows the side that is chosen alone: %s', (side, sign) => {
    const markup = layout({ side });
    expect(namesOf(markup, 'tab')).toEqual(['Images', 'Review', 'Repair']);
    const signs = ['Search images by name', 'Review queue', 'Repair'].map((name) => `aria-label="${name}"`);
    expect(signs.filter((one) => markup.includes(one))).toEqual([sign]);
  });
});
