import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandGroups, commands } from '../../../../main/contract/commands.ts';
import { Settings } from '../../../../main/contract/settings.ts';
import { toolOptions } from '../../../../main/contract/tools.ts';
import { Chords, HelpDialog, matches } from '../../../../renderer/panels/settings/HelpDialog.tsx';
import { KeySettings } from '../../../../renderer/panels/settings/KeySettings.tsx';
import { commandOf } from '../../../../renderer/state/commands.ts';
import { wordsOf } from '../../printed.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, isDisabled, namesOf } from '../markup.ts';

const settings = (also: Partial<Settings> = {}) => ({ settings: { ...Settings.parse({}), ...also } });

/** What the row of a command says of its keys. */
function keysOf(id: string, also: Partial<Settings> = {}): string {
  const command = commandOf(id);
  if (!command) throw new Error(`no command ${id}`);
  return wordsOf(laidOpen(Chords, settings(also), { command }));
}

describe('the keys of a command', () => {
  it.each([
    ['tool.brush', {}, 'B'],
    ['tool.brush', { keys: 'X-AnyLabeling' }, 'Shift B'],
    ['image.next', {}, 'D PageDown'],
    ['image.next', { keys: 'CVAT' }, 'F PageDown'],
    ['edit.redo', {}, 'Ctrl Shift Z Ctrl Y'],
    ['repair.wipeLeft', {}, '←'],
    ['view.in', {}, 'Ctrl + Ctrl ='],
    ['tool.cancel', {}, 'Esc'],
    ['project.close', {}, 'no key'],
    ['mask.removeSpecks', { keys: 'X-AnyLabeling' }, 'no key'],
    ['tool.brush', { rebound: { 'tool.brush': 'Ctrl+Alt+B' } }, 'Ctrl Alt B'],
    ['tool.brush', { keys: 'CVAT', rebound: { 'tool.brush': '' } }, 'no key'],
  ] as const)('%s with %j are %s', (id, also, expected) => expect(keysOf(id, also)).toBe(expected));
});

describe('the sheet of keys', () => {
  const sheet = (also: Partial<Settings> = {}) => laidOpen(HelpDialog, { dialog: 'help', ...settings(also) });

  it('has every command in the table of its group, and the mouse', () => {
    const markup = sheet();
    for (const group of commandGroups) expect(markup).toContain(`aria-label="Keys: ${group}"`);
    const words = wordsOf(markup);
    for (const { title } of commands) expect(words).toContain(title);
    for (const deed of ['Right click', 'Double click', 'Alt + wheel']) expect(words).toContain(deed);
    for (const { title, does } of Object.values(toolOptions)) expect(words).toContain(`${title} ${does}`);
    expect(markup.match(/<tr/gu)).toHaveLength(commands.length + 9 + Object.keys(toolOptions).length);
  });

  it('says whose habits the keys follow, can be searched, and leads to changing keys', () => {
    const markup = sheet({ keys: 'CVAT' });
    expect(wordsOf(markup)).toContain('Keys as in CVAT.');
    expect(namesOf(markup, 'textbox')).toEqual(['Search keys']);
    expect(namesOf(markup, 'button')).toEqual(['Close', 'Change keys…']);
  });
});

describe('the search for a command', () => {
  const command = fc.constantFrom(...commands);

  it('finds it by its own title, in any case, and by its words in any order', () => {
    fc.assert(
      fc.property(command, fc.boolean(), (one, loud) => {
        const words = one.title.split(' ').toReversed().join('  ');
        expect(matches(one, loud ? words.toUpperCase() : words.toLowerCase())).toBe(true);
        expect(matches(one, `${one.group} ${one.title}`)).toBe(true);
      }),
    );
  });

  it('does not find it by a word that is not there', () => {
    fc.assert(
      fc.property(command, (one) => {
        expect(matches(one, `${one.title} zebra`)).toBe(false);
      }),
    );
  });

  it('finds less the more is said', () => {
    fc.assert(
      fc.property(command, fc.stringMatching(/^[a-z ]{0,6}$/u), fc.stringMatching(/^[a-z ]{0,6}$/u), (one, a, b) => {
        if (matches(one, `${a} ${b}`)) expect(matches(one, a)).toBe(true);
      }),
    );
  });
});

describe('changing keys', () => {
  const list = (also: Partial<Settings> = {}) => laidOpen(KeySettings, { dialog: 'keys', ...settings(also) });

  it('names the button of every command, and gives nothing back where nothing was changed', () => {
    const markup = list();
    const names = namesOf(markup, 'button').filter((name) => name.startsWith('Change the key of '));
    expect(names).toEqual(commands.map(({ title }) => `Change the key of ${title}`));
    expect(new Set(names).size).toBe(commands.length);
    expect(isDisabled(markup, 'Reset all')).toBe(true);
    expect(wordsOf(markup)).not.toContain('yours');
  });

  it('marks keys of one’s own, which can be given back one by one or all', () => {
    const markup = list({ keys: 'CVAT', rebound: { 'tool.brush': 'Ctrl+Alt+B', 'image.next': '' } });
    expect(isDisabled(markup, 'Reset all')).toBe(false);
    expect(wordsOf(markup).match(/yours/gu)).toHaveLength(2);
    expect(namesOf(markup, 'button').filter((name) => name.startsWith('Reset the key'))).toEqual([
      'Reset the key of Next image',
      'Reset the key of Brush',
    ]);
    expect(control(markup, 'Habits').attributes.value).toBe('CVAT');
    expect(namesOf(markup, 'option')).toEqual(['Loupe', 'X-AnyLabeling and labelme', 'CVAT']);
  });
});
