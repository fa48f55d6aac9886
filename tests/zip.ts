// Files of a test as one zip archive, its entries stored as they are.
import { crc32 } from 'node:zlib';

const text = (s: string) => new TextEncoder().encode(s);
const u16 = (n: number) => [n & 255, n >> 8];
const u32 = (n: number) => [...u16(n & 65535), ...u16(n >>> 16)];

/** As torch.save lays it out, too. */
export function zip(entries: Record<string, Uint8Array>): Uint8Array {
  const body: number[] = [];
  const directory: number[] = [];
  for (const [name, data] of Object.entries(entries)) {
    const common = [
      ...u16(20),
      ...u16(0),
      ...u16(0),
      ...u32(0),
      ...u32(crc32(data)),
      ...u32(data.length),
      ...u32(data.length),
      ...u16(name.length),
      ...u16(0),
    ];
    directory.push(
      ...u32(0x02014b50),
      ...u16(20),
      ...common,
      ...u16(0),
      ...u16(0),
      ...u16(0),
      ...u32(0),
      ...u32(body.length),
      ...text(name),
    );
    body.push(...u32(0x04034b50), ...common, ...text(name), ...data);
  }
  const count = Object.keys(entries).length;
  const end = [
    ...u32(0x06054b50),
    ...u16(0),
    ...u16(0),
    ...u16(count),
    ...u16(count),
    ...u32(directory.length),
    ...u32(body.length),
    ...u16(0),
  ];
  return Uint8Array.from([...body, ...directory, ...end]);
}
