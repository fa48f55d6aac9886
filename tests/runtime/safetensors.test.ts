// A weight file is either read exactly or refused in one sentence.
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { WeightsError } from '../../models/runtime/weightsFile.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { haveMaterial, material } from '../golden.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Header = Record<string, unknown>;

const encode = (json: string, data: Uint8Array): Uint8Array => {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
};

async function put(name: string, header: Header | string, dataBytes: number): Promise<string> {
  const file = path.join(folder, name);
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  await writeFile(
    file,
    encode(
      json,
      new Uint8Array(dataBytes).map((_, i) => i),
    ),
  );
  return file;
}

const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

async function refusal(file: string): Promise<string> {
  const error: unknown = await openSafetensors(file).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(WeightsError);
  return error instanceof WeightsError ? error.message : '';
}

describe('reading', () => {
  it('gives dtype, shape and absolute offsets', async () => {
    const header = { a: f32(0, 24, [2, 3]), __metadata__: { made: 'here' } };
    const file = await put('good.safetensors', header, 24);
    const { tensors, metadata } = await openSafetensors(file);
    const offset = 8 + JSON.stringify(header).length;
    expect(tensors.get('a')).toEqual({ file, dtype: 'float32', shape: [2, 3], offset, length: 24 });
    expect(metadata.get('made')).toBe('here');
  });

  it('converts every narrow type to float32 and leaves wide integers to readRaw', async () => {
    const header = {
      f64: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
      i64: { dtype: 'I64', shape: [1], data_offsets: [8, 16] },
      bf16: { dtype: 'BF16', shape: [2], data_offsets: [16, 20] },
      f16: { dtype: 'F16', shape: [2], data_offsets: [20, 24] },
      i8: { dtype: 'I8', shape: [2], data_offsets: [24, 26] },
      bool: { dtype: 'BOOL', shape: [2], data_offsets: [26, 28] },
    };
    const data = new Uint8Array(28);
    const view = new DataView(data.buffer);
    view.setFloat64(0, -2.5, true);
    view.setBigInt64(8, -(2n ** 53n), true);
    view.setUint16(16, 0x3fc0, true);
    view.setUint16(18, 0xff80, true);
    view.setUint16(20, 0x3e00, true);
    view.setUint16(22, 0x0001, true);
    data.set([0xff, 7, 0, 1], 24);
    const file = path.join(folder, 'types.safetensors');
    await writeFile(file, encode(JSON.stringify(header), data));
    const weights = await openSafetensors(file);
    const read = async (name: string) => [...(await weights.read(name))];
    expect(await read('f64')).toEqual([-2.5]);
    expect(await read('bf16')).toEqual([1.5, -Infinity]);
    expect(await read('f16')).toEqual([1.5, 2 ** -24]);
    expect(await read('i8')).toEqual([-1, 7]);
    expect(await read('bool')).toEqual([0, 1]);
    await expect(weights.read('i64')).rejects.toThrow(/"i64" is int64/);
    expect(new BigInt64Array((await weights.readRaw('i64')).buffer)[0]).toBe(-(2n ** 53n));
    expect(() => weights.source('i8')).toThrow(/"i8" is int8/);
    expect(weights.source('bf16').dtype).toBe('bfloat16');
    await expect(weights.read('nobody')).rejects.toThrow(/holds no tensor "nobody"/);
  });

  it('names the real file behind a link', async () => {
    const file = await put('real.safetensors', { a: f32(0, 4) }, 4);
    const link = path.join(folder, 'link.safetensors');
    await symlink(file, link);
    expect((await openSafetensors(link)).source('a').file).toBe(file);
  });

  it('takes a NUL, an empty tensor and a scalar as they are', async () => {
    const file = await put('odd.safetensors', { 'a\u0000b': f32(0, 4, []), none: f32(4, 4, [0, 7]) }, 4);
    const { tensors } = await openSafetensors(file);
    expect([...tensors].map(([name, t]) => [name, t.length])).toEqual([
      ['a\u0000b', 4],
      ['none', 0],
    ]);
  });
});

