import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildParts } from '../../tools/build.mjs';
import { runProgram } from '../program.ts';
import { haveChromium } from './shells.ts';

interface Shown {
  readonly folder: string;
  readonly usual: { readonly named: string; readonly shown: string[] };
  readonly odd: { readonly named: string; readonly shown: string[] };
  readonly written: boolean[];
  readonly errors: string[];
  readonly shownInAll: number;
}

// Page, preload, shell, relay and host are what ships; Electron's own two sides are stood in for, in Chromium and in Node.
describe.runIf(haveChromium)('"Show in folder" after an export', () => {
  let seen: Shown;
  beforeAll(async () => {
    await buildParts(['electron', 'renderer'], { ifNeeded: true });
    seen = await runProgram<Shown>(new URL('./runDesktop.ts', import.meta.url));
  }, 240_000);

  it('asks the system to show exactly the file that was written, under the name that the dialog chose', () => {
    expect(seen.usual.named).toMatch(/\.json$/u);
    expect(path.dirname(seen.usual.named)).toBe(seen.folder);
    expect(seen.usual.shown).toEqual([`reveal ${seen.usual.named}`]);
  });

  it('does so for a name with blanks, a percent sign, an umlaut and a hash', () => {
    expect(seen.odd.named).toBe(path.join(seen.folder, 'my cars, 100% Größe #2.json'));
    expect(seen.odd.shown).toEqual([`reveal ${seen.odd.named}`]);
  });

  it('shows a file that is there, once a press and never before one', () => {
    expect(seen.written).toEqual([true, true]);
    expect(seen.shownInAll).toBe(2);
    expect(seen.errors).toEqual([]);
  });
});
