// `pictures.json` beside weights: read as written, absent, and one sentence for what is none.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import {
  type PictureRecord,
  readPictureRecord,
  writePictureRecord,
} from '../../../main/weights/records/pictureRecord.ts';
import { temporary } from '../../hosting.ts';

const { folder, remove } = temporary('picture-record');
afterAll(remove);

const figures = { falseAlarms: 0.004, recognised: 0.97, pictures: 600 };
const record: PictureRecord = { mean: [0, 1], spread: [1, 2], weights: [0.5, -0.5], bias: -1, figures };

describe('pictures.json', () => {
  it('is read as it was written, and null where there is none', async () => {
    expect(await readPictureRecord(folder)).toBeNull();
    const file = await writePictureRecord(folder, record);
    expect(path.basename(file)).toBe('pictures.json');
    expect(await readPictureRecord(folder)).toEqual(record);
  });

  it.each([
    ['{"mean":', 'is not JSON'],
    [JSON.stringify({ ...record, mean: [0] }), 'not of one length'],
    [JSON.stringify({ ...record, bias: 'high' }), 'bias'],
    [JSON.stringify({ ...record, more: 1 }), 'more'],
  ])('says what is wrong with %s', async (text, words) => {
    writeFileSync(path.join(folder, 'pictures.json'), text);
    const read = readPictureRecord(folder);
    await expect(read).rejects.toThrow(BadInput);
    await expect(read).rejects.toThrow(words);
    await expect(read).rejects.toThrow('loupe train pictures');
  });
});
