// Draws the lines of curves.jsonl, which training appends, as one SVG a stage: a panel for each figure over the steps.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BadInput } from '../../contract/badInput.ts';
import { svgLabel } from '../../pictures/svgText.ts';

const COLUMNS = 3;
const PANEL = { width: 300, height: 190 };
const PLOT = { left: 54, top: 34, width: 230, height: 118 };
const HEADER = 48;
const MOST_BINS = 115;
const INK = '#1f2933';
const GREY = '#66727f';
const GRID = '#e4e8ec';
const LINE = '#1f6fb2';
const SPREAD = '#1f6fb226';

interface Reading {
  readonly step: number;
  readonly value: number;
}
/** Readings by figure, in rising steps. */
type Figures = Map<string, Reading[]>;

/** The stage names a file, so it is a plain word. */
const Line = z.looseObject({ stage: z.string().regex(/^[\w-]+$/u), step: z.int().min(0) });

/** Readings by stage; lines that a kill left unfinished are passed over, and what a resumed run did again counts once. */
export function readCurves(text: string): Map<string, Figures> {
  const stages = new Map<string, Figures>();
  for (const line of text.split('\n')) {
    const parsed = Line.safeParse(parsedJson(line));
    if (!parsed.success) continue;
    const { stage, step, ...figures } = parsed.data;
    const known: Figures = stages.get(stage) ?? new Map<string, Reading[]>();
    stages.set(stage, known);
    for (const [name, value] of Object.entries(figures)) {
      if (typeof value === 'number') known.set(name, appended(known.get(name) ?? [], { step, value }));
    }
  }
  return stages;
}

