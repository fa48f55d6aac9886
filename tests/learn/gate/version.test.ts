// A taught version beside the weights that it came from: what is replaced, what is copied, what no longer holds.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isWhole, readParameters, writeVersion } from '../../../main/learn/gate/version.ts';
import { detectorFiles } from '../../../main/weights/records/detectorRecord.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { temporary } from '../../hosting.ts';

const { folder, remove } = temporary('version');
afterAll(remove);

const values = (...numbers: number[]) => ({ shape: [numbers.length], data: Float32Array.from(numbers) });

const encoder = 'sam.image_encoder.trunk.weight';

async function weights(): Promise<string> {
  const tensors = { 'model.norm.weight': values(1, 2), 'sam.mask.weight': values(3), [encoder]: values(4) };
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors);
  for (const name of ['config.json', 'tokenizer.json', 'repair.json', 'pictures.json', ...detectorFiles])
    writeFileSync(path.join(folder, name), `"${name}"`);
  return folder;
}

const changed = (name: string, ...numbers: number[]) =>
  new Map([[name, { shape: [numbers.length], values: Float32Array.from(numbers) }]]);

describe('writeVersion', () => {
  it('replaces what was trained and keeps all else, records of measurements among it', async () => {
    const to = path.join(folder, 'decoder');
    await writeVersion(await weights(), to, { tensors: changed('sam.mask.weight', 5) });
    expect(isWhole(to)).toBe(true);
    const written = await openSafetensors(path.join(to, 'model.safetensors'));
    expect([...(await written.read('sam.mask.weight'))]).toEqual([5]);
    expect([...(await written.read('model.norm.weight'))]).toEqual([1, 2]);
    for (const name of ['repair.json', 'pictures.json'])
      expect(readFileSync(path.join(to, name), 'utf8')).toBe(`"${name}"`);
  });

  it('keeps what was measured of pictures where the reasoner was trained, and takes new words', async () => {
    const to = path.join(folder, 'supervised');
    const texts = { 'tokenizer.json': '"new words"' };
    await writeVersion(await weights(), to, { tensors: changed('model.norm.weight', 7, 8, 9), texts });
    expect(readFileSync(path.join(to, 'pictures.json'), 'utf8')).toBe('"pictures.json"');
    expect(readFileSync(path.join(to, 'tokenizer.json'), 'utf8')).toBe('"new words"');
    const written = await openSafetensors(path.join(to, 'model.safetensors'));
    expect([...(await written.read('model.norm.weight'))]).toEqual([7, 8, 9]);
  });

  it.each([
    ['sam.mask.weight was trained', 'sam.mask.weight', 5],
    ['model.norm.weight was trained', 'model.norm.weight', 5],
    ['what it reads by is handed over as it was', encoder, 4],
  ])('keeps a detector where %s', async (what, name, value) => {
    const to = path.join(folder, `detector ${what}`);
    await writeVersion(await weights(), to, { tensors: changed(name, value) });
    for (const file of detectorFiles) expect(readFileSync(path.join(to, file), 'utf8')).toBe(`"${file}"`);
  });

  it.each([encoder, 'sam.no_mem_embed', 'sam.sam_mask_decoder.conv_s1.weight'])(
    'leaves a detector out where %s was trained, which it reads by',
    async (name) => {
      const to = path.join(folder, `no detector ${name}`);
      await writeVersion(await weights(), to, { tensors: changed(name, 5) });
      for (const file of detectorFiles) expect(existsSync(path.join(to, file))).toBe(false);
      expect(existsSync(path.join(to, 'repair.json'))).toBe(true);
    },
  );
});

describe('readParameters', () => {
  it('reads what is asked for, in memory, and says which tensor a graph misses', async () => {
    const parameters = await readParameters(await weights(), (name) => name.startsWith('model.'));
    expect([...parameters.values('model.norm.weight')]).toEqual([1, 2]);
    expect([...parameters.all.keys()]).toEqual(['model.norm.weight']);
    expect(() => parameters.source().get('sam.mask.weight', [1])).toThrow('holds no tensor "sam.mask.weight".');
  });
});
