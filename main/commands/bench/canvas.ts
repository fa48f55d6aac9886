// Measures frames of the canvas in Chromium, with thousands of shapes and with the bare image in the same run.
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page as ChromiumPage } from 'playwright-core';
import { BadInput } from '../../contract/badInput.ts';

/** Milliseconds between frames, in the middle and as one in twenty exceeds it, and the processor's time for a frame. */
export interface Timing {
  readonly median: number;
  readonly p95: number;
  /** Processor time of all of Chromium's processes; unlike the clock it hardly depends on what else runs. Null where it cannot be read. */
  readonly cpu: number | null;
}

export interface TimingPair {
  readonly bare: Timing;
  readonly shapes: Timing;
  /** Ratio of the processor's times where they are known, else of the medians. */
  readonly ratio: number;
}

export interface CanvasBench {
  /** Panning and zooming, by the number of shapes of 50 corners, in turns with the bare image. */
  readonly frames: Readonly<Record<string, TimingPair>>;
  /** From a press to the frame that shows the selection, with the most shapes. */
  readonly select: Timing;
  /** On an image of 10,000 x 10,000: frames with and without a brush stroke, and what the stroke costs. */
  readonly stroke: TimingPair & { readonly cost: number };
}

/** What renderer/canvas/bench/bench.tsx offers. */
interface Page {
  call(expression: string): Promise<number[]>;
  /** Milliseconds that Chromium's processes have run. */
  cpu(): Promise<number | null>;
}

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
// Without the limit to the screen's rate, the time between two frames is what they cost.
const UNLIMITED = ['--disable-frame-rate-limit', '--disable-gpu-vsync'];
// Nothing is sent there: every request is answered before it leaves. Browsers trust this host as they trust Loupe's own.
const ADDRESS = 'http://127.0.0.1:9';
const root = path.resolve(import.meta.dirname, '../../..');

export function timing(times: readonly number[], cpu: number | null = null): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { median: at(0.5), p95: at(0.95), cpu: cpu === null ? null : cpu / Math.max(1, times.length) };
}

async function chromiumProgram(): Promise<string> {
  for (const program of PROGRAMS) {
    const there = await access(program).then(
      () => true,
      () => false,
    );
    if (there) return program;
  }
  throw new BadInput(`No Chromium was found (${PROGRAMS.join(', ')}); install one to measure the canvas.`);
}

/** The page of the bench in a Chromium of its own. */
export interface BenchPage {
  readonly page: ChromiumPage;
  /** Milliseconds that Chromium's processes have run; null where that cannot be known. */
  cpu(): Promise<number | null>;
  close(): Promise<void>;
}

/** Builds the page and opens it; nothing is served, nothing is left behind. */
export async function openBenchPage(flags: readonly string[] = []): Promise<BenchPage> {
  const executablePath = await chromiumProgram();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'loupe-bench-'));
  const { chromium } = await import('playwright-core');
  await buildPage(folder);
  const server = await chromium.launchServer({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...flags] });
  const browser = await chromium.connect(server.wsEndpoint());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.route(`${ADDRESS}/**`, async (route) => {
    const file = path.join(folder, new URL(route.request().url()).pathname);
    const contentType = file.endsWith('.js') ? 'text/javascript' : 'text/html';
    await route.fulfill({ body: await readFile(file), contentType });
  });
  await page.goto(`${ADDRESS}/bench.html`);
  await page.waitForFunction('window.bench && document.querySelector("[data-canvas]")');
  const pid = server.process().pid;
  return {
    page,
    cpu: async () => (pid === undefined ? null : processorTime(pid)),
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function buildPage(outDir: string): Promise<void> {
  const { build } = await import('vite');
  const entry = path.join(root, 'renderer/canvas/bench');
  const input = path.join(entry, 'bench.html');
  await build({
    root: entry,
    configFile: false,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, rolldownOptions: { input } },
  });
}

async function onPage<T>(measure: (page: Page) => Promise<T>): Promise<T> {
  const { page, cpu, close } = await openBenchPage(UNLIMITED);
  try {
    return await measure({ call: (expression) => page.evaluate(`bench.${expression}`), cpu });
  } finally {
    await close();
  }
}

/** Linux counts in hundredths of a second. */
const TICK_MS = 10;

