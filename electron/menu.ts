// Builds the native menu from the one list of commands; choosing an entry sends its id to the page.
import { Menu, type MenuItemConstructorOptions } from 'electron';
import { type Command, commandGroups, commands } from '../main/contract/commands.ts';

interface MenuSource {
  /** Chord by command id, as the page has them; empty until it has said so. */
  readonly chords: Readonly<Record<string, string>>;
  readonly recent: readonly string[];
  readonly run: (id: string) => void;
  readonly open: (file: string) => void;
}

export function showMenu(source: MenuSource): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuFor(source, process.platform)));
}

function menuFor(source: MenuSource, platform: NodeJS.Platform): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const groups = commandGroups.map((group) => {
    const entries = commands.filter((one) => one.group === group).map((one) => entry(one, source, mac));
    if (group === 'Project') entries.splice(2, 0, recentMenu(source));
    if (group === 'Project' && !mac) entries.push({ type: 'separator' }, { role: 'quit' });
    return { label: group, submenu: entries } satisfies MenuItemConstructorOptions;
  });
  return mac ? [{ role: 'appMenu' }, ...groups, textMenu, { role: 'windowMenu' }] : groups;
}

/** The page hears the keys itself, in every preset and not while somebody writes: the menu only shows them. */
function entry({ id, title, chords }: Command, source: MenuSource, mac: boolean): MenuItemConstructorOptions {
  const chord = source.chords[id] ?? chords.Loupe[0] ?? '';
  const shown = mac ? '' : acceleratorOf(chord);
  const click = () => source.run(id);
  return shown ? { label: title, accelerator: shown, registerAccelerator: false, click } : { label: title, click };
}

/** "Ctrl+Left" in Electron's words; single keys too are shown, for they are not registered. */
function acceleratorOf(chord: string): string {
  const words: Readonly<Record<string, string>> = { Ctrl: 'CommandOrControl', Escape: 'Esc' };
  return chord
    .split('+')
    .map((key) => words[key] ?? key)
    .join('+');
}

const recentMenu = ({ recent, open }: MenuSource): MenuItemConstructorOptions => ({
  label: 'Recent projects',
  enabled: recent.length > 0,
  submenu: recent.map((file) => ({ label: file, click: () => open(file) })),
});

/** macOS gives text fields their keys through the menu alone. */
const textMenu: MenuItemConstructorOptions = {
  label: 'Text',
  submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
};
