// PyTorch checkpoints: every dtype and layout is read right, and no bytes whatever can make the reader do more than refuse.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { misfit } from '../../main/weights/askedShapes.ts';
import { quantiseWeights } from '../../main/weights/bits/quantise.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import { WeightsError, weightsFile } from '../../models/runtime/weightsFile.ts';
import { golden, goldenJson, haveGolden, haveMaterial, material } from '../golden.ts';
import { zip } from '../zip.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-torch-'));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (s: string) => new TextEncoder().encode(s);
const u32 = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24];

async function put(name: string, entries: Record<string, Uint8Array>): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, zip(entries));
  return file;
}

/** Pickle pieces: a text, a global, a tuple of small numbers. */
const str = (s: string) => [0x58, ...u32(s.length), ...text(s)];
const global = (module: string, name: string) => [0x63, ...text(`${module}\n${name}\n`)];
const tuple = (...items: number[]) => [0x28, ...items.flatMap((n) => [0x4a, ...u32(n)]), 0x74];

interface Fake {
  count?: number;
  offset?: number;
  shape?: number[];
  strides?: number[];
  key?: string;
}

function tensor({ count = 4, offset = 0, shape = [4], strides = [1], key = '0' }: Fake): number[] {
  const storage = [
    0x28,
    ...str('storage'),
    ...global('torch', 'FloatStorage'),
    ...str(key),
    ...str('cpu'),
    0x4a,
    ...u32(count),
    0x74,
    0x51,
  ];
  const args = [0x28, ...storage, 0x4a, ...u32(offset), ...tuple(...shape), ...tuple(...strides), 0x89, 0x4e, 0x74];
  return [...global('torch._utils', '_rebuild_tensor_v2'), ...args, 0x52];
}

const dictOf = (name: string, value: number[]) =>
  Uint8Array.from([0x80, 2, 0x7d, 0x28, ...str(name), ...value, 0x75, 0x2e]);

async function refusal(file: string): Promise<string> {
  const error: unknown = await openTorchFile(file).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(WeightsError);
  return error instanceof WeightsError ? error.message : '';
}

const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

describe('reading', () => {
  it('reads a hand-made checkpoint and points at its bytes', async () => {
    const file = await put('good.pt', {
      'a/data.pkl': dictOf('w', tensor({ shape: [2], offset: 1 })),
      'a/data/0': floats,
    });
    const weights = await openTorchFile(file);
    expect([...(await weights.read('w'))]).toEqual([2, 3]);
    const { offset, length } = weights.source('w');
    const bytes = await readFile(file);
    expect(new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + length))[0]).toBe(
      2,
    );
  });

  it('copies a strided view and refuses it as external data', async () => {
    const view = tensor({ shape: [2, 2], strides: [1, 2] });
    const file = await put('strided.pt', { 'a/data.pkl': dictOf('w', view), 'a/data/0': floats });
    const weights = await openTorchFile(file);
    expect([...(await weights.read('w'))]).toEqual([1, 3, 2, 4]);
    expect(() => weights.source('w')).toThrow(/not stored in one piece/);
    // Nor under another name: its bytes as they lie are other numbers.
    const renamed = weightsFile(
      'x',
      new Map([...weights.tensors].map(([name, span]) => [`sam.${name}`, span])),
      new Map(),
    );
    expect(() => renamed.source('sam.w')).toThrow(/"sam\.w" is not stored in one piece/);
    expect(() => renamed.readRaw('sam.w')).toThrow(/"sam\.w" is not stored in one piece/);
    expect(misfit('w', [2, 2], weights.tensors.get('w'))).toMatch(/^w is not stored row after row/);
    await expect(
      quantiseWeights(weights, { to: `${file}.4`, bits: 4, block: 32, chooses: () => true }),
    ).rejects.toThrow(/holds a weight that is not stored row after row/);
  });
});

/** A dictionary of some texts and what they stand for. */
const dict = (entries: Readonly<Record<string, number[]>>): number[] => [
  ...[0x7d, 0x28],
  ...Object.entries(entries).flatMap(([name, value]) => [...str(name), ...value]),
  0x75,
];
const call = (module: string, name: string, args: number[]) => [...global(module, name), 0x28, ...args, 0x74, 0x52];

