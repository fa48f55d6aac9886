// `loupe bench large`: one image of 10,000 x 10,000 pixels, from opening it to what a window shows, and the host's memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tileAddress, tileSide } from '../../contract/addresses.ts';
import { writeJpeg } from '../../pictures/image.ts';
import { openProject } from '../../store/project.ts';
import { startHost } from './servedHost.ts';

/** Milliseconds from the wish to open the image. */
export interface LargeFigures {
  readonly side: number;
  readonly detail: number;
  /** The whole picture at a window's size. */
  readonly overview: number;
  /** The middle at full size. */
  readonly middle: number;
  /** Opened a second time, from the cache. */
  readonly again: number;
  /** The most that the host's process held, MB. */
  readonly peakMB: number | null;
}

export async function benchLarge(side: number, signal?: AbortSignal): Promise<LargeFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-large-'));
  const [project, home] = [path.join(folder, 'large.loupe'), path.join(folder, 'home')];
  try {
    await writeJpeg(path.join(folder, 'large.jpg'), drawn(side));
    const made = openProject(project, { create: true });
    const [id = 1] = made.addImages([{ path: 'large.jpg' }]);
    made.close();
    return { side, ...(await measure({ home, project, id, side, signal })) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Subject {
  readonly home: string;
  readonly project: string;
  readonly id: number;
  readonly side: number;
  readonly signal?: AbortSignal;
}

async function measure({ home, project, id, side, signal }: Subject) {
  const host = await startHost(home, project);
  try {
    const open = async () => {
      signal?.throwIfAborted();
      const started = performance.now();
      const { image } = await host.client.images.detail({ id });
      const detail = performance.now() - started;
      const tilesOf = (level: number, from: number, to: number) =>
        Promise.all(
          square(from, to).map(([column, row]) => host.pixels(tileAddress(id, image.hash, { level, column, row }))),
        );
      // The level at which the whole is about 1,250 px.
      const level = Math.round(Math.log2(side / 1250));
      await tilesOf(level, 0, Math.ceil(side / 2 ** level / tileSide));
      const overview = performance.now() - started;
      const centre = Math.floor(side / tileSide / 2);
      await tilesOf(0, centre - 1, centre + 2);
      return { detail, overview, middle: performance.now() - started };
    };
    const first = await open();
    const { middle: again } = await open();
    const peak = await host.peakBytes();
    return { ...first, again, peakMB: peak === null ? null : peak / 1e6 };
  } finally {
    await host.stop();
  }
}

function square(from: number, to: number): [number, number][] {
  const places = Array.from({ length: to - from }, (_, i) => from + i);
  return places.flatMap((column) => places.map((row): [number, number] => [column, row]));
}

/** Waves with detail at every size, about as hard to compress as a photograph. */
function drawn(side: number) {
  const data = new Uint8Array(side * side * 3);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const wave = Math.sin(x / 97) + Math.sin(y / 53) + Math.sin((x + y) / 1013);
      const grain = ((x * 7 + y * 13) ^ (x * y)) & 15;
      data[at++] = 128 + wave * 40 + grain;
      data[at++] = 110 + wave * 25 + grain;
      data[at++] = 90 - wave * 30 + grain;
    }
  }
  return { width: side, height: side, data };
}

export function largeTable({ side, detail, overview, middle, again, peakMB }: LargeFigures): string {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const rows = [
    ['image', `${side} x ${side}`],
    ['its record', ms(detail)],
    ['the whole on screen', ms(overview)],
    ['the middle at full size', ms(middle)],
    ['all of it a second time', ms(again)],
    ["the host's memory", peakMB === null ? 'not told here' : `${peakMB.toFixed(0)} MB`],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(30)}${value}\n`).join('');
}
