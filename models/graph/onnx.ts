// Writes a lowered graph as the bytes of an ONNX model (protobuf wire format; field numbers from onnx.proto).
import { elementType, type OnnxGraph, type OnnxInitializer, type OnnxNode, type OnnxValue } from './lower.ts';
import { type DType, GraphError, type OnnxAttr, type Source } from './tensor.ts';

const irVersion = 10;
const opsetVersion = 23;

const bigPiece = 2 ** 14;

/** Knows varints and length-delimited fields, nothing of ONNX. Big pieces are kept by reference and copied once, at the end. */
class ProtoWriter {
  private readonly pieces: Uint8Array[] = [];
  private buffer = new Uint8Array(256);
  private filled = 0;

  private reserve(extra: number): void {
    if (this.filled + extra <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.filled + extra));
    grown.set(this.buffer.subarray(0, this.filled));
    this.buffer = grown;
  }

  private raw(value: bigint): void {
    this.reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.buffer[this.filled++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.buffer[this.filled++] = Number(rest);
  }

  private append(piece: Uint8Array): void {
    if (piece.length >= bigPiece) {
      this.pieces.push(this.buffer.slice(0, this.filled), piece);
      this.filled = 0;
      return;
    }
    this.reserve(piece.length);
    this.buffer.set(piece, this.filled);
    this.filled += piece.length;
  }

  private parts(): Uint8Array[] {
    return [...this.pieces, this.buffer.subarray(0, this.filled)];
  }

  varint(field: number, value: number): void {
    this.raw(BigInt(field * 8));
    this.raw(BigInt(value));
  }

  float(field: number, value: number): void {
    this.raw(BigInt(field * 8 + 5));
    this.reserve(4);
    new DataView(this.buffer.buffer).setFloat32(this.filled, value, true);
    this.filled += 4;
  }

  bytes(field: number, value: Uint8Array): void {
    this.delimited(field, [value]);
  }

  text(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (w: ProtoWriter) => void): void {
    const inner = new ProtoWriter();
    write(inner);
    this.delimited(field, inner.parts());
  }

  private delimited(field: number, parts: readonly Uint8Array[]): void {
    this.raw(BigInt(field * 8 + 2));
    this.raw(BigInt(parts.reduce((sum, part) => sum + part.length, 0)));
    for (const part of parts) this.append(part);
  }

  finish(): Uint8Array {
    const parts = this.parts();
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

function writeAttribute(w: ProtoWriter, name: string, value: OnnxAttr): void {
  w.text(1, name);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value))
      throw new GraphError(`Attribute ${name}: ${value} is not whole; write it as { float }.`);
    w.varint(3, value);
    w.varint(20, 2);
  } else if (typeof value === 'string') {
    w.text(4, value);
    w.varint(20, 3);
  } else if ('float' in value) {
    w.float(2, value.float);
    w.varint(20, 1);
  } else {
    for (const v of value) w.varint(8, v);
    w.varint(20, 7);
  }
}

function writeNode(w: ProtoWriter, node: OnnxNode): void {
  for (const name of node.inputs) w.text(1, name);
  w.text(2, node.output);
  if (node.second !== undefined) w.text(2, node.second);
  w.text(3, `n_${node.output}`);
  w.text(4, node.op);
  for (const [name, value] of Object.entries(node.attrs)) w.message(5, (a) => writeAttribute(a, name, value));
  if (node.domain !== '') w.text(7, node.domain);
}

function writeValue(w: ProtoWriter, { name, dtype, shape }: OnnxValue): void {
  w.text(1, name);
  w.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.varint(1, elementType[dtype]);
      tensor.message(2, (s) => {
        for (const n of shape) s.message(1, (d) => d.varint(1, n));
      });
    }),
  );
}

const typed: Record<DType, (data: ArrayLike<number>) => ArrayBufferView> = {
  float32: (d) => Float32Array.from(d),
  float64: (d) => Float64Array.from(d),
  int64: (d) => BigInt64Array.from(Array.from(whole(d, 'int64'), BigInt)),
  int32: (d) => Int32Array.from(whole(d, 'int32')),
  bool: (d) => Uint8Array.from(d, (v) => (v === 0 ? 0 : 1)),
  uint8: (d) => Uint8Array.from(whole(d, 'uint8')),
  float16: () => unsupported('float16'),
  bfloat16: () => unsupported('bfloat16'),
};

function whole(data: ArrayLike<number>, dtype: DType): ArrayLike<number> {
  for (let i = 0; i < data.length; i++)
    if (!Number.isSafeInteger(data[i])) throw new GraphError(`Constant: ${data[i]} is no ${dtype}.`);
  return data;
}

function unsupported(dtype: DType): never {
  throw new GraphError(`Constant: ${dtype} exists as storage of frozen weights only; make the constant float32.`);
}

function writeInitializer(w: ProtoWriter, t: OnnxInitializer): void {
  for (const n of t.shape) w.varint(1, n);
  w.varint(2, elementType[t.dtype]);
  w.text(8, t.name);
  if (isSource(t.data)) writeSource(w, t.data);
  else {
    const { buffer, byteOffset, byteLength } = typed[t.dtype](t.data);
    w.bytes(9, new Uint8Array(buffer, byteOffset, byteLength));
  }
}

const isSource = (data: OnnxInitializer['data']): data is Source => 'file' in data;

function writeSource(w: ProtoWriter, source: Source): void {
  const entries = { location: source.file, offset: String(source.offset), length: String(source.length) };
  for (const [key, value] of Object.entries(entries)) {
    w.message(13, (e) => {
      e.text(1, key);
      e.text(2, value);
    });
  }
  w.varint(14, 1);
}

/** The ONNX model. External weights are named relative to the folder that the session is given. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const w = new ProtoWriter();
  w.varint(1, irVersion);
  w.text(2, 'loupe');
  w.message(7, (g) => {
    for (const node of graph.nodes) g.message(1, (n) => writeNode(n, node));
    g.text(2, 'graph');
    for (const t of graph.initializers) g.message(5, (i) => writeInitializer(i, t));
    for (const v of graph.inputs) g.message(11, (i) => writeValue(i, v));
    for (const v of graph.outputs) g.message(12, (o) => writeValue(o, v));
  });
  for (const [domain, version] of [
    ['', opsetVersion],
    ['com.microsoft', 1],
  ] as const) {
    w.message(8, (o) => {
      o.text(1, domain);
      o.varint(2, version);
    });
  }
  return w.finish();
}
