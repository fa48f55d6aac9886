// The record beside weights: written, read again, absent, and refused in one sentence where it is damaged.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import { type RepairRecord, readRepairRecord, writeRepairRecord } from '../../../main/weights/records/repairRecord.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-record-'));
});
afterAll(() => rm(folder, { recursive: true }));

const record: RepairRecord = {
  ...{ features: ['size', 'same'], base: 0.01, margin: 0.02, trees: [[0, 0.5, -0.1, [1, 0.25, 0.1, 0.2]], 0.3] },
  figures: { before: 0.7, after: 0.76, harm: 0.002, auprc: 0.8, masks: 600 },
};

describe('the record of what repairs gain', () => {
  it('is null where there is none', async () => {
    expect(await readRepairRecord(folder)).toBeNull();
  });

  it('is read as it was written', async () => {
    const file = await writeRepairRecord(folder, record);
    expect(path.dirname(file)).toBe(folder);
    expect(await readRepairRecord(folder)).toEqual(record);
  });

  it('is refused with its file and what to do where it cannot be read', async () => {
    const file = path.join(folder, 'repair.json');
    for (const text of ['{', '{}', JSON.stringify({ ...record, trees: [[0, 0.5, 1]] })]) {
      writeFileSync(file, text);
      const read = readRepairRecord(folder);
      await expect(read).rejects.toBeInstanceOf(BadInput);
      await expect(read).rejects.toThrow(/repair\.json.*loupe train repair/s);
    }
  });
});
