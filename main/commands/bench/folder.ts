// `loupe bench folder`: a folder of very many images, from nothing to its first rows, and from one image to the next.
import { linkSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pictureAddress } from '../../contract/addresses.ts';
import type { Image } from '../../contract/project.ts';
import { writePng } from '../../pictures/image.ts';
import { type Spread, spreadOf, timed } from './figures.ts';
import { type ServedHost, startHost } from './servedHost.ts';

/** Milliseconds. */
export interface FolderFigures {
  readonly images: number;
  /** From the wish for a project of the folder to the first rows of its list. */
  readonly firstRows: number;
  /** Time to the last row; sizes are read afterwards. */
  readonly lastRow: number;
  /** `step` and `detail` while the folder is still being read. */
  readonly nextWhileAdding: Spread;
  /** A new start with the project that is there: to the address, and from the start to the first rows. */
  readonly start: { readonly address: number; readonly firstRows: number };
  readonly list: Spread;
  /** `step` and `detail` of an image that was not opened before. */
  readonly next: Spread;
  /** The same with its picture. */
  readonly nextWithPicture: Spread;
}

const SIDE = 64;
/** File systems allow some ten thousand links to one file. */
const LINKS_EACH = 10_000;
const FOLDER_OF = 1000;
const PAGE = 100;

export async function benchFolder(images: number, steps: number, signal: AbortSignal): Promise<FolderFigures> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-folder-'));
  const [home, project] = [path.join(folder, 'home'), path.join(folder, 'bench.loupe')];
  try {
    await fill(path.join(folder, 'images'), images);
    const adding = await during(home, undefined, (host) => whileAdding(host, { project, images, signal }));
    const later = await during(home, project, (host) => afterwards(host, { images, steps, signal }));
    return { images, ...adding, ...later };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function during<T>(
  home: string,
  project: string | undefined,
  work: (host: ServedHost) => Promise<T>,
): Promise<T> {
  const host = await startHost(home, project);
  try {
    return await work(host);
  } finally {
    await host.stop();
  }
}

/** Hard links, because a hundred thousand files of their own say no more. */
async function fill(folder: string, count: number): Promise<void> {
  let original = '';
  for (let i = 0; i < count; i++) {
    const below = path.join(folder, `folder ${Math.floor(i / FOLDER_OF)}`);
    if (i % FOLDER_OF === 0) mkdirSync(below, { recursive: true });
    const file = path.join(below, `image ${i}.png`);
    if (i % LINKS_EACH === 0) await writePng(file, picture(i));
    else linkSync(original, file);
    if (i % LINKS_EACH === 0) original = file;
  }
}

const picture = (seed: number) => {
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => ((i * 7919 + seed) >> 3) & 255);
  return { width: SIDE, height: SIDE, channels: 3, data } as const;
};

async function whileAdding(
  { client }: ServedHost,
  { project, images, signal }: { project: string; images: number; signal: AbortSignal },
) {
  const started = performance.now();
  await client.project.create({ file: project, folder: path.join(path.dirname(project), 'images') });
  const rowsThere = async () => (await client.images.list({ offset: 0, limit: PAGE })).total;
  while ((await rowsThere()) === 0) await soon(signal);
  const firstRows = performance.now() - started;
  const times: number[] = [];
  let from: number | null = null;
  while ((await rowsThere()) < images) {
    const [ms, image] = await timed(() => next(client, from));
    times.push(ms);
    from = image?.id ?? null;
    await soon(signal);
  }
  return { firstRows, lastRow: performance.now() - started, nextWhileAdding: spreadOf(times) };
}

async function afterwards(
  { client, startMs, pixels }: ServedHost,
  { images, steps, signal }: { images: number; steps: number; signal: AbortSignal },
) {
  const [listMs] = await timed(() => client.images.list({ offset: 0, limit: PAGE }));
  const [lists, nexts, whole]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < steps; i++) {
    signal.throwIfAborted();
    // The factor is prime to any count, so images lie far apart and none comes twice.
    const offset = (i * 7919) % images;
    const [ms, { rows }] = await timed(() => client.images.list({ offset, limit: PAGE }));
    lists.push(ms);
    const begun = performance.now();
    const image = (await next(client, rows[0]?.id ?? null)) ?? (await next(client, null));
    nexts.push(performance.now() - begun);
    if (image) await pixels(pictureAddress(image.id, image.hash));
    whole.push(performance.now() - begun);
  }
  const start = { address: startMs, firstRows: startMs + listMs };
  return { start, list: spreadOf(lists), next: spreadOf(nexts), nextWithPicture: spreadOf(whole) };
}

/** What the next-image key asks for; the image that it leads to. */
async function next(client: ServedHost['client'], from: number | null): Promise<Image | null> {
  const { id } = await client.images.step({ from, by: 'next' });
  return id === null ? null : (await client.images.detail({ id })).image;
}

async function soon(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 5));
}

export function folderTable(figures: FolderFigures): string {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const both = ({ p50, p95 }: Spread) => `${ms(p50)}, p95 ${ms(p95)}`;
  const rows = [
    ['images', figures.images.toLocaleString('en')],
    ['first rows of a new project', ms(figures.firstRows)],
    ['all rows of it', ms(figures.lastRow)],
    ['next image meanwhile', both(figures.nextWhileAdding)],
    ['start to the address', ms(figures.start.address)],
    ['start to the first rows', ms(figures.start.firstRows)],
    ['100 rows anywhere', both(figures.list)],
    ['next image', both(figures.next)],
    ['next image with its picture', both(figures.nextWithPicture)],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(30)}${value}\n`).join('');
}
