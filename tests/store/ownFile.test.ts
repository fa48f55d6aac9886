import { linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { refuseOwnFile } from '../../main/store/ownFile.ts';
import { freshFolder } from '../formats/reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

test('by its own name, by links of both kinds, and no other file', () => {
  const at = (name: string) => path.join(folder, name);
  writeFileSync(at('p.loupe'), 'x');
  writeFileSync(at('other.loupe'), 'x');
  symlinkSync(at('p.loupe'), at('soft.json'));
  linkSync(at('p.loupe'), at('hard.json'));
  const refused = (file: string) => () => refuseOwnFile({ file: at('p.loupe') }, file);
  for (const name of ['p.loupe', 'soft.json', 'hard.json', 'nowhere/../p.loupe'])
    expect(refused(at(name))).toThrow(new BadInput(`${at(name)}: is the project itself; name another file`));
  for (const name of ['other.loupe', 'nowhere.json']) expect(refused(at(name))).not.toThrow();
});