describe('lying headers', () => {
  const cases: [string, Header | string, number, RegExp][] = [
    ['offset outside the file', { a: f32(0, 8) }, 4, /"a" claims bytes 0 to 8, outside the 4 data bytes/],
    ['offset backwards', { a: { dtype: 'F32', shape: [1], data_offsets: [8, 4] } }, 8, /"a" claims bytes 8 to 4/],
    ['overlap', { a: f32(0, 8), b: f32(4, 12) }, 12, /"b" overlaps/],
    ['hole', { a: f32(0, 4), b: f32(8, 12) }, 12, /4 unused bytes before tensor "b"/],
    ['tail', { a: f32(0, 4) }, 9, /5 bytes follow the last tensor/],
    ['shape and length differ', { a: f32(0, 8, [3]) }, 8, /F32 \[3\], which needs 12 bytes, but spans 8/],
    ['shape overflow', { a: f32(0, 8, [2 ** 40, 2 ** 40]) }, 8, /needs 4\.8e?.*bytes/],
    ['negative shape', { a: f32(0, 8, [-1, -2]) }, 8, /not a list of whole numbers/],
    ['fractional offset', { a: f32(0.5, 4.5, [1]) }, 8, /malformed data_offsets/],
    ['unknown dtype', { a: { dtype: 'F4', shape: [2], data_offsets: [0, 1] } }, 1, /unsupported dtype "F4"/],
    ['null entry', { a: null }, 0, /"a" has no description/],
    [
      'duplicate name',
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
      2,
      /names "a" twice/,
    ],
    [
      'duplicate key inside',
      '{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /names "dtype" twice/,
    ],
    ['broken JSON', '{"a":', 4, /header is not valid JSON/],
    ['array header', '[1]', 4, /does not begin with "\{"/],
    ['numbers in the metadata', { __metadata__: { a: 1 } }, 0, /only texts/],
  ];
  it.each(cases)('%s', async (name, header, data, message) => {
    const file = await put(`${name.replaceAll(' ', '-')}.safetensors`, header, data);
    const said = await refusal(file);
    expect(said).toMatch(message);
    expect(said.startsWith(file)).toBe(true);
    expect(said.split('\n')).toHaveLength(1);
  });

  it('refuses a header longer than the file, and one beyond the format, before reading it', async () => {
    const file = path.join(folder, 'long.safetensors');
    const bytes = encode('{}', new Uint8Array(8));
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 62n, true);
    await writeFile(file, bytes);
    expect(await refusal(file)).toMatch(/claims a header of 4611686018427387904 bytes/);
    await writeFile(file, new Uint8Array(5));
    expect(await refusal(file)).toMatch(/is 5 bytes long/);
  });

  it('says when there is nothing', async () => {
    expect(await refusal(path.join(folder, 'nowhere'))).toMatch(/does not exist/);
    expect(await refusal(await mkdtemp(path.join(folder, 'empty-')))).toMatch(/holds neither/);
  });

  it.skipIf(!haveMaterial)('refuses the collected bad files', async () => {
    expect(await refusal(material('badinput/models/truncated.safetensors'))).toMatch(/cut short/);
    expect(await refusal(material('badinput/models/gguf_vocab_only.gguf'))).toMatch(/claims a header/);
    expect(await refusal(material('badinput/models/git_lfs_pointer.png'))).toMatch(/Git LFS pointer/);
  });
});

describe('sharded', () => {
  it('reads each tensor from its shard, from the index or its folder', async () => {
    const at = await mkdtemp(path.join(folder, 'shards-'));
    await writeSafetensors(path.join(at, 's1.safetensors'), { a: { shape: [1], data: Float32Array.of(1) } });
    await writeSafetensors(path.join(at, 's2.safetensors'), { b: { shape: [1], data: Float32Array.of(2) } });
    const index = path.join(at, 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ weight_map: { a: 's1.safetensors', b: 's2.safetensors' } }));
    const weights = await openSafetensors(at);
    expect([...(await weights.read('a')), ...(await weights.read('b'))]).toEqual([1, 2]);
    await writeFile(index, JSON.stringify({ weight_map: { b: 's1.safetensors' } }));
    expect(await refusal(index)).toMatch(/sends tensor "b" to s1.safetensors, which does not hold it/);
    await writeFile(index, JSON.stringify({ weight_map: { a: '../s1.safetensors' } }));
    expect(await refusal(index)).toMatch(/not a .safetensors file beside it/);
    await writeFile(index, '{}');
    expect(await refusal(index)).toMatch(/no "weight_map"/);
  });
});

