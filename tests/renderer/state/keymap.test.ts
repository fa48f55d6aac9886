import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Command, commandGroups, commands, splitChords } from '../../../main/contract/commands.ts';
import { Settings } from '../../../main/contract/settings.ts';
import {
  chordsFor,
  chordsOf,
  chordToStore,
  commandsAt,
  conflicts,
  focusOf,
  type Pressed,
  passes,
  presets,
  rebind,
  shownChord,
  titleWithKeys,
  unbind,
} from '../../../renderer/state/keymap.ts';

const press = (key: string, code: string, held = ''): Pressed => ({
  key,
  code,
  ctrlKey: held.includes('c'),
  metaKey: held.includes('m'),
  altKey: held.includes('a'),
  shiftKey: held.includes('s'),
  altGraph: held.includes('g'),
});

const settings = (keys: Settings['keys'] = 'Loupe', rebound: Settings['rebound'] = {}) =>
  Settings.parse({ keys, rebound });

const byId = (id: string): Command => {
  const found = commands.find((command) => command.id === id);
  if (!found) throw new Error(`no command ${id}`);
  return found;
};

describe('the table of commands', () => {
  it('names every command once and puts each into a group of the menu', () => {
    expect(new Set(commands.map(({ id }) => id)).size).toBe(commands.length);
    expect(new Set(commands.map(({ group }) => group))).toEqual(new Set(commandGroups));
  });

  it.each(presets)('lets no two commands of %s fight for a key', (preset) => {
    const fights = commands.flatMap((command) =>
      command.chords[preset].flatMap((chord) =>
        conflicts(command.id, chord, settings(preset)).map((other) => `${chord}: ${command.id} and ${other.id}`),
      ),
    );
    expect(fights).toEqual([]);
  });

  it.each(presets)('writes every chord of %s in the one order of modifiers', (preset) => {
    for (const chord of commands.flatMap((command) => command.chords[preset])) {
      expect(chord).toMatch(/^(Ctrl\+)?(Alt\+)?(Shift\+)?([A-Z0-9[\]/,.=-]|[A-Z][a-z]+|PageDown|PageUp|F\d+)$/);
    }
  });

  it('differs between habits where the programs do', () => {
    expect(commandsAt('D', settings('Loupe')).map(({ id }) => id)).toEqual(['image.next']);
    expect(commandsAt('D', settings('CVAT')).map(({ id }) => id)).toEqual(['image.previous']);
    expect(commandsAt('Ctrl+N', settings('X-AnyLabeling')).map(({ id }) => id)).toEqual(['tool.polygon']);
  });
});

describe('presses as chords', () => {
  it.each<[string, Pressed, string[]]>([
    ['a letter', press('d', 'KeyD'), ['D']],
    ['a letter under caps lock', press('D', 'KeyD'), ['D']],
    ['Ctrl+Shift', press('Z', 'KeyZ', 'cs'), ['Ctrl+Shift+Z']],
    ['Cmd on a Mac', press('z', 'KeyZ', 'm'), ['Ctrl+Z']],
    ['z of a German keyboard, which lies at Y', press('z', 'KeyY', 'c'), ['Ctrl+Z']],
    ['a slash of a German keyboard', press('/', 'Digit7', 's'), ['/', 'Shift+7', '7']],
    ['a bracket by AltGr', press('[', 'Digit8', 'cag'), ['[', '8']],
    ['a Cyrillic letter by its place', press('в', 'KeyD'), ['в', 'D']],
    ['Option+T on a Mac, which writes a cross', press('†', 'KeyT', 'a'), ['Alt+†', 'Alt+T']],
    ['a dead key by its place', press('Dead', 'BracketLeft'), ['[']],
    ['a digit of a French keyboard, without Shift', press('&', 'Digit1'), ['&', '1']],
    ['a French digit with Shift', press('1', 'Digit1', 's'), ['1', 'Shift+1']],
    ['a shifted bracket', press('{', 'BracketLeft', 's'), ['{', 'Shift+[']],
    ['an arrow', press('ArrowLeft', 'ArrowLeft', 's'), ['Shift+Left']],
    ['plus of the number block', press('+', 'NumpadAdd', 'c'), ['Ctrl+Plus']],
    ['the space bar', press(' ', 'Space'), ['Space']],
    ['Enter with Ctrl', press('Enter', 'Enter', 'c'), ['Ctrl+Enter']],
    ['a modifier alone', press('Shift', 'ShiftLeft', 's'), []],
  ])('%s', (_what, pressed, chords) => expect(chordsOf(pressed)).toEqual(chords));

  it('stores the chord that the place of the key gives', () => {
    expect(chordToStore(press('{', 'BracketLeft', 's'))).toBe('Shift+[');
    expect(chordToStore(press('k', 'KeyK', 'ca'))).toBe('Ctrl+Alt+K');
    expect(chordToStore(press('Control', 'ControlLeft', 'c'))).toBeNull();
  });

  it('stores a chord that the same press finds again', () => {
    const keys = fc.constantFrom(
      ['a', 'KeyA'],
      ['[', 'BracketLeft'],
      ['F5', 'F5'],
      ['Delete', 'Delete'],
      ['7', 'Digit7'],
    );
    fc.assert(
      fc.property(keys, fc.constantFrom('', 'c', 's', 'a', 'cs', 'ca', 'cas'), ([key = '', code = ''], held) => {
        const pressed = press(key, code, held);
        const stored = chordToStore(pressed) ?? '';
        const next = settings('Loupe', rebind('app.help', stored, settings()));
        expect(
          chordsOf(pressed)
            .flatMap((chord) => commandsAt(chord, next))
            .map(({ id }) => id),
        ).toContain('app.help');
      }),
    );
  });
});