/** Ticks of a process and all that it started; null where there is no /proc. */
async function processorTime(root: number): Promise<number | null> {
  const names = await readdir('/proc').catch(() => []);
  const rows = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(processRow));
  const parents = new Map(rows.flatMap((row) => (row ? [[row.pid, row.parent]] : [])));
  const isOurs = (pid: number | undefined): boolean => pid !== undefined && (pid === root || isOurs(parents.get(pid)));
  const ours = rows.filter((row) => row !== null && isOurs(row.pid));
  return ours.length === 0 ? null : ours.reduce((sum, row) => sum + (row?.ticks ?? 0), 0) * TICK_MS;
}

async function processRow(name: string) {
  const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
  // The program's name is in brackets and may hold anything; the state follows, then the parent.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 14) return null;
  return { pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

const SIDE = 2048;
const LARGE_SIDE = 10_000;
const COUNTS = [1000, 5000];
/** One way round and in and out again; both sides take turns, so that a busy machine is busy for both. */
const LOOP = 60;
const TURNS = 3;

class Side {
  readonly #page: Page;
  readonly #times: number[] = [];
  #cpu: number | null = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  async measure(expression: string): Promise<void> {
    const before = await this.#page.cpu();
    this.#times.push(...(await this.#page.call(expression)));
    const after = await this.#page.cpu();
    this.#cpu = before === null || after === null || this.#cpu === null ? null : this.#cpu + after - before;
  }

  timing = (): Timing => timing(this.#times, this.#cpu);
}

export function pairOf(bare: Timing, shapes: Timing): TimingPair {
  const known = bare.cpu !== null && shapes.cpu !== null && bare.cpu > 0;
  return { bare, shapes, ratio: known ? (shapes.cpu ?? 0) / (bare.cpu ?? 1) : shapes.median / bare.median };
}

async function navigation(page: Page, count: number): Promise<TimingPair> {
  await page.call(`open(${count}, ${SIDE})`);
  const [bare, shapes] = [new Side(page), new Side(page)];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const side of [bare, shapes]) {
      await page.call(`show(${side === shapes})`);
      await page.call(`navigate(${LOOP / 2})`);
      await side.measure(`navigate(${LOOP})`);
    }
  }
  return pairOf(bare.timing(), shapes.timing());
}

async function strokes(page: Page): Promise<TimingPair & { cost: number }> {
  await page.call(`open(1000, ${LARGE_SIDE})`);
  const [bare, shapes] = [new Side(page), new Side(page)];
  await page.call(`stroke(${LOOP / 2}, null)`);
  for (let turn = 0; turn < TURNS; turn++) {
    await bare.measure(`stroke(${LOOP}, null)`);
    await shapes.measure(`stroke(${LOOP}, 60)`);
  }
  const pair = pairOf(bare.timing(), shapes.timing());
  return { ...pair, cost: pair.shapes.median - pair.bare.median };
}

export const benchCanvas = (note: (line: string) => void): Promise<CanvasBench> =>
  onPage(async (page) => {
    const frames: Record<string, TimingPair> = {};
    for (const count of COUNTS) {
      note(`${count} shapes`);
      frames[count] = await navigation(page, count);
    }
    const select = new Side(page);
    await select.measure('select(30)');
    note('a stroke on 10,000 x 10,000 pixels');
    return { frames, select: select.timing(), stroke: await strokes(page) };
  });

export function canvasTable({ frames, select, stroke }: CanvasBench): string {
  const row = (name: string, { median, p95, cpu }: Timing, rest = '') => {
    const cells = [`${median.toFixed(1)} ms`, `${p95.toFixed(1)} ms`, cpu === null ? '' : `${cpu.toFixed(1)} ms`, rest];
    return `${name.padEnd(28)}${cells.map((cell) => cell.padEnd(12)).join('')}`.trimEnd();
  };
  const both = (name: string, { bare, shapes, ratio }: TimingPair, rest = `${ratio.toFixed(2)} x the bare image`) => [
    row(`${name}, bare`, bare),
    row(name, shapes, rest),
  ];
  const head = `${''.padEnd(28)}${['frame', 'p95', 'processor'].map((cell) => cell.padEnd(12)).join('')}`.trimEnd();
  const lines = [
    head,
    ...Object.entries(frames).flatMap(([count, pair]) => both(`${count} shapes`, pair)),
    row('select', select),
    ...both('brush on 10,000 x 10,000', stroke, `${stroke.cost.toFixed(1)} ms over the bare image`),
  ];
  return `${lines.join('\n')}\n`;
}
