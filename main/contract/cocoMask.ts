// COCO's ways to write a mask (compressed text, run list) to a mask and back; malformed ones are refused in one line.
import { z } from 'zod';
import { BadInput } from './badinput.ts';
import { Mask } from './records.ts';
import { checkSize } from './rle.ts';

const FIRST = 48;
const LAST = FIRST + 63;
/** Five bits a character: six hold any difference of runs of a mask of at most 2 ** 28 pixels. */
const MOST_CHARACTERS = 6;

/** Each run from the fourth on is written as the difference to the one two before, low five bits first. */
export function compress(mask: Mask): string {
  let text = new Uint8Array(mask.counts.length * 2 + MOST_CHARACTERS);
  let length = 0;
  mask.counts.forEach((run, i) => {
    if (length + MOST_CHARACTERS > text.length) text = doubled(text);
    let rest = i > 2 ? run - (mask.counts[i - 2] ?? 0) : run;
    for (let more = true; more; ) {
      const bits = rest & 31;
      rest >>= 5;
      more = rest !== (bits & 16 ? -1 : 0);
      text[length++] = FIRST + bits + (more ? 32 : 0);
    }
  });
  return new TextDecoder().decode(text.subarray(0, length));
}

function doubled(from: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(from.length * 2);
  to.set(from);
  return to;
}

/** Compressed text to a mask of [height, width]. Stops at the first character that cannot be right. */
export function decompress(text: string, size: readonly [number, number]): Mask {
  const [height, width] = size;
  checkSize(height, width);
  const counts: number[] = [];
  let covered = 0;
  for (let at = 0; at < text.length; ) {
    const [value, next] = readNumber(text, at);
    const run = counts.length > 2 ? value + (counts.at(-2) ?? 0) : value;
    covered += run;
    if (run < 0) throw damaged(`run ${counts.length + 1} is negative`);
    if (covered > height * width) throw damaged(`its runs cover more than ${width} x ${height} pixels`);
    counts.push(run);
    at = next;
  }
  if (covered < height * width) throw damaged(`its runs cover ${covered} of ${height * width} pixels`);
  return { size: [height, width], counts };
}

/** The signed number that starts at a position, and the position after it. */
function readNumber(text: string, start: number): [number, number] {
  let value = 0;
  for (let i = 0; i < MOST_CHARACTERS; i++) {
    const code = text.charCodeAt(start + i);
    if (Number.isNaN(code)) throw damaged('it ends inside a number');
    if (code < FIRST || code > LAST) throw damaged(`character ${start + i + 1} is none of its alphabet`);
    const bits = code - FIRST;
    value |= (bits & 31) << (5 * i);
    if (bits & 32) continue;
    const negative = (bits & 16) !== 0;
    return [negative ? value | (-1 << (5 * (i + 1))) : value, start + i + 1];
  }
  throw damaged(`the number at character ${start + 1} is too long`);
}

const damaged = (why: string): BadInput => new BadInput(`compressed mask: ${why}`);

const CompressedRle = z.object({ size: z.tuple([z.number(), z.number()]), counts: z.string() });

/** COCO's {size, counts} with text or a list of runs, as any file may hold it, to a mask. */
export function parseRle(value: unknown): Mask {
  const compressed = CompressedRle.safeParse(value);
  if (compressed.success) return decompress(compressed.data.counts, compressed.data.size);
  const listed = Mask.safeParse(value);
  if (listed.success) return listed.data;
  const [issue] = listed.error.issues;
  throw new BadInput(`run-length mask: ${issue ? `${issue.path.join('.')} ${issue.message}` : 'unreadable'}`);
}
