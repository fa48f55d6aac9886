// Frozen weights in a session: packed or mapped, any storage type; files that are missing, elsewhere or cut.
import { mkdir, mkdtemp, realpath, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { add, mul } from '../../models/graph/elementwise.ts';
import { grad } from '../../models/graph/grad.ts';
import { matmul } from '../../models/graph/linear.ts';
import { reduceMean } from '../../models/graph/reduce.ts';
import { input, stored, type Tensor } from '../../models/graph/tensor.ts';
import { frozenWeights } from '../../models/runtime/frozen.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { Session, type SessionOptions } from '../../models/runtime/session.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { evaluate } from '../evaluate.ts';

let root: string;
beforeAll(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'loupe-stored-')));
});
afterAll(() => rm(root, { recursive: true }));

const side = 24;
// Multiples of 1/64 below 1 in size: every storage type holds them exactly.
const values = Float32Array.from({ length: side * side }, (_, i) => (((i * 37) % 127) - 63) / 64);
const x = Float32Array.from({ length: 3 * side }, (_, i) => Math.sin(i));

/** y = x w wᵀ, and the gradient of its mean square, which reads w again. */
function graphOf(w: Tensor): Record<string, Tensor> {
  const fed = input('x', [3, side]);
  const y = matmul(matmul(fed, w), w, { transB: true });
  const [g] = grad(reduceMean(mul(y, y), [0, 1]), [fed]);
  return g ? { y, g } : {};
}

async function weightsIn(folder: string, storage: 'float32' | 'float16' | 'bfloat16') {
  await mkdir(path.join(root, folder), { recursive: true });
  const file = path.join(root, folder, `${storage}.safetensors`);
  await writeSafetensors(file, { w: { shape: [side, side], data: values } }, { storage });
  return { file, weights: frozenWeights([await openSafetensors(file)]) };
}

describe('stored weights', () => {
  const cases = (['float32', 'float16', 'bfloat16'] as const).flatMap((storage) =>
    (['packed', 'mapped'] as const).flatMap((weights) =>
      (['infer', 'train'] as const).map((purpose) => ({ storage, weights, purpose })),
    ),
  );

  it.each(cases)('$storage, $weights, $purpose: as if fed', async ({ storage, ...options }) => {
    const fed = await evaluate(graphOf(input('w', [side, side])), { x, w: values });
    const { weights } = await weightsIn('whole', storage);
    const got = await evaluate(graphOf(weights.get('w', [side, side])), { x }, { ...options, folder: weights.folder });
    expect(Object.keys(got)).toEqual(['y', 'g']);
    for (const name of ['y', 'g'])
      got[name]?.forEach((v, i) => {
        expect(Math.abs(v - (fed[name]?.[i] ?? Number.NaN))).toBeLessThan(2e-5);
      });
  });

  it('reads at offsets that are no multiple of the element', async () => {
    const bytes = new Uint8Array(3 + 8);
    new DataView(bytes.buffer).setFloat32(3, 2.5, true);
    new DataView(bytes.buffer).setFloat32(7, -4, true);
    await writeFile(path.join(root, 'odd.bin'), bytes);
    const w = stored('w', [2], { file: 'odd.bin', offset: 3, length: 8, dtype: 'float32' });
    const got = await evaluate({ y: add(w, input('a', [2])) }, { a: Float32Array.of(1, 1) }, { folder: root });
    expect([...(got.y ?? [])]).toEqual([3.5, -3]);
  });
});

describe('weights that cannot be had', () => {
  const opening = (w: Tensor, options: SessionOptions) => Session.create(graphOf(w), options);

  it('says that no folder was given, or that it is not there', async () => {
    const { weights } = await weightsIn('asked', 'float32');
    const w = weights.get('w', [side, side]);
    await expect(opening(w, {})).rejects.toThrow(
      'The graph reads weights from float32.safetensors, but no folder was given.',
    );
    const folder = path.join(root, 'nowhere');
    await expect(opening(w, { folder })).rejects.toThrow(`${folder}: there is no such folder of weights.`);
  });

  it('names the file that is missing', async () => {
    const { file, weights } = await weightsIn('missing', 'bfloat16');
    const w = weights.get('w', [side, side]);
    await expect(opening(w, { folder: root })).rejects.toThrow(
      `${path.join(root, 'bfloat16.safetensors')}: there is no such file of weights.`,
    );
    await rm(file);
    await expect(opening(w, { folder: weights.folder })).rejects.toThrow(`${file}: there is no such file of weights.`);
  });

  it('says how much of a cut file is left', async () => {
    const { file, weights } = await weightsIn('cut', 'float32');
    const w = weights.get('w', [side, side]);
    await truncate(file, 1000);
    const said = /float32\.safetensors: ends after 1000 bytes where \d{4} are needed; it is cut off\.$/;
    await expect(opening(w, { folder: weights.folder })).rejects.toThrow(said);
  });

  it('refuses a link that leads out of the folder, and a path that does', async () => {
    const { file, weights } = await weightsIn('linked', 'float32');
    const w = weights.get('w', [side, side]);
    const elsewhere = path.join(root, 'elsewhere.safetensors');
    await rename(file, elsewhere);
    await symlink(elsewhere, file);
    const said = `${file}: lies outside ${weights.folder} (it is ${elsewhere}); give the folder that holds the file itself.`;
    await expect(opening(w, { folder: weights.folder })).rejects.toThrow(said);
    const source = { offset: 0, length: 4, dtype: 'float32' as const };
    const up = stored('up', [1], { ...source, file: '../elsewhere.safetensors' });
    await expect(Session.create({ y: add(up, 1) }, { folder: weights.folder })).rejects.toThrow('lies outside');
    const absolute = stored('absolute', [1], { ...source, file: elsewhere });
    await expect(Session.create({ y: add(absolute, 1) }, { folder: root })).rejects.toThrow('lies outside');
  });

  it('follows a link that stays inside', async () => {
    const { file, weights } = await weightsIn('inside', 'float32');
    await rename(file, `${file}.real`);
    await symlink(`${file}.real`, file);
    const session = await opening(weights.get('w', [side, side]), { folder: weights.folder });
    expect((await session.run({ x })).y).toHaveLength(3 * side);
    await session.release();
  });
});