describe('rebinding', () => {
  it('warns of the command that has the key', () => {
    expect(conflicts('tool.brush', 'D', settings()).map(({ id }) => id)).toEqual(['image.next']);
    expect(conflicts('tool.brush', 'B', settings())).toEqual([]);
  });

  it('lets a key mean one thing while judging and another at other times', () => {
    expect(conflicts('repair.keep', 'D', settings())).toEqual([]);
    expect(conflicts('repair.keep', 'E', settings()).map(({ id }) => id)).toEqual(['repair.edit']);
    expect(commandsAt('E', settings()).map(({ id }) => id)).toEqual(['repair.edit', 'tool.eraser']);
  });

  it('takes the key from the other and leaves it its other keys', () => {
    const rebound = rebind('tool.brush', 'D', settings());
    expect(rebound).toEqual({ 'tool.brush': 'D', 'image.next': 'PageDown' });
    const next = settings('Loupe', rebound);
    expect(commandsAt('D', next).map(({ id }) => id)).toEqual(['tool.brush']);
    expect(commandsAt('B', next)).toEqual([]);
    expect(chordsFor(byId('image.next'), next)).toEqual(['PageDown']);
  });

  it('never leaves two commands with one key, whatever is rebound in whatever order', () => {
    const chords = fc.constantFrom(...new Set(commands.flatMap((command) => command.chords.Loupe)));
    const step = fc.tuple(fc.constantFrom(...commands.map(({ id }) => id)), chords);
    fc.assert(
      fc.property(fc.constantFrom(...presets), fc.array(step, { maxLength: 12 }), (preset, steps) => {
        let now = settings(preset);
        for (const [id, chord] of steps) now = { ...now, rebound: rebind(id, chord, now) };
        for (const [id, chord] of steps) {
          if (chordsFor(byId(id), now).includes(chord)) expect(conflicts(id, chord, now)).toEqual([]);
        }
      }),
    );
  });

  it('goes back to the preset', () => {
    const rebound = rebind('tool.brush', 'D', settings());
    expect(unbind('tool.brush', rebound)).toEqual({ 'image.next': 'PageDown' });
    expect(splitChords('  ')).toEqual([]);
  });
});

const element = (tagName: string, attributes: Record<string, string> = {}, isContentEditable = false) => ({
  tagName,
  isContentEditable,
  getAttribute: (name: string) => attributes[name] ?? null,
});

describe('focus', () => {
  it.each([
    ['the page', null, 'free'],
    ['a plain block', element('DIV'), 'free'],
    ['a text field', element('INPUT'), 'text'],
    ['a search field', element('INPUT', { type: 'search' }), 'text'],
    ['the prompt', element('TEXTAREA'), 'text'],
    ['editable text', element('DIV', {}, true), 'text'],
    ['a tick', element('INPUT', { type: 'checkbox' }), 'control'],
    ['a button', element('BUTTON'), 'control'],
    ['a list to choose from', element('INPUT', { readonly: '', 'aria-expanded': 'false' }), 'control'],
    ['a list that is open', element('INPUT', { readonly: '', 'aria-expanded': 'true' }), 'text'],
    ['a list that is searched', element('INPUT', { 'aria-expanded': 'false' }), 'text'],
    ['a slider', element('DIV', { role: 'slider' }), 'control'],
  ] as const)('%s', (_what, target, focus) => expect(focusOf(target)).toBe(focus));

  it.each([
    ['D', 'text', false],
    ['1', 'text', false],
    ['Delete', 'text', false],
    ['Ctrl+Z', 'text', false],
    ['Ctrl+V', 'text', false],
    ['Ctrl+Enter', 'text', true],
    ['Ctrl+K', 'text', true],
    ['F1', 'text', true],
    ['D', 'control', true],
    ['Enter', 'control', false],
    ['Shift+Enter', 'control', true],
    ['Left', 'control', false],
    ['Ctrl+Enter', 'control', true],
    ['Enter', 'free', true],
  ] as const)('%s with the focus in %s: %s', (chord, focus, does) => expect(passes(chord, focus)).toBe(does));
});

describe('keys as they are written', () => {
  it('shows signs of the system', () => {
    expect(shownChord('Ctrl+Shift+Z', false)).toEqual(['Ctrl', 'Shift', 'Z']);
    expect(shownChord('Ctrl+Shift+Z', true)).toEqual(['⌘', '⇧', 'Z']);
    expect(shownChord('Ctrl+Plus', false)).toEqual(['Ctrl', '+']);
  });

  it('puts the first key behind the title', () => {
    expect(titleWithKeys(byId('image.next'), settings(), false)).toBe('Next image (D)');
    expect(titleWithKeys(byId('project.close'), settings(), false)).toBe('Close project');
    expect(titleWithKeys(byId('edit.undo'), settings(), true)).toBe('Undo (⌘Z)');
  });
});
