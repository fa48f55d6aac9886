// What prompts drew before and after a run as a file: the worst are kept, and what cannot be read is no failure.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DrawnChange } from '../../../main/contract/learning.ts';
import { fromPolygon } from '../../../main/contract/polygon.ts';
import { packMask } from '../../../main/contract/project.ts';
import { readChanges, writeChanges } from '../../../main/learn/gate/changes.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-changes-'));
afterAll(() => rmSync(root, { recursive: true }));

let count = 0;
function folder(): string {
  const made = path.join(root, String(count++));
  mkdirSync(made);
  return made;
}

const mask = packMask(fromPolygon([1, 1, 9, 1, 9, 9, 1, 9], 20, 10));
const change = (imageId: number): DrawnChange => ({
  ...{ imageId, text: 'cat', before: 0.5, after: 0.25, truth: mask, was: null, is: mask },
});

describe('changes of a run', () => {
  it('come back as they were written', async () => {
    const place = folder();
    await writeChanges(place, [change(3), change(1)]);
    expect(await readChanges(place)).toEqual([change(3), change(1)]);
  });

  it('are the first sixty, which are the worst', async () => {
    const place = folder();
    const all = Array.from({ length: 80 }, (_, i) => change(i + 1));
    await writeChanges(place, all);
    expect(await readChanges(place)).toEqual(all.slice(0, 60));
  });

  it.each([
    ['is not there', null],
    ['is no JSON', '[{'],
    ['is of another shape', '[{"imageId":"x"}]'],
  ])('are none where the file %s', async (_, text) => {
    const place = folder();
    if (text !== null) writeFileSync(path.join(place, 'changes.json'), text);
    expect(await readChanges(place)).toEqual([]);
  });
});
