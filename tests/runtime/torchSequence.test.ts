// PyTorch's format from before version 1.6: a file of torch's own is read right, and no bytes whatever can make the reader do more than refuse.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTorchFile } from '../../models/runtime/torchFile.ts';
import { WeightsError } from '../../models/runtime/weightsFile.ts';

/** Written by torch 2 with `_use_new_zipfile_serialization=False`. */
const fixture = path.resolve(import.meta.dirname, '../fixtures/torch-before-1.6.pt');

let folder: string;
let whole: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'loupe-legacy-'));
  whole = new Uint8Array(await readFile(fixture));
});
afterAll(() => rm(folder, { recursive: true }));

const text = (s: string) => [...new TextEncoder().encode(s)];
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

async function put(bytes: Uint8Array): Promise<string> {
  const file = path.join(folder, 'changed.pt');
  await writeFile(file, bytes);
  return file;
}

/** Null where the bytes can be read. */
async function refusal(bytes: Uint8Array): Promise<string | null> {
  try {
    const weights = await openTorchFile(await put(bytes));
    for (const name of weights.tensors.keys()) await weights.readRaw(name);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(WeightsError);
    return error instanceof Error ? error.message : '';
  }
}

function placeOf(part: readonly number[]): number {
  const at = whole.findIndex((_, i) => part.every((byte, j) => whole[i + j] === byte));
  expect(at, 'what is looked for is in the fixture').toBeGreaterThan(0);
  return at;
}

/** The fixture with one text in place of another as long. */
function swapped(before: string, after: string): Uint8Array {
  expect(after).toHaveLength(before.length);
  const bytes = whole.slice();
  bytes.set(text(after), placeOf(text(before)));
  return bytes;
}

describe('a file of torch’s own', () => {
  it('gives every type, stride, offset and shared storage', async () => {
    const weights = await openTorchFile(fixture);
    const values: Record<string, number[]> = {};
    for (const name of weights.tensors.keys()) if (name !== 'long') values[name] = [...(await weights.read(name))];
    expect(values).toEqual({
      w: upTo(12),
      t: [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
      part: [4, 5, 6, 7],
      half: [0.5, -2],
      brain: [1, -3],
      flag: [1, 0],
      empty: [],
      param: [2.5],
    });
    expect([...new BigInt64Array((await weights.readRaw('long')).buffer)]).toEqual([7n, -9n]);
    expect(weights.rest).toEqual({ epoch: 3, note: 'legacy' });
  });

  it.each([3, 4, 5])('is known by its number in protocol %i of pickle too, framed or not', async (protocol) => {
    const frame = protocol < 4 ? [] : [0x95, 13, 0, 0, 0, 0, 0, 0, 0];
    const changed = Uint8Array.from([0x80, protocol, ...frame, ...whole.subarray(2)]);
    const weights = await openTorchFile(await put(changed));
    expect([...(await weights.read('w'))]).toEqual(upTo(12));
  });

  it('says where the bytes lie, for a graph to map them', async () => {
    const { offset, length, dtype } = (await openTorchFile(fixture)).source('w');
    expect(dtype).toBe('float32');
    expect([...new Float32Array(whole.slice(offset, offset + length).buffer)]).toEqual(upTo(12));
  });
});

describe('lies', () => {
  it('wants an object that weights have no business with', async () => {
    const said = await refusal(swapped('ctorch\nBoolStorage', 'cposix\nXXsystemXXX'));
    expect(said).toMatch(/wants the Python object "posix\.XXsystemXXX"/);
  });

  it('is cut off, wherever it is cut', async () => {
    for (let length = 0; length < whole.length; length++) {
      const said = await refusal(whole.slice(0, length));
      expect(said?.split('\n'), `${length} bytes`).toHaveLength(1);
      expect(said).not.toMatch(/undefined|TypeError|is not a function|out of range|NaN/u);
    }
  });

  it('claims another count than its pickle', async () => {
    const bytes = whole.slice();
    const { offset } = (await openTorchFile(fixture)).source('w');
    bytes[offset - 8] = 13;
    expect(await refusal(bytes)).toMatch(/holds 13 elements in storage "\d+" where its pickle says 12/);
  });

  it('says that its high bytes come first', async () => {
    const bytes = whole.slice();
    const at = placeOf(text('little_endian')) + 'little_endian'.length;
    const flag = bytes.indexOf(0x88, at);
    expect(flag - at).toBeLessThan(4);
    bytes[flag] = 0x89;
    expect(await refusal(bytes)).toMatch(/low byte first/);
  });

  it('is of another protocol', async () => {
    const bytes = whole.slice();
    bytes.set([0x4d, 0xea, 3], placeOf([0x4d, 0xe9, 3]));
    expect(await refusal(bytes)).toMatch(/protocol that is not 1001/);
  });

  it('lists storages that no tensor has', async () => {
    // The list of keys is the last pickle.
    const keys = [...new TextDecoder('latin1').decode(whole).matchAll(/X.{4}\d{6,}/gsu)];
    const bytes = whole.slice();
    bytes[(keys.at(-1)?.index ?? 0) + 5] = 0x78;
    expect(await refusal(bytes)).toMatch(/lists its storages otherwise than its tensors name them/);
  });
});

describe('fuzz', () => {
  it('damaged files are read or refused, nothing else', async () => {
    const edit = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
    const change = fc.tuple(fc.array(edit, { minLength: 1, maxLength: 8 }), fc.option(fc.nat(whole.length)));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(change, async ([edits, cut]) => {
        const bytes = whole.slice(0, cut ?? whole.length);
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        if ((await refusal(bytes)) !== null) refused++;
      }),
      { numRuns: 1500 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('arbitrary opcodes in place of the pickles', async () => {
    const from = 15;
    const opcode = fc.oneof(fc.constantFrom(...whole), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(opcode, { maxLength: 80 }), async (bytes) => {
        await refusal(Uint8Array.from([...whole.slice(0, from), ...bytes]));
      }),
      { numRuns: 1000 },
    );
  });
});
