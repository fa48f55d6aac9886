// Reads what an ONNX file of another program takes and gives, its opset and the data files beside it; runs nothing.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { absence, isPointer, pointerWords } from './notFetched.ts';
import { withFileNamed } from './weightsFile.ts';

export interface ForeignPort {
  readonly name: string;
  /** ONNX's number of the element type: 1 float32, 6 int32, 7 int64, 10 float16. */
  readonly type: number;
  /** Null where the file leaves an axis open. */
  readonly shape: readonly (number | null)[];
}

export interface OnnxHeader {
  readonly file: string;
  readonly opset: number;
  readonly inputs: readonly ForeignPort[];
  readonly outputs: readonly ForeignPort[];
  /** What stands in the file before each of these names; missing: nothing. */
  readonly prefix?: string;
  /** Files of weights beside it, by their names. */
  readonly data: readonly string[];
}

/** Protobuf files cannot be longer. */
const byteLimit = 2 ** 31;
/** The newest opset of the ONNX Runtime in use; it refuses files of newer ones in its own words. */
const newestOpset = 26;
/** The newest version of the format itself that it knows. */
const newestFormat = 13;

export function readOnnxHeader(file: string): Promise<OnnxHeader> {
  return withFileNamed(file, async () => {
    const info = await stat(file).catch(() => null);
    if (!info) throw new Error(await absence(file));
    const { size } = info;
    if (size >= byteLimit) throw new Error('is longer than an ONNX file can be (2 GiB).');
    const bytes = await readFile(file);
    if (isPointer(bytes)) throw new Error(pointerWords);
    const { header, data, format } = modelIn(bytes);
    if (format > newestFormat)
      throw new Error(
        `is written in version ${format} of ONNX's format, and the ONNX Runtime in use knows up to ${newestFormat}.`,
      );
    if (header.opset > newestOpset)
      throw new Error(`is written in opset ${header.opset}, and the ONNX Runtime in use knows up to ${newestOpset}.`);
    for (const name of data) await checkBeside(path.dirname(file), name);
    return { file, ...header, data: [...data] };
  });
}

async function checkBeside(folder: string, name: string): Promise<void> {
  const full = path.resolve(folder, name);
  if (path.relative(folder, full).startsWith('..')) throw new Error(`wants a data file outside its folder (${name}).`);
  if (await stat(full).catch(() => null)) return;
  throw new Error(`its data file ${name} is missing; it belongs beside it.`);
}

interface Field {
  readonly number: number;
  /** Value of a number field. */
  readonly value: number;
  /** Bytes of a text or message; empty for numbers. */
  readonly bytes: Uint8Array;
}

/** The fields of one protobuf message. */
function* fields(bytes: Uint8Array): Generator<Field> {
  const reader = new ProtoReader(bytes);
  while (reader.hasMore) {
    const key = reader.varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (number === 0) throw new Error('is no ONNX file.');
    if (wire === 0) yield { number, value: reader.varint(), bytes: nothing };
    else if (wire === 2) yield { number, value: 0, bytes: reader.take(reader.varint()) };
    else if (wire === 1 || wire === 5) reader.take(wire === 1 ? 8 : 4);
    else throw new Error('is no ONNX file.');
  }
}

const nothing = new Uint8Array(0);

class ProtoReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get hasMore(): boolean {
    return this.at < this.bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Error('is no ONNX file, or is cut off.');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error('is no ONNX file.');
  }

  take(count: number): Uint8Array {
    if (count > this.bytes.length - this.at) throw new Error('is no ONNX file, or is cut off.');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
}

interface ReadModel {
  readonly header: Omit<OnnxHeader, 'file' | 'data'>;
  readonly data: ReadonlySet<string>;
  readonly format: number;
}

function modelIn(bytes: Uint8Array): ReadModel {
  const all = [...fields(bytes)];
  const graph = all.find(({ number }) => number === 7);
  const opsets = all.filter(({ number }) => number === 8).map((one) => opsetIn(one.bytes));
  if (!graph || opsets.length === 0) throw new Error('is no ONNX file.');
  const parts = [...fields(graph.bytes)];
  const initial = parts.filter(({ number }) => number === 5).map((one) => initializerIn(one.bytes));
  const names = new Set(initial.map(({ name }) => name));
  const ports = (wanted: number) => parts.filter(({ number }) => number === wanted).map((one) => portIn(one.bytes));
  return {
    header: {
      opset: Math.max(0, ...opsets),
      // Old files list their weights among the inputs.
      inputs: ports(11).filter(({ name }) => !names.has(name)),
      outputs: ports(12),
    },
    data: new Set(initial.flatMap(({ location }) => location ?? [])),
    format: all.find(({ number }) => number === 1)?.value ?? 0,
  };
}

/** Opset of the standard domain; 0 for another. */
function opsetIn(bytes: Uint8Array): number {
  const own = [...fields(bytes)];
  const domain = own.find(({ number }) => number === 1);
  const isStandard = !domain || ['', 'ai.onnx'].includes(text(domain.bytes));
  return isStandard ? (own.find(({ number }) => number === 2)?.value ?? 0) : 0;
}

function initializerIn(bytes: Uint8Array): { name: string; location: string | null } {
  let name = '';
  let location: string | null = null;
  for (const field of fields(bytes)) {
    if (field.number === 8) name = text(field.bytes);
    if (field.number !== 13) continue;
    const [key, value] = [1, 2].map((wanted) => [...fields(field.bytes)].find(({ number }) => number === wanted));
    if (key && value && text(key.bytes) === 'location') location = text(value.bytes);
  }
  return { name, location };
}

function portIn(bytes: Uint8Array): ForeignPort {
  const own = [...fields(bytes)];
  const name = own.find(({ number }) => number === 1);
  const tensor = inner(own, [2, 1]);
  const shape = inner(tensor, [2]).filter(({ number }) => number === 1);
  return {
    name: name ? text(name.bytes) : '',
    type: tensor.find(({ number }) => number === 1)?.value ?? 0,
    shape: shape.map((axis) => [...fields(axis.bytes)].find(({ number }) => number === 1)?.value ?? null),
  };
}

/** The fields of the message that lies at a path of field numbers; none where there is no such message. */
function inner(all: readonly Field[], [first, ...rest]: readonly number[]): readonly Field[] {
  if (first === undefined) return all;
  const found = all.find(({ number }) => number === first);
  return found ? inner([...fields(found.bytes)], rest) : [];
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