describe('writing', () => {
  it('reads back what was written, bit for bit', async () => {
    const file = path.join(folder, 'written.safetensors');
    const values = Float32Array.of(0, -0, 1 / 3, Number.NaN, Infinity, 1.4e-45, 3.4e38);
    await writeSafetensors(
      file,
      {
        odd: { shape: [3], data: Uint8Array.of(1, 2, 3) },
        values: { shape: [7], data: values },
        long: { shape: [1], data: BigInt64Array.of(-5n) },
        scalar: { shape: [], data: Float64Array.of(Math.PI) },
      },
      { metadata: { step: '7' } },
    );
    const weights = await openSafetensors(file);
    expect(weights.metadata.get('step')).toBe('7');
    expect(await weights.readRaw('values')).toEqual(new Uint8Array(values.buffer));
    expect(new Float64Array((await weights.readRaw('scalar')).buffer)[0]).toBe(Math.PI);
    expect(weights.tensors.get('values')?.offset).toSatisfy((offset: number) => offset % 4 === 0);
    expect(weights.tensors.get('long')?.offset).toSatisfy((offset: number) => offset % 8 === 0);
  });

  it.each(['bfloat16', 'float16'] as const)('rounds to the nearest even %s', async (storage) => {
    const file = path.join(folder, `${storage}.safetensors`);
    const unit = storage === 'bfloat16' ? 2 ** -7 : 2 ** -10;
    const data = Float32Array.of(
      1 + unit / 2,
      1 + 1.5 * unit,
      1 + unit * 0.51,
      -2,
      0,
      -0,
      Infinity,
      -Infinity,
      2 ** -24,
      2 ** -25,
    );
    await writeSafetensors(file, { x: { shape: [10], data } }, { storage });
    const back = await (await openSafetensors(file)).read('x');
    expect([...back.slice(0, 8)]).toEqual([1, 1 + 2 * unit, 1 + unit, -2, 0, -0, Infinity, -Infinity]);
    expect([...back.slice(8)]).toEqual([2 ** -24, storage === 'float16' ? 0 : 2 ** -25]);
  });

  it('narrows any float to the closest half (property)', async () => {
    const file = path.join(folder, 'halves.safetensors');
    const some = fc.array(fc.float({ noNaN: true, min: -60000, max: 60000 }), { minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(some, async (numbers) => {
        const data = Float32Array.from(numbers);
        for (const [storage, steps] of [
          ['float16', 2 ** -11],
          ['bfloat16', 2 ** -8],
        ] as const) {
          await writeSafetensors(file, { x: { shape: [data.length], data } }, { storage });
          const back = await (await openSafetensors(file)).read('x');
          const floor = storage === 'float16' ? 2 ** -25 : 2 ** -134;
          data.forEach((x, i) =>
            expect(Math.abs(x - (back[i] ?? 0))).toBeLessThanOrEqual(Math.max(Math.abs(x) * steps, floor)),
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  it('leaves the old file when writing fails, and nothing beside it', async () => {
    const file = path.join(folder, 'kept.safetensors');
    await writeSafetensors(file, { x: { shape: [1], data: Float32Array.of(4) } });
    const before = await readFile(file);
    const wrong = { x: { shape: [2], data: Float32Array.of(4) } };
    await expect(writeSafetensors(file, wrong)).rejects.toThrow(/"x": 1 values do not fill \[2\]/);
    expect(await readFile(file)).toEqual(before);
  });
});

describe('fuzz', () => {
  it('any damage ends in a WeightsError or a file whose tensors can be read', async () => {
    const file = path.join(folder, 'fuzz.safetensors');
    const good = encode(
      JSON.stringify({ a: f32(0, 8, [2]), b: f32(8, 12), __metadata__: { k: 'v' } }),
      new Uint8Array(12),
    );
    const edit = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
    const damage = fc.tuple(fc.array(edit, { maxLength: 6 }), fc.option(fc.nat(good.length)));
    await fc.assert(
      fc.asyncProperty(damage, async ([edits, cut]) => {
        const bytes = good.slice(0, cut ?? good.length);
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        await writeFile(file, bytes);
        try {
          const weights = await openSafetensors(file);
          for (const name of weights.tensors.keys()) await weights.readRaw(name);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightsError);
        }
      }),
      { numRuns: 600 },
    );
  });
});
