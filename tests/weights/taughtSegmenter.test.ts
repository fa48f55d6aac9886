// What was taught of a SAM 2 beside a checkpoint: kept in one file that knows its segmenter, wherever that lies, and no other.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSam2 } from '../../main/weights/openSam2.ts';
import { segmenterDigest, taughtSegmenterIn, writeTaughtSegmenter } from '../../main/weights/taughtSegmenter.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { writeToySam } from './toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-taught-segmenter-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const key = 'sam.sam_mask_decoder.mask_tokens.weight';
const file = 'sam2_toy.safetensors';

beforeAll(async () => {
  await writeToySam(at('sam2'));
});

/** A version's folder whose tensor holds one number alone. */
async function written(name: string, value: number, shape: readonly number[] = [4, 16]): Promise<string> {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
  const digest = (await segmenterDigest(at('sam2'))) ?? '';
  await writeTaughtSegmenter(at(name), { name: 'sam2-own', digest, tensors: { [key]: { shape: [...shape], data } } });
  return at(name);
}

describe('the digest of a segmenter', () => {
  it('is that of its file, by the file or its folder, wherever it was copied to', async () => {
    mkdirSync(at('elsewhere'));
    copyFileSync(at('sam2', file), at('elsewhere', 'renamed.safetensors'));
    const digests = [at('sam2'), at('sam2', file), at('elsewhere')].map(segmenterDigest);
    expect(new Set(await Promise.all(digests)).size).toBe(1);
    expect(await segmenterDigest(at('sam2'))).toMatch(/^[0-9a-f]{8}$/u);
  });

  it('is another where the weights are others', async () => {
    mkdirSync(at('changed'));
    const bytes = readFileSync(at('sam2', file));
    bytes.fill(1, bytes.length - 8);
    writeFileSync(at('changed', file), bytes);
    expect(await segmenterDigest(at('changed'))).not.toBe(await segmenterDigest(at('sam2')));
  });

  it('is none where no one file of weights lies', async () => {
    mkdirSync(at('onnx'));
    writeFileSync(at('onnx', 'encoder.onnx'), 'no model');
    expect([await segmenterDigest(at('onnx')), await segmenterDigest(at('nowhere'))]).toEqual([null, null]);
  });
});

describe('the file of a version', () => {
  it('is read as it was written, and is none in a folder of another kind', async () => {
    const taught = await taughtSegmenterIn(await written('version', 2));
    expect(taught).toMatchObject({ name: 'sam2-own', digest: await segmenterDigest(at('sam2')) });
    expect([...((await taught?.file.read(key)) ?? [])]).toEqual(new Array(64).fill(2));
    expect(await taughtSegmenterIn(at('sam2'))).toBeNull();
  });

  it('takes the place of the decoder that it is of; all else is read from the segmenter', async () => {
    const taught = await taughtSegmenterIn(await written('placed', 3));
    const [bare, changed] = [await openSam2(at('sam2')), await openSam2(at('sam2'), undefined, taught?.file)];
    expect([...(await changed.read(key))]).toEqual(new Array(64).fill(3));
    expect([...changed.shapes]).toEqual([...bare.shapes]);
    const other = 'sam.sam_mask_decoder.iou_token.weight';
    expect(await changed.read(other)).toEqual(await bare.read(other));
    expect(await bare.read(key)).not.toEqual(await changed.read(key));
    expect((await openSafetensors(at('sam2', file))).tensors.has('sam_mask_decoder.mask_tokens.weight')).toBe(true);
  });

  it('is refused with the tensors that do not fit, or where it names no segmenter', async () => {
    const taught = await taughtSegmenterIn(await written('narrow', 1, [4, 8]));
    await expect(openSam2(at('sam2'), undefined, taught?.file)).rejects.toThrow(
      /tensors do not fit: .*mask_tokens\.weight/u,
    );
    mkdirSync(at('unnamed'));
    await writeSafetensors(at('unnamed', 'loupe-segmenter.safetensors'), {
      [key]: { shape: [1], data: new Float32Array(1) },
    });
    await expect(taughtSegmenterIn(at('unnamed'))).rejects.toThrow('teach the project again');
  });
});
