// Reads and writes COCO's forms of a mask (compressed text, run list); malformed ones are refused in one line.
import { z } from 'zod';
import { BadInput } from './badInput.ts';
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
  const counts: number[] = [];
  walk(text, size, (run) => void counts.push(run));
  return { size: [size[0], size[1]], counts };
}

/** Throws `BadInput` where the text is no mask of its size; millions of runs are looked at and none is kept. */
export const checkCompressed = (text: string, size: readonly [number, number]): void => walk(text, size, () => {});

/** A number at a time, low five bits first: a plain loop, as one text may hold millions. */
function walk(text: string, [height, width]: readonly [number, number], tell: (run: number) => void): void {
  checkSize(height, width);
  const pixels = height * width;
  let covered = 0;
  let count = 0;
  let last = 0;
  let beforeLast = 0;
  let value = 0;
  let shift = 0;
  for (let at = 0; at < text.length; at++) {
    const bits = text.charCodeAt(at) - FIRST;
    if (bits < 0 || bits > LAST - FIRST) throw damaged(`character ${at + 1} is none of its alphabet`);
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits & 32) {
      if (shift < 5 * MOST_CHARACTERS) continue;
      throw damaged(`the number at character ${at + 2 - MOST_CHARACTERS} is too long`);
    }
    if (bits & 16) value |= -1 << shift;
    const run = count > 2 ? value + beforeLast : value;
    covered += run;
    count++;
    if (run < 0) throw damaged(`run ${count} is negative`);
    if (covered > pixels) throw damaged(`its runs cover more than ${width} x ${height} pixels`);
    tell(run);
    beforeLast = last;
    last = run;
    value = 0;
    shift = 0;
  }
  if (shift > 0) throw damaged('it ends inside a number');
  if (covered < pixels) throw damaged(`its runs cover ${covered} of ${pixels} pixels`);
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
  throw new BadInput(`run-length mask: ${issue ? [...issue.path, issue.message].join(' ') : 'unreadable'}`);
}
