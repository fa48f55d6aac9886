// One row a tool: its parts agree with each other and with the commands, and no other file repeats what a row says.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../main/contract/commands.ts';
import { toolNames, tools } from '../../main/contract/tools.ts';

const root = path.resolve(import.meta.dirname, '../..');

describe.each(toolNames)('the row of %s', (name) => {
  const row = tools[name];

  it('gives the command of the tool its title and its keys in every preset', () => {
    const command = commands.find(({ id }) => id === row.command);
    expect(command).toMatchObject({ title: row.title, group: 'Tool', needs: 'image' });
    expect(command?.chords.Loupe).toEqual(row.keys.Loupe.split(' '));
    expect(command?.chords['X-AnyLabeling']).toEqual((row.keys['X-AnyLabeling'] ?? row.keys.Loupe).split(' '));
  });

  it('has a hint where the tool draws, and one line of it', () => {
    expect(row.hint === null).toBe(row.handles === true);
    expect(row.hint ?? '').not.toMatch(/[\n.]/u);
  });
});

it('no two tools share a command, a title, an icon or a first key', () => {
  const rows = toolNames.map((name) => tools[name]);
  const parts = [
    rows.map(({ command }) => command as string),
    rows.map(({ title }) => title),
    rows.map(({ icon }) => icon as string),
    rows.map(({ keys }) => keys.Loupe),
  ];
  for (const part of parts) expect(new Set(part).size).toBe(toolNames.length);
});

it('only masks that wait want the right button, and only of the model', () => {
  const waiting = toolNames.filter((name) => tools[name].waits);
  expect(waiting).toEqual(toolNames.filter((name) => tools[name].rightButton));
  expect(waiting).toEqual(toolNames.filter((name) => tools[name].by === 'model'));
});

/** Made once for each name, so that one is enough; every other file asks the row. */
const registry = 'renderer/tools/registry.ts';

/** A list of tools, or a decision by a tool's name: both belong into the row. */
function repeats(text: string): string[] {
  const names = toolNames.join('|');
  const patterns = [
    new RegExp(`'(?:${names})',\\s*'(?:${names})'`, 'gu'),
    new RegExp(`\\btool\\w*\\)? [!=]== '(?:${names})'`, 'gu'),
    new RegExp(`\\btool: '(?:${names})', command`, 'gu'),
    /'(?:cut out|prompt box)':/gu,
  ];
  return patterns.flatMap((pattern) => text.match(pattern) ?? []);
}

describe('a tool is named in its row alone', () => {
  const sources = readdirSync(path.join(root, 'renderer'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('renderer', file.replaceAll('\\', '/')))
    .filter((file) => /\.tsx?$/u.test(file) && file !== registry);

  it('so far', () => {
    const found = sources.flatMap((file) =>
      repeats(readFileSync(path.join(root, file), 'utf8')).map((text) => `${file}: ${text}`),
    );
    expect(found).toEqual([]);
    expect(sources.length).toBeGreaterThan(80);
  });

  it.each([
    "const waits = tool === 'points' || tool === 'prompt box';",
    "['points', 'prompt box'].includes(store.getState().tool)",
    "{ tool: 'wand', command: 'tool.wand', icon: IconWand }",
    "  'cut out': 'Drag a box around one thing',",
  ])('a file that says %s is found', (text) => {
    expect(repeats(text)).not.toEqual([]);
  });

  it('but not one that takes up a tool', () => {
    expect(repeats("store.setState({ wipe: null, tool: 'brush' });")).toEqual([]);
  });
});
