// Turns keys into commands: presses become chords ("Ctrl+Shift+Z"), whatever layout or system; finds the command of each.
import {
  type Command,
  type CommandId,
  commands,
  type Needs,
  type Preset,
  splitChords,
} from '../../main/contract/commands.ts';
import type { Settings } from '../../main/contract/settings.ts';

/** The part of a KeyboardEvent that counts. */
export interface Pressed {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly altGraph: boolean;
}

/** What holds the focus: nothing that reads keys, something that Enter and arrows work, a place to write, or a dialog. */
export type Focus = 'free' | 'control' | 'text' | 'away';

const named: Readonly<Record<string, string>> = {
  ' ': 'Space',
  '+': 'Plus',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  Esc: 'Escape',
  Del: 'Delete',
};

// Characters of the US layout by the place of their key, for layouts that write something else there.
const places: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Comma: ',',
  Period: '.',
  Slash: '/',
  Minus: '-',
  Equal: '=',
};

const placeOf = (code: string): string | null => /^(?:Key|Digit)(.)$/.exec(code)?.[1] ?? places[code] ?? null;

const chord = (key: string, held: { ctrl: boolean; alt: boolean; shift: boolean }): string =>
  `${held.ctrl ? 'Ctrl+' : ''}${held.alt ? 'Alt+' : ''}${held.shift ? 'Shift+' : ''}${key}`;

/**
 * The chords that a press may mean, the likeliest first. A letter counts by what is written on the key; where the layout
 * has no Latin letters, or a modifier changed the character, the place of the key counts too. Cmd is Ctrl.
 */
export function chordsOf(pressed: Pressed): string[] {
  const { key, code } = pressed;
  if (['Control', 'Meta', 'Shift', 'Alt', 'AltGraph', 'Dead', 'Unidentified'].includes(key) && !placeOf(code))
    return [];
  const ctrl = (pressed.ctrlKey || pressed.metaKey) && !pressed.altGraph;
  const held = { ctrl, alt: pressed.altKey && !pressed.altGraph, shift: pressed.shiftKey };
  if (/^[a-z]$/i.test(key)) return [chord(key.toUpperCase(), held)];
  const found: string[] = [];
  const place = placeOf(code);
  if (key.length > 1 && key !== 'Dead') found.push(chord(named[key] ?? key, held));
  // Shift was used up in making the character: "/" is Shift+7 on a German keyboard.
  else if (key.length === 1) found.push(chord(named[key] ?? key, { ...held, shift: key === ' ' && held.shift }));
  if (place !== null && (key.length === 1 || key === 'Dead')) found.push(chord(place, held));
  if (place !== null && /\d/.test(place) && !/\d/.test(key)) found.push(chord(place, { ...held, shift: false }));
  return [...new Set(found)];
}

/** The chord to store when a person presses keys for a command; null while only modifiers are down. */
export const chordToStore = (pressed: Pressed): string | null => chordsOf(pressed).at(-1) ?? null;

type KeySettings = Pick<Settings, 'keys' | 'rebound'>;

/** What a person chose for the command, else what the preset has. */
export function chordsFor(command: Command, { keys, rebound }: KeySettings): readonly string[] {
  const own = rebound[command.id];
  return own === undefined ? command.chords[keys] : splitChords(own);
}

// Commands of these apply only for a while, and then come before all others that have their keys.
const passing: readonly Needs[] = ['judging', 'editing', 'wipe'];
const isPassing = ({ needs }: Command): boolean => passing.includes(needs);

/** The commands that have a chord, those that apply only for a while first. */
export function commandsAt(chord: string, settings: KeySettings): Command[] {
  const all = commands.filter((command) => chordsFor(command, settings).includes(chord));
  return [...all.filter(isPassing), ...all.filter((command) => !isPassing(command))];
}

/** Others that would fight with `id` for the chord; commands that apply only for a while may share with those that always do. */
export function conflicts(id: CommandId, chord: string, settings: KeySettings): Command[] {
  const self = commands.find((command) => command.id === id);
  const fights = (other: Command) => self !== undefined && other.id !== id && isPassing(other) === isPassing(self);
  const overlap = (other: Command) =>
    !self || !isPassing(self) || other.needs === self.needs || other.needs === 'wipe' || self.needs === 'wipe';
  return commandsAt(chord, settings).filter((other) => fights(other) && overlap(other));
}

