import { appendFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SpoolWriter, spooled, spoolIn } from '../../../main/jobs/importing/spool.ts';
import { freshFolder } from '../../formats/reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

async function back(file: string): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of spooled(file)) parts.push(part);
  return parts;
}

test('parts come back as they were, in order', async () => {
  const file = spoolIn(folder);
  const parts = [{ kind: 'file', label: 'a\ud800b', none: null }, [1.5, -0], 'x'.repeat(300_000), {}];
  const spool = new SpoolWriter(file);
  for (const part of parts) spool.add(part);
  spool.close();
  expect(await back(file)).toEqual(parts);
});

test('an empty file has none, one that was cut short is a fault, and a file that is there is not written over', async () => {
  const empty = path.join(folder, 'empty');
  new SpoolWriter(empty).close();
  expect(await back(empty)).toEqual([]);
  appendFileSync(empty, Buffer.from([9, 0, 0, 0, 1]));
  await expect(back(empty)).rejects.toThrow(/cut short/);
  expect(() => new SpoolWriter(empty)).toThrow(/EEXIST/);
});
