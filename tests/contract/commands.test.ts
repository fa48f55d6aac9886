// The table of commands: what menus, palette, help and keys rely on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Command, commandGroups, commands, type Preset, splitChords } from '../../main/contract/commands.ts';

const presets: readonly Preset[] = ['Loupe', 'X-AnyLabeling', 'CVAT'];
/** Commands that can be done only for a while; then their keys come before all others. */
const passing = ['judging', 'editing', 'wipe'];
const lasting = commands.filter(({ needs }) => !passing.includes(needs));

const byId = (id: string): Command => {
  const found = commands.find((command) => command.id === id);
  if (!found) throw new Error(`no command ${id}`);
  return found;
};

/** The commands of each chord. */
function byChord(some: readonly Command[], preset: Preset): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const { id, chords } of some) {
    for (const chord of chords[preset]) owners.set(chord, [...(owners.get(chord) ?? []), id]);
  }
  return owners;
}

describe('every command', () => {
  it('has an id and a title that no other has', () => {
    expect(new Set(commands.map(({ id }) => id)).size).toBe(commands.length);
    const titles = commands.map(({ title }) => title.toLowerCase());
    expect(new Set(titles).size).toBe(titles.length);
  });

  it.each(commands.map((command) => [command.id, command] as const))(
    '%s can be read',
    (id, { title, needs, group }) => {
      expect(id).toMatch(/^[a-z]+\.[a-zA-Z0-9]+$/u);
      expect(title).toMatch(/^[A-Z]/u);
      expect(title.trim()).toBe(title);
      expect(title.length).toBeLessThan(45);
      expect(title).not.toMatch(/\.\.\.|\.$/u);
      expect(needs).not.toBe('');
      expect(commandGroups).toContain(group);
    },
  );

  it('stands in one group, and the groups follow each other as in the menu bar', () => {
    const order = commands.map(({ group }) => group);
    const changes = order.filter((group, i) => group !== order[i - 1]);
    expect(changes).toEqual(commandGroups);
  });

  it('that opens a dialog says so by three dots', () => {
    const ids = commands.filter(({ title }) => title.endsWith('…')).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['project.open', 'project.export', 'app.settings', 'project.labels']));
    expect(ids).not.toContain('edit.undo');
  });
});

describe.each(presets)('the keys of %s', (preset) => {
  it('lead to one command that lasts', () => {
    const shared = [...byChord(lasting, preset)].filter(([, ids]) => ids.length > 1);
    expect(shared).toEqual([]);
  });

  it('lead to one of the commands that last for one time', () => {
    for (const needs of passing) {
      const together = commands.filter((command) => command.needs === needs);
      expect([...byChord(together, preset)].filter(([, ids]) => ids.length > 1)).toEqual([]);
    }
  });

  it('are not written twice for one command', () => {
    for (const { chords } of commands) expect(new Set(chords[preset]).size).toBe(chords[preset].length);
  });

  it('name modifiers once and in one order, and one key', () => {
    for (const chord of commands.flatMap(({ chords }) => chords[preset])) {
      const parts = chord.split('+');
      const held = parts.slice(0, -1);
      expect(parts.at(-1)).not.toBe('');
      expect(held).toEqual(['Ctrl', 'Alt', 'Shift'].filter((one) => held.includes(one)));
    }
  });

  it('are never those of the browser alone', () => {
    const theirs = ['Ctrl+W', 'Ctrl+T', 'Ctrl+N', 'Ctrl+Shift+T', 'Ctrl+R', 'F5', 'F11', 'F12', 'Tab', 'Ctrl+Q'];
    for (const { id, chords } of commands) {
      const free = chords[preset].filter((chord) => !theirs.includes(chord));
      expect([id, free.length > 0]).toEqual([id, chords[preset].length > 0]);
      if (preset === 'Loupe') expect([id, free]).toEqual([id, chords.Loupe]);
    }
  });

  it('undo, save, help and leaving a step are where everybody looks for them', () => {
    const owners = byChord(lasting, preset);
    expect(owners.get('Ctrl+Z')).toEqual(['edit.undo']);
    expect(owners.get('Ctrl+S')).toEqual(['project.save']);
    expect(owners.get('Escape')).toEqual(['tool.cancel']);
    expect(owners.get('F1')).toEqual(['app.help']);
    expect(owners.get('Delete')).toEqual(['edit.delete']);
  });

  it('reach the nine labels', () => {
    for (let digit = 1; digit <= 9; digit++) expect(byId(`label.${digit}`).chords[preset]).toHaveLength(1);
  });
});

describe('a preset', () => {
  it('has the keys of Loupe wherever it has none of its own', () => {
    const differing = commands.filter(({ chords }) => String(chords.CVAT) !== String(chords.Loupe));
    expect(differing.length).toBeGreaterThan(10);
    expect(byId('project.open').chords.CVAT).toEqual(byId('project.open').chords.Loupe);
  });

  it('may have none for a command that has one in Loupe', () => {
    expect(byId('mask.removeSpecks').chords.Loupe).not.toEqual([]);
    expect(byId('mask.removeSpecks').chords['X-AnyLabeling']).toEqual([]);
  });
});

describe('chords with a space between them', () => {
  it('are taken apart, whatever spaces there are', () => {
    const chord = fc.constantFrom('D', 'Ctrl+Shift+Z', 'PageDown', '/', 'Ctrl+,');
    const spaces = fc.integer({ min: 1, max: 3 }).map((count) => ' '.repeat(count));
    fc.assert(
      fc.property(fc.array(fc.tuple(chord, spaces)), (parts) => {
        const text = parts.map(([one, space]) => `${space}${one}`).join('');
        expect(splitChords(text)).toEqual(parts.map(([one]) => one));
      }),
    );
    expect(splitChords('')).toEqual([]);
  });
});
