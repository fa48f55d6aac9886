// `detector.json` and its tensors beside weights: read as written, absent, one without the other, and what is none.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../../main/contract/badInput.ts';
import {
  type DetectorRecord,
  detectorFiles,
  readDetector,
  writeDetector,
} from '../../../main/weights/records/detectorRecord.ts';
import { WeightsError } from '../../../models/runtime/weightsFile.ts';
import { temporary } from '../../hosting.ts';

const { folder, remove } = temporary('detector-record');
afterAll(remove);

const record: DetectorRecord = {
  classes: [
    { name: 'dog', also: [] },
    { name: 'coffee mug', also: ['mug'] },
  ],
  ...{ width: 4, blocks: 1, least: 0.3, figures: { found: 0.8, absent: 0.9, photos: 120 } },
};
const tensors = { 'detector.norm.bias': { shape: [4], data: Float32Array.of(1, -2, 0.5, 0) } };

async function written(name: string): Promise<string> {
  const place = path.join(folder, name);
  mkdirSync(place);
  await writeDetector(place, record, tensors);
  return place;
}

describe('detector.json', () => {
  it('is read as it was written, with its tensors, and null where there is none', async () => {
    expect(await readDetector(folder)).toBeNull();
    const file = await writeDetector(folder, record, tensors);
    expect(path.basename(file)).toBe('detector.json');
    const read = await readDetector(folder);
    expect(read?.record).toEqual(record);
    expect([...(read?.file.tensors.keys() ?? [])]).toEqual(['detector.norm.bias']);
    expect([...((await read?.file.read('detector.norm.bias')) ?? [])]).toEqual([1, -2, 0.5, 0]);
  });

  it('has two files; tensors alone are no detector', async () => {
    const place = await written('tensors alone');
    expect(detectorFiles).toEqual(['detector.json', 'detector.safetensors']);
    rmSync(path.join(place, 'detector.json'));
    expect(await readDetector(place)).toBeNull();
  });

  it('without its tensors is refused in one sentence', async () => {
    const place = await written('record alone');
    rmSync(path.join(place, 'detector.safetensors'));
    const read = readDetector(place);
    await expect(read).rejects.toThrow(BadInput);
    await expect(read).rejects.toThrow(
      /detector\.safetensors: is missing beside detector\.json; .*loupe train detector/u,
    );
  });

  it('with tensors that are none is refused by their name', async () => {
    const place = await written('spoilt');
    writeFileSync(path.join(place, 'detector.safetensors'), 'nothing');
    const read = readDetector(place);
    await expect(read).rejects.toThrow(WeightsError);
    await expect(read).rejects.toThrow('detector.safetensors');
  });

  it.each([
    ['{"classes":', 'is not JSON'],
    [JSON.stringify({ ...record, classes: [] }), 'classes'],
    [JSON.stringify({ ...record, classes: [{ name: '', also: [] }] }), 'name'],
    [JSON.stringify({ ...record, classes: [{ name: 'dog', also: [], kind: 1 }] }), 'kind'],
    [JSON.stringify({ ...record, width: 0 }), 'width'],
    [JSON.stringify({ ...record, blocks: 1e9 }), 'blocks'],
    [JSON.stringify({ ...record, least: 1.5 }), 'least'],
    [JSON.stringify({ ...record, figures: undefined }), 'figures'],
    [JSON.stringify({ ...record, more: 1 }), 'more'],
  ])('says what is wrong with %s', async (text, words) => {
    writeFileSync(path.join(folder, 'detector.json'), text);
    const read = readDetector(folder);
    await expect(read).rejects.toThrow(BadInput);
    await expect(read).rejects.toThrow(words);
    await expect(read).rejects.toThrow('loupe train detector');
  });
});