function appended(curve: Reading[], reading: Reading): Reading[] {
  while ((curve.at(-1)?.step ?? -1) >= reading.step) curve.pop();
  curve.push(reading);
  return curve;
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Draws every stage of the file into `<folder>/<stage>.svg` and returns the paths. */
export async function writeCurves(file: string, folder: string): Promise<string[]> {
  const stages = readCurves(await readFile(file, 'utf8'));
  if (stages.size === 0) throw new BadInput(`${file}: has no line with a stage and a step`);
  await mkdir(folder, { recursive: true });
  const drawn = [...stages].map(async ([stage, figures]) => {
    const to = path.join(folder, `${stage}.svg`);
    await writeFile(to, drawStage(stage, figures));
    return to;
  });
  return Promise.all(drawn);
}

/** Small multiples on white, all over the same steps, or whatever else `along` says is counted. */
export function drawStage(
  stage: string,
  figures: ReadonlyMap<string, readonly Reading[]>,
  along: 'steps' | 'pictures' = 'steps',
): string {
  const columns = Math.max(1, Math.min(COLUMNS, figures.size));
  const width = columns * PANEL.width + 16;
  const height = HEADER + Math.max(1, Math.ceil(figures.size / columns)) * PANEL.height + 8;
  const last = Math.max(0, ...[...figures.values()].map((curve) => curve.at(-1)?.step ?? 0));
  const panels = [...figures].map(([name, curve], i) => {
    const at = `${8 + (i % columns) * PANEL.width} ${HEADER + Math.floor(i / columns) * PANEL.height}`;
    return `<g transform="translate(${at})">\n${panel(name, curve, { last, along })}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="11" fill="${GREY}">\n`,
    `<title>Training curves of the stage ${stage}</title>\n`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>\n`,
    svgLabel(
      22,
      30,
      `${stage}: ${last.toLocaleString('en')} ${along}`,
      `font-size="16" font-weight="600" fill="${INK}"`,
    ),
    `<clipPath id="plot"><rect width="${PLOT.width}" height="${PLOT.height}"/></clipPath>\n`,
    `${panels.join('\n')}\n</svg>\n`,
  ].join('');
}

/** The axis that all panels share. */
interface Axis {
  readonly last: number;
  readonly along: string;
}

function panel(name: string, curve: readonly Reading[], { last, along }: Axis): string {
  const bins = binned(curve);
  const range = valueRange(bins);
  const ys = ticks(range.low, range.high, 4);
  const [low, high] = [Math.min(range.low, ...ys), Math.max(range.high, ...ys)];
  const x = (step: number) => round((step / Math.max(1, last)) * PLOT.width);
  const y = (value: number) => round((1 - (value - low) / (high - low)) * PLOT.height);
  const { left, top, width, height } = PLOT;
  const rows = ys.map(
    (v) => `<path d="M0 ${y(v)}h${width}" stroke="${GRID}"/>${svgLabel(-6, y(v) + 4, short(v), 'text-anchor="end"')}`,
  );
  const steps = ticks(0, Math.max(1, last), 4).filter((step) => step <= last);
  return [
    svgLabel(left, 20, figureWords(name), `font-size="12" font-weight="600" fill="${INK}"`),
    svgLabel(left + width, 20, short(curve.at(-1)?.value ?? 0), `text-anchor="end" fill="${LINE}"`),
    `<g transform="translate(${left} ${top})">`,
    ...rows,
    svgLabel(-6, height + 16, along === 'steps' ? 'step' : along, 'text-anchor="end"'),
    ...steps.map((step) => svgLabel(x(step), height + 16, short(step), 'text-anchor="middle"')),
    `<g clip-path="url(#plot)">${drawnLine(bins, x, y)}</g>`,
    `<path d="M0 ${height}h${width}" stroke="${GREY}"/></g>`,
  ].join('\n');
}

interface Bin {
  readonly step: number;
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

/** Neighbouring readings together, so that a long run does not make a long file. */
function binned(curve: readonly Reading[]): Bin[] {
  const size = Math.ceil(curve.length / MOST_BINS);
  return Array.from({ length: Math.ceil(curve.length / Math.max(1, size)) }, (_, i) => {
    const some = curve.slice(i * size, (i + 1) * size);
    const values = some.map(({ value }) => value);
    const mean = values.reduce((sum, value) => sum + value, 0) / some.length;
    return { step: some.at(-1)?.step ?? 0, low: Math.min(...values), mean, high: Math.max(...values) };
  });
}

/** The first steps of a loss would press all that follows against the axis: its highest 3 % may leave the panel. */
function valueRange(bins: readonly Bin[]): { low: number; high: number } {
  const highs = bins.map(({ high }) => high).sort((a, b) => a - b);
  const least = Math.min(...bins.map((bin) => bin.low));
  const most = highs[Math.ceil(0.97 * (highs.length - 1))] ?? 1;
  // Down to zero where that is near, so that heights can be compared.
  const low = least > 0 && least < most / 2 ? 0 : least;
  // Labels of three digits differ only where the range is a fiftieth of the values, or more.
  const margin = Math.max((most - low) * 0.05, (Math.abs(most) / 50 - (most - low)) / 2, 1e-9);
  return { low: low === 0 ? 0 : low - margin, high: most + margin };
}

function drawnLine(bins: readonly Bin[], x: (step: number) => number, y: (value: number) => number): string {
  if (bins.length < 8) {
    const dots = bins.map(({ step, mean }) => `<circle cx="${x(step)}" cy="${y(mean)}" r="2.5" fill="${LINE}"/>`);
    return `${polyline(bins.map(({ step, mean }) => [x(step), y(mean)]))}${dots.join('')}`;
  }
  const over = bins.map(({ step, high }) => `${x(step)} ${y(high)}`);
  const under = bins.map(({ step, low }) => `${x(step)} ${y(low)}`).reverse();
  const spread = bins.some(({ low, high }) => low < high);
  const area = spread ? `<path d="M${[...over, ...under].join('L')}Z" fill="${SPREAD}"/>` : '';
  return area + polyline(bins.map(({ step, mean }) => [x(step), y(mean)]));
}

const polyline = (points: readonly (readonly [number, number])[]): string =>
  `<path d="M${points.map((point) => point.join(' ')).join('L')}" fill="none" stroke="${LINE}" stroke-width="1.5"/>`;

/** Round numbers from low to high, about `count` of them. */
function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const found = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: found }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** gradientNorm to "gradient norm"; gIoU stays. */
const figureWords = (name: string): string =>
  name.replace(/(?<=[a-z0-9]{2})[A-Z](?=[a-z]{2})/gu, (letter) => ` ${letter.toLowerCase()}`);

const round = (value: number): number => Math.round(value * 10) / 10;

function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1);
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}
