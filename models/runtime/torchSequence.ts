// Reads what torch.save wrote before version 1.6: pickles one after the other, then the elements of every storage.
import { stat } from 'node:fs/promises';
import { type LeadingPickle, parseLeadingTorchPickle, pickleLimit } from './torchPickle.ts';
import { bytesPer, readSpan } from './weightsFile.ts';

/** A number, pickled as the end of the first pickle, that nothing else has there. */
const magic = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
/** Before it the protocol of pickle; from protocol 4 on a frame with the length of what follows, 8 bytes. */
const protocols = { first: 2, framed: 4, last: 5 } as const;
const [PROTOCOL, FRAME, FRAME_BYTES] = [0x80, 0x95, 9];
/** So many bytes of a file tell whether it is such a sequence. */
export const headBytes = 2 + FRAME_BYTES + magic.length;

/** Length of the first pickle of such a sequence; null where the file begins otherwise. */
export function sequenceStart(head: Uint8Array): number | null {
  const [opcode, protocol = 0] = head;
  if (opcode !== PROTOCOL || protocol < protocols.first || protocol > protocols.last) return null;
  const at = protocol >= protocols.framed && head[2] === FRAME ? 2 + FRAME_BYTES : 2;
  return magic.every((byte, i) => head[at + i] === byte) ? at + magic.length : null;
}

const protocolVersion = 1001;
/** A count of elements stands before those of each storage. */
const countBytes = 8;
const storageLimit = 200_000;

export interface StoredTorch {
  /** What torch.save was given. */
  readonly tree: unknown;
  /** Where the bytes of each storage lie in the file, by key. */
  readonly storages: ReadonlyMap<string, { readonly offset: number; readonly length: number }>;
}

/** `start`: see `sequenceStart`. Throws the end of a sentence about the file. */
export async function readTorchSequence(file: string, start: number): Promise<StoredTorch> {
  const { size } = await stat(file);
  const pickles = new Pickles(await readSpan(file, 0, Math.min(size, pickleLimit)), start);
  checkSystem(pickles.next().value, pickles.next().value);
  const { value: tree, storages } = pickles.next();
  const keys = keysIn(pickles.next().value, storages);
  return { tree, storages: await spansOf(file, keys, { storages, start: pickles.end, size }) };
}

/** Reads one pickle after the other. */
class Pickles {
  private readonly bytes: Uint8Array;
  end: number;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.end = start;
  }

  next(): LeadingPickle {
    try {
      const pickle = parseLeadingTorchPickle(this.bytes.subarray(this.end));
      this.end += pickle.length;
      return pickle;
    } catch (error) {
      throw new Error(`its pickle at byte ${this.end} ${error instanceof Error ? error.message : 'is malformed'}.`);
    }
  }
}

function checkSystem(protocol: unknown, system: unknown): void {
  if (protocol !== protocolVersion)
    throw new Error(`is of a torch protocol that is not ${protocolVersion}; save it again with a newer PyTorch.`);
  if (!(system instanceof Map) || system.get('little_endian') !== true)
    throw new Error('does not say that it stores its numbers with the low byte first; only those are read.');
}

function keysIn(list: unknown, storages: LeadingPickle['storages']): string[] {
  const isKey = (key: unknown): key is string => typeof key === 'string' && storages.has(key);
  if (storages.size > storageLimit) throw new Error(`names ${storages.size} storages, more than any checkpoint has.`);
  if (!Array.isArray(list) || !list.every(isKey) || new Set(list).size !== list.length)
    throw new Error('lists its storages otherwise than its tensors name them.');
  return list;
}

interface Layout {
  readonly storages: LeadingPickle['storages'];
  /** First byte after the pickles, and after the file. */
  readonly start: number;
  readonly size: number;
}

async function spansOf(file: string, keys: readonly string[], { storages, start, size }: Layout) {
  const spans = new Map<string, { offset: number; length: number }>();
  let offset = start;
  for (const key of keys) {
    const storage = storages.get(key);
    if (!storage) continue;
    const before = new DataView((await readSpan(file, offset, countBytes)).buffer).getBigInt64(0, true);
    if (before !== BigInt(storage.count))
      throw new Error(`holds ${before} elements in storage "${key}" where its pickle says ${storage.count}.`);
    const span = { offset: offset + countBytes, length: storage.count * bytesPer[storage.dtype] };
    offset = span.offset + span.length;
    if (offset > size) throw new Error(`ends after ${size} bytes where ${offset} are needed.`);
    spans.set(key, span);
  }
  return spans;
}
