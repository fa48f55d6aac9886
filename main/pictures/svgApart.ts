// Draws an SVG file in a process that can be stopped: a few lines of it may say what takes hours to draw.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import { runTask, TaskStopped } from '../tasks/task.ts';

export interface SvgTask {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Most pixels. */
  readonly limit: number;
  /** Whether the picture is drawn; else only its size is measured. */
  readonly draw: boolean;
}

export interface DrawnSvg {
  readonly width: number;
  readonly height: number;
  /** As PNG; null where it was only measured. */
  readonly png: Uint8Array | null;
}

/** Beside this file, with its ending: TypeScript as it stands, or built. */
const program = path.join(path.dirname(import.meta.filename), `svgProgram${path.extname(import.meta.filename)}`);

const HEAP_MB = 512;
/** The limit is that of other pictures; a map of 100,000 paths on 3000 x 3000 pixels takes 18 s of a processor. */
const DRAW_MS = 60_000;
const MOST_BYTES = 100e6;
/** libvips looks for the element in the first thousand. */
const HEAD_BYTES = 4096;

/** May be called SVG by libvips; what is certainly none is read without a process. */
export const mayBeSvg = (bytes: Uint8Array): boolean =>
  /<svg/iu.test(Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1').replaceAll('\0', ''));

interface DrawingOptions {
  readonly ms?: number;
  /** Hears of the process. */
  readonly started?: (pid: number | undefined) => void;
}

/** Null where it is no SVG file in spite of its beginning. */
export async function svgApart(
  task: SvgTask,
  { ms = DRAW_MS, started }: DrawingOptions = {},
): Promise<DrawnSvg | null> {
  if (task.bytes.length > MOST_BYTES)
    throw new BadInput(`${task.file}: is an SVG of more than ${MOST_BYTES / 1e6} MB; save it as PNG`);
  try {
    return await runTask<SvgTask, never, DrawnSvg | null>(program, task, { heapMB: HEAP_MB, ms, started, reuse: true });
  } catch (error) {
    if (!(error instanceof TaskStopped)) throw error;
    const cost = error.why === 'time' ? `in ${Math.round(ms / 1000)} s` : 'in the memory that it may take';
    const why = error.why === 'stopped' ? `by the program for it (${error.message})` : cost;
    throw new BadInput(`${task.file}: could not be drawn ${why}; save it as PNG`);
  }
}