/** Settings after giving `chord` to `id` alone: it is taken from those that it would fight with. */
export function rebind(id: CommandId, chord: string, settings: KeySettings): Settings['rebound'] {
  const next = { ...settings.rebound, [id]: chord };
  for (const other of conflicts(id, chord, settings)) {
    next[other.id] = chordsFor(other, settings)
      .filter((one) => one !== chord)
      .join(' ');
  }
  return next;
}

/** Settings with the command back at its preset. */
export function unbind(id: CommandId, rebound: Settings['rebound']): Settings['rebound'] {
  const { [id]: _, ...rest } = rebound;
  return rest;
}

// What a text field does with Ctrl by itself.
const writing = new Set([
  'A',
  'C',
  'V',
  'X',
  'Z',
  'Y',
  'Left',
  'Right',
  'Up',
  'Down',
  'Home',
  'End',
  'Backspace',
  'Delete',
]);
const working = new Set(['Enter', 'Space', 'Left', 'Right', 'Up', 'Down', 'Home', 'End', 'PageUp', 'PageDown', 'Tab']);

const keyOf = (chord: string): string => chord.split('+').at(-1) ?? '';

/** Whether a chord is a command's while the focus is there: a text field keeps letters, a button keeps Enter and arrows. */
export function passes(chord: string, focus: Focus): boolean {
  const key = keyOf(chord);
  const ctrl = chord.startsWith('Ctrl+');
  if (focus === 'free') return true;
  if (focus === 'away') return false;
  if (focus === 'control') return ctrl || chord.startsWith('Alt+') || chord === 'Shift+Enter' || !working.has(key);
  return /^F\d+$/.test(key) || (ctrl && !writing.has(key)) || (chord.startsWith('Alt+') && key.length === 1);
}

/** What could hold keys, as far as the DOM says it; an Element fits. */
export interface FocusTarget {
  readonly tagName: string;
  readonly isContentEditable?: boolean;
  getAttribute(name: string): string | null;
  closest?(selector: string): unknown;
}

const buttonTypes = ['checkbox', 'radio', 'button', 'submit', 'reset', 'range', 'color', 'file'];
const workedRoles = [
  'button',
  'menuitem',
  'option',
  'tab',
  'slider',
  'switch',
  'checkbox',
  'radio',
  'separator',
  'listbox',
];

export function focusOf(target: FocusTarget | null): Focus {
  if (target === null) return 'free';
  if (target.closest?.('[aria-modal="true"], [role="menu"]')) return 'away';
  const tag = target.tagName.toLowerCase();
  const role = target.getAttribute('role') ?? '';
  if (tag === 'textarea' || target.isContentEditable || role === 'textbox' || role === 'searchbox') return 'text';
  if (tag === 'input') return isWorked(target) ? 'control' : 'text';
  if (tag === 'button' || tag === 'a' || tag === 'select' || tag === 'summary') return 'control';
  return workedRoles.includes(role) ? 'control' : 'free';
}

/** A list to choose from is a field that nobody writes in: it has the letters only while it is open, to look for a word. */
const isWorked = (input: FocusTarget): boolean =>
  buttonTypes.includes(input.getAttribute('type') ?? 'text') ||
  (input.getAttribute('readonly') !== null && input.getAttribute('aria-expanded') !== 'true');

const macNames: Readonly<Record<string, string>> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' };
const signs: Readonly<Record<string, string>> = { Left: '←', Right: '→', Up: '↑', Down: '↓', Plus: '+', Escape: 'Esc' };

/** The parts of a chord as they are written on keys. */
export const shownChord = (chord: string, mac: boolean): string[] =>
  chord.split('+').map((part) => (mac ? macNames[part] : undefined) ?? signs[part] ?? part);

/** "Brush (B)" for tooltips. */
export function titleWithKeys(command: Command, settings: KeySettings, mac: boolean): string {
  const first = chordsFor(command, settings)[0];
  return first === undefined ? command.title : `${command.title} (${shownChord(first, mac).join(mac ? '' : '+')})`;
}

export const presets: readonly Preset[] = ['Loupe', 'X-AnyLabeling', 'CVAT'];