describe('what trainers write', () => {
  const w = tensor({ shape: [2] });
  const other = tensor({ shape: [2], offset: 2 });
  const wrapped: [string, Record<string, number[]>][] = [
    [
      'model_state_dict beside an optimiser',
      { optimizer_state_dict: dict({ m: other }), model_state_dict: dict({ w }) },
    ],
    ['a state_dict within a model', { model: dict({ state_dict: dict({ w }) }), epoch: [0x4b, 3] }],
    ['module, with the prefix of several devices', { module: dict({ 'module.w': w }) }],
    ['the prefixes of a compiled model on several devices', { 'module._orig_mod.w': w }],
    ['an averaged copy before the model', { ema: dict({ w: other }), model: dict({ w }) }],
    ['an empty model beside a state_dict', { model: dict({}), state_dict: dict({ w }) }],
    [
      'a parameter with attributes',
      { w: call('torch._utils', '_rebuild_parameter_with_state', [...w, 0x89, 0x4e, 0x7d]) },
    ],
    [
      'a best score of numpy, a device and a type',
      {
        model: dict({ w }),
        best: call('numpy.core.multiarray', 'scalar', [
          ...call('numpy', 'dtype', [...str('f8'), 0x89, 0x88]),
          // The state that numpy gives a type.
          ...[...tuple(3, 0), 0x62],
          ...call('_codecs', 'encode', [...str('12345678'), ...str('latin1')]),
        ]),
        device: call('torch', 'device', str('cpu')),
        dtype: global('torch', 'float16'),
      },
    ],
  ];
  it.each(wrapped)('%s', async (name, entries) => {
    const pickle = Uint8Array.from([0x80, 2, ...dict(entries), 0x2e]);
    const file = await put(`${name.replaceAll(' ', '-')}.pt`, { 'a/data.pkl': pickle, 'a/data/0': floats });
    const weights = await openTorchFile(file);
    expect([...weights.tensors.keys()]).toEqual(['w']);
    expect([...(await weights.read('w'))]).toEqual([1, 2]);
  });

  it('keeps names of which only some have the prefix', async () => {
    const pickle = Uint8Array.from([0x80, 2, ...dict({ 'module.w': w, v: other }), 0x2e]);
    const file = await put('some.pt', { 'a/data.pkl': pickle, 'a/data/0': floats });
    expect([...(await openTorchFile(file)).tensors.keys()]).toEqual(['module.w', 'v']);
  });
});

interface ReaderCase {
  dtype: string;
  shape: number[];
  data: (number | string)[];
}

