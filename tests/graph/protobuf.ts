// A tiny reader of the protobuf wire format: enough to check what the ONNX writer wrote.

/** Field numbers to everything stored under them, in order: numbers, or bytes of text, of a message, of packed data. */
export type Message = Map<number, (bigint | number | Uint8Array)[]>;

export function readMessage(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const message: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  const field = (wire: number): bigint | number | Uint8Array => {
    if (wire === 0) return varint();
    if (wire === 5) {
      at += 4;
      return view.getFloat32(at - 4, true);
    }
    if (wire !== 2) throw new Error(`wire type ${wire} at ${at}`);
    const length = Number(varint());
    if (at + length > bytes.length) throw new Error(`field of ${length} bytes runs over the end`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const number = key >> 3;
    message.set(number, [...(message.get(number) ?? []), field(key & 7)]);
  }
  return message;
}

const asBytes = (value: bigint | number | Uint8Array | undefined): Uint8Array => {
  if (!(value instanceof Uint8Array)) throw new Error('not a length-delimited field');
  return value;
};

export const all = (m: Message, field: number): Message[] => (m.get(field) ?? []).map((v) => readMessage(asBytes(v)));
export const one = (m: Message, field: number): Message => readMessage(bytesAt(m, field));
export const bytesAt = (m: Message, field: number): Uint8Array => asBytes(m.get(field)?.[0]);
export const texts = (m: Message, field: number): string[] =>
  (m.get(field) ?? []).map((v) => new TextDecoder('utf-8', { fatal: true }).decode(asBytes(v)));
export const text = (m: Message, field: number): string => texts(m, field)[0] ?? '';
export const numbers = (m: Message, field: number): number[] => (m.get(field) ?? []).map(Number);
export const number = (m: Message, field: number): number => numbers(m, field)[0] ?? Number.NaN;
