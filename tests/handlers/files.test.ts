import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, type Hosted, hosted, refusal } from '../hosting.ts';

let one: Hosted;
let client: Client;
const at = (...parts: string[]) => path.join(one.folder, 'tree', ...parts);

beforeAll(async () => {
  one = await hosted('handlers-files');
  ({ client } = await one.call());
  for (const name of ['b folder', 'a folder', '.hidden']) mkdirSync(at(name), { recursive: true });
  for (const name of ['10.png', '9.png', 'p.loupe', 'coco.JSON', 'sam.pt', 'notes.txt', '.secret.png'])
    writeFileSync(at(name), '');
  symlinkSync(at('a folder'), at('link'));
  symlinkSync(at('nowhere'), at('broken.png'));
});
afterAll(() => one.stop());

describe('browsing', () => {
  test('shows what can be opened, folders first', async () => {
    const { folder, parent, entries } = await client.files.browse({ folder: at() });
    expect([folder, parent]).toEqual([at(), one.folder]);
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ...[
        ['a folder', 'folder'],
        ['b folder', 'folder'],
        ['link', 'folder'],
        ['9.png', 'image'],
        ['10.png', 'image'],
      ],
      ...[
        ['coco.JSON', 'coco'],
        ['p.loupe', 'project'],
        ['sam.pt', 'weights'],
      ],
    ]);
    expect(entries[0]?.path).toBe(at('a folder'));
  });

  test('begins at home and ends at the root', async () => {
    expect((await client.files.browse({ folder: null })).folder).toBe(homedir());
    expect((await client.files.browse({ folder: path.parse(homedir()).root })).parent).toBeNull();
  });

  test('what is no folder is refused', async () => {
    const messages = await Promise.all(
      [at('gone'), at('9.png'), 'relative'].map(
        async (folder) => (await refusal(client.files.browse({ folder }))).message,
      ),
    );
    expect(messages).toEqual([
      `${at('gone')}: there is no such folder`,
      `${at('9.png')}: is a file; open the folder that it lies in`,
      'relative: give the whole path of a folder',
    ]);
  });
});