describe.skipIf(!haveGolden)('golden reader', () => {
  it('reads every dtype, stride, offset and shared storage', async () => {
    const expected = goldenJson<{ tensors: Record<string, ReaderCase>; other_entries: unknown }>(
      'sam2-tiny/reader.json',
    );
    const weights = await openTorchFile(golden('sam2-tiny/reader.pt'));
    expect(weights.rest).toEqual(expected.other_entries);
    expect([...weights.tensors.keys()].sort()).toEqual(Object.keys(expected.tensors).sort());
    for (const [name, { dtype, shape, data }] of Object.entries(expected.tensors)) {
      expect(weights.tensors.get(name), name).toMatchObject({ dtype, shape });
      const wide = dtype === 'int64' || dtype === 'int32';
      const raw = wide ? (await weights.readRaw(name)).buffer : null;
      const values = raw
        ? dtype === 'int64'
          ? new BigInt64Array(raw)
          : new Int32Array(raw)
        : await weights.read(name);
      const wanted = data.map((x) => (dtype === 'int64' ? BigInt(x) : Math.fround(Number(x))));
      expect([...values], name).toEqual(dtype === 'int32' ? data.map(Number) : wanted);
    }
  });

  it('agrees with the safetensors copy of the same model', async () => {
    const torch = await openTorchFile(golden('sam2-tiny/sam2_tiny.pt'));
    const safe = await openSafetensors(golden('sam2-tiny/weights.safetensors'));
    expect(safe.tensors.size).toBeGreaterThan(100);
    for (const [name, { shape }] of safe.tensors) {
      expect(torch.tensors.get(name)?.shape, name).toEqual(shape);
      expect(await torch.readRaw(name), name).toEqual(await safe.readRaw(name));
    }
  });

  it('reads the format from before version 1.6', async () => {
    const weights = await openTorchFile(golden('sam2-tiny/reader-legacy.pt'));
    expect(weights.tensors.get('a')).toMatchObject({ dtype: 'float32', shape: [2, 3] });
    expect([...(await weights.read('a'))]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('a damaged pickle', () => {
  it('is refused in plain words, wherever it is damaged', async () => {
    const whole = dictOf('w', tensor({ shape: [2], offset: 1 }));
    const insides = /undefined|TypeError|is not a function|not iterable|opcode|Invalid array|out of range|\bNaN\b/iu;
    let refused = 0;
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 0x28, 0x52, 0x62, 0x8a, 0xff]) {
        const file = await put('torn.pt', { 'a/data.pkl': whole.with(at, value), 'a/data/0': floats });
        const error: unknown = await openTorchFile(file).then(
          () => null,
          (e: unknown) => e,
        );
        if (error === null) continue;
        refused++;
        expect(error).toBeInstanceOf(WeightsError);
        expect(error instanceof Error ? error.message : '', `byte ${at} is ${value}`).not.toMatch(insides);
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('lies', () => {
  const cases: [string, Record<string, Uint8Array>, RegExp][] = [
    [
      'a global that runs code',
      { 'a/data.pkl': dictOf('w', [...global('os', 'system'), 0x28, ...str('true'), 0x74, 0x52]) },
      /Python object "os\.system"/,
    ],
    ['a builtin', { 'a/data.pkl': dictOf('w', [...global('builtins', 'eval')]) }, /"builtins\.eval"/],
    [
      'a missing storage',
      { 'a/data.pkl': dictOf('w', tensor({ key: '9' })), 'a/data/0': floats },
      /"w" lies in storage "9", which is missing/,
    ],
    ['a storage outside the archive', { 'a/data.pkl': dictOf('w', tensor({ key: '../../etc/passwd' })) }, /is missing/],
    [
      'a storage too small',
      { 'a/data.pkl': dictOf('w', tensor({ count: 40 })), 'a/data/0': floats },
      /claims 160 bytes of a storage of 16/,
    ],
    [
      'a view past its storage',
      { 'a/data.pkl': dictOf('w', tensor({ offset: 1 })), 'a/data/0': floats },
      /reaches element 4 of the 4/,
    ],
    [
      'an endless expansion',
      { 'a/data.pkl': dictOf('w', tensor({ shape: [65536, 65536], strides: [0, 0] })), 'a/data/0': floats },
      /not believable/,
    ],
    [
      'negative strides',
      { 'a/data.pkl': dictOf('w', tensor({ strides: [-1] })), 'a/data/0': floats },
      /without storage, offset, shape and strides/,
    ],
    ['no pickle', { 'a/data/0': floats }, /has no data\.pkl/],
    ['an empty pickle', { 'a/data.pkl': new Uint8Array(0) }, /data\.pkl/],
    [
      'a big-endian file',
      { 'a/byteorder': text('big'), 'a/data.pkl': dictOf('w', tensor({})), 'a/data/0': floats },
      /byte order "big"/,
    ],
    ['a pickle that is a list', { 'a/data.pkl': Uint8Array.of(0x80, 2, 0x5d, 0x2e) }, /no dictionary/],
  ];
  it.each(cases)('%s', async (name, entries, message) => {
    const file = await put(`${name.replaceAll(' ', '-')}.pt`, entries);
    const said = await refusal(file);
    expect(said).toMatch(message);
    expect(said.split('\n')).toHaveLength(1);
  });

  it('a small pickle that unfolds into a huge tree', async () => {
    const doubled = Array.from({ length: 40 }, () => [0x32, 0x86]).flat();
    const file = await put('bomb.pt', { 'a/data.pkl': dictOf('w', [0x5d, ...doubled]) });
    expect(await refusal(file)).toMatch(/nests more values/);
  });

  it('a damaged pickle', async () => {
    const bytes = zip({ 'a/data.pkl': dictOf('w', tensor({})), 'a/data/0': floats });
    const file = path.join(folder, 'damaged.pt');
    const at = 30 + 'a/data.pkl'.length + 8;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
    expect(await refusal(file)).toMatch(/checksum/);
  });

  it.skipIf(!haveMaterial)('refuses the collected bad files', async () => {
    for (const name of ['truncated.safetensors', 'gguf_vocab_only.gguf'])
      expect(await refusal(material('badinput/models', name))).toMatch(/not a PyTorch file/);
    expect(await refusal(material('badinput/models', 'git_lfs_pointer.png'))).toMatch(/is a Git LFS pointer/);
  });

  it('says when there is nothing, or only a folder', async () => {
    expect(await refusal(path.join(folder, 'nowhere.pt'))).toMatch(/does not exist/);
    expect(await refusal(folder)).toMatch(/EISDIR/);
  });
});

describe('fuzz', () => {
  const whole = dictOf('w', tensor({}));

  const survives = async (file: string): Promise<void> => {
    try {
      const weights = await openTorchFile(file);
      for (const name of weights.tensors.keys()) await weights.readRaw(name);
    } catch (error) {
      expect(error).toBeInstanceOf(WeightsError);
    }
  };

  const damage = (length: number) => {
    const edit = fc.tuple(fc.nat(length - 1), fc.integer({ min: 0, max: 255 }));
    return fc.tuple(fc.array(edit, { maxLength: 8 }), fc.option(fc.nat(length)));
  };

  const apply = (good: Uint8Array, [edits, cut]: [[number, number][], number | null]): Uint8Array => {
    const bytes = good.slice(0, cut ?? good.length);
    for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
    return bytes;
  };

  it('damaged zips', async () => {
    const good = zip({ 'a/data.pkl': whole, 'a/data/0': floats, 'a/byteorder': text('little') });
    const file = path.join(folder, 'fuzz-zip.pt');
    await fc.assert(
      fc.asyncProperty(damage(good.length), async (change) => {
        await writeFile(file, apply(good, change));
        await survives(file);
      }),
      { numRuns: 600 },
    );
  });

  it('damaged pickles with a right checksum', async () => {
    await fc.assert(
      fc.asyncProperty(damage(whole.length), async (change) => {
        await survives(await put('fuzz-pickle.pt', { 'a/data.pkl': apply(whole, change), 'a/data/0': floats }));
      }),
      { numRuns: 1500 },
    );
  });

  it('arbitrary opcodes', async () => {
    const opcodes = fc.array(fc.oneof(fc.constantFrom(...whole), fc.integer({ min: 0, max: 255 })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(opcodes, async (bytes) => {
        await survives(await put('fuzz-ops.pt', { 'a/data.pkl': Uint8Array.from([0x80, 2, ...bytes, 0x2e]) }));
      }),
      { numRuns: 1500 },
    );
  });
});
