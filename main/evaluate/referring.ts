// Asks a model expressions, item by item, keeps the answers in a file with which a stopped run goes on, and computes the papers' figures.
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { firstBox, parseJson, toFrame } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';
import { boxIou, rescale } from '../contract/geometry.ts';
import { field } from '../contract/lookup.ts';
import type { Box, DecodedImage, Mask } from '../contract/records.ts';
import { unionOf } from '../contract/rle.ts';
import type { Predictor, Proposal } from '../flow/predictor.ts';
import type { LeftOut } from '../formats/reading/reading.ts';
import type { Expression, ExpressionTruth } from './expressions.ts';
import { cIoU, gIoU, median, type Overlap, overlapOf } from './metrics.ts';

const Count = z.number().min(0);
const Counted = z.object({ intersection: Count, union: Count, boxIou: Count.max(1) });
const Item = z.object({
  id: z.string(),
  kind: z.string().optional(),
  text: z.string(),
  /** Overlaps by the papers' definitions, and by the stricter ones. */
  papers: Counted,
  strict: Counted,
  found: z.enum(['objects', 'nothing', 'unreadable']),
  ms: z.number(),
});
export type ReferringItem = z.infer<typeof Item>;

const Failed = z.object({ id: z.string(), failed: z.string() });
const Header = z.object({ set: z.string(), weights: z.string() });

export interface MeasuringTask {
  readonly signal: AbortSignal;
  read(picture: string): Promise<DecodedImage>;
  /** What of the set could not be read: told with the figures, as what cannot be measured. */
  readonly leftOut?: readonly LeftOut[];
  /** `left`: seconds that the rest takes at the speed of this run. */
  progress?(done: number, of: number, left: number): void;
}

export interface ReferringTask extends MeasuringTask {
  /** What is measured, by which weights: a file of items of anything else is not gone on with. */
  readonly set: string;
  readonly weights: string;
  /** Where items are kept, one line of JSON each. */
  readonly items: string;
}

/** Items that were stored before, and a function that stores the next ones. */
interface KnownItems {
  readonly known: ReadonlyMap<string, ReferringItem>;
  keep(item: ReferringItem | z.infer<typeof Failed>): Promise<void>;
}

/** Items of earlier runs count; those that failed are tried again. */
export async function evaluateReferring(
  predictor: Pick<Predictor, 'predict'>,
  expressions: readonly Expression[],
  task: ReferringTask,
): Promise<ReferringFigures> {
  const { known, said } = await itemsOf(task);
  const keep: KnownItems['keep'] = async (item) => {
    const line = JSON.stringify(item);
    if (!said.has(line)) await appendFile(task.items, `${line}\n`);
  };
  return measureReferring(predictor, expressions, task, { known, keep });
}

/** Measures without writing a file. */
export async function measureReferring(
  predictor: Pick<Predictor, 'predict'>,
  expressions: readonly Expression[],
  task: MeasuringTask,
  { known, keep }: KnownItems = { known: new Map(), keep: async () => {} },
): Promise<ReferringFigures> {
  const items = expressions.flatMap(({ id }) => known.get(id) ?? []);
  const rest = expressions.filter(({ id }) => !known.has(id));
  const failed: string[] = [];
  const leave = async ({ what, why }: LeftOut) => {
    failed.push(`${what}: ${why}`);
    await keep({ id: what, failed: why });
  };
  for (const one of task.leftOut ?? []) await leave(one);
  const started = performance.now();
  let last: { picture: string; image: DecodedImage } | null = null;
  for (const [i, expression] of rest.entries()) {
    task.signal.throwIfAborted();
    try {
      const { picture } = expression;
      const image: DecodedImage = last?.picture === picture ? last.image : await task.read(picture);
      last = { picture, image };
      const item = await measured(predictor, expression, { image, signal: task.signal });
      items.push(item);
      await keep(item);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      await leave({ what: expression.id, why: error.message });
    }
    const left = ((performance.now() - started) / 1000 / (i + 1)) * (rest.length - i - 1);
    task.progress?.(expressions.length - rest.length + i + 1, expressions.length, left);
  }
  return { ...figuresOf(items), failed };
}

interface StoredItems {
  readonly known: ReadonlyMap<string, ReferringItem>;
  /** The lines as they stand there: what failed again in the same way is not written again. */
  readonly said: ReadonlySet<string>;
}

/** What earlier runs kept; a line that a killed run left half is cut away. */
async function itemsOf({ items: file, set, weights }: ReferringTask): Promise<StoredItems> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [header, ...lines] = whole.split('\n').filter((line) => line !== '');
  if (header === undefined) {
    await writeFile(file, `${JSON.stringify({ set, weights })}\n`);
    return { known: new Map(), said: new Set() };
  }
  const made = Header.safeParse(parseJson(header));
  if (!made.success) throw new BadInput(`${file}: is no file of measured items; name another one with --items`);
  if (made.data.set !== set || made.data.weights !== weights)
    throw new BadInput(`${file}: is of ${made.data.set} by ${made.data.weights}; name another one with --items`);
  if (whole !== text) await writeFile(file, whole);
  return { known: new Map(lines.flatMap((line, i) => itemIn(file, line, i + 2))), said: new Set(lines) };
}

function itemIn(file: string, line: string, number: number): [string, ReferringItem][] {
  const json = parseJson(line);
  const item = Item.safeParse(json);
  if (item.success) return [[item.data.id, item.data]];
  if (Failed.safeParse(json).success) return [];
  throw new BadInput(`${file}: line ${number} is no measured item; name another file with --items`);
}

interface Seen {
  readonly image: DecodedImage;
  readonly signal: AbortSignal;
}

/** Asks once, or twice where the papers' code asks other words than those that stand in the file. */
async function measured(
  predictor: Pick<Predictor, 'predict'>,
  { id, kind, text, truth }: Expression,
  { image, signal }: Seen,
): Promise<ReferringItem> {
  const meant = truth(image);
  const first = await predictor.predict(image, { text: text.papers }, { signal });
  const whole = text.whole === text.papers ? first : await predictor.predict(image, { text: text.whole }, { signal });
  return {
    ...{ id, ...(kind !== undefined && { kind }), text: text.whole },
    papers: { ...overlapOf(saidBy(first, image), meant.papers), boxIou: releasedBoxIou(first, meant, image) },
    strict: {
      ...overlapOf(saidBy(whole, image), meant.strict, meant.ignored),
      boxIou: sameBox(whole.objects[0]?.box ?? null, meant.box, boxIou),
    },
    ...{ found: first.found, ms: field(first.timings, 'totalMs', 'timings of an answer') },
  };
}

/** The mask of all objects of an answer together. */
function saidBy({ objects }: Proposal, { width, height }: DecodedImage): Mask {
  return unionOf(objects.map(({ mask }) => mask)) ?? { size: [height, width], counts: [height * width] };
}

/** Compares boxes in the picture that the reasoner sees, true corners rounded there; the first four numbers of the text count. */
function releasedBoxIou({ answer, frame, objects }: Proposal, { box }: ExpressionTruth, image: DecodedImage): number {
  const said = firstBox(answer.text);
  const isSaid = objects.length > 0 && said.x1 < said.x2 && said.y1 < said.y2;
  return sameBox(isSaid ? (objects[0]?.box ?? null) : null, box, (a, b) =>
    boxIou(rescale(a, image, frame), toFrame(b, image, frame)),
  );
}

/** 1 where there is nothing and nothing is said. */
function sameBox(said: Box | null, meant: Box | null, iou: (said: Box, meant: Box) => number): number {
  if (said === null || meant === null) return said === meant ? 1 : 0;
  return iou(said, meant);
}

export interface ReferringAccuracy {
  readonly gIoU: number;
  readonly cIoU: number;
  /** Share of boxes that overlap by half, and the mean of their overlaps. */
  readonly box50: number;
  readonly boxIoU: number;
}

export interface ReferringFigures {
  readonly count: number;
  readonly papers: ReferringAccuracy;
  readonly strict: ReferringAccuracy;
  /** Figures of each kind by the papers' definitions, where the set has kinds. */
  readonly kinds: Readonly<Record<string, ReferringAccuracy & { readonly count: number }>>;
  readonly unreadable: number;
  readonly medianMs: number;
  /** "id: why": what is in none of the figures. */
  readonly failed: readonly string[];
}

export function figuresOf(items: readonly ReferringItem[]): Omit<ReferringFigures, 'failed'> {
  const kinds = Map.groupBy(
    items.filter(({ kind }) => kind !== undefined),
    ({ kind }) => kind ?? '',
  );
  const byKind = [...kinds]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, some]) => [kind, { count: some.length, ...accuracy(some, 'papers') }]);
  return {
    ...{ count: items.length, papers: accuracy(items, 'papers'), strict: accuracy(items, 'strict') },
    kinds: Object.fromEntries(byKind),
    unreadable: items.filter(({ found }) => found === 'unreadable').length,
    medianMs: median(items.map(({ ms }) => ms)),
  };
}

function accuracy(items: readonly ReferringItem[], definition: 'papers' | 'strict'): ReferringAccuracy {
  const counted = items.map((item) => item[definition]);
  const overlaps: Overlap[] = counted;
  const mean = (value: (one: (typeof counted)[number]) => number) =>
    counted.reduce((sum, one) => sum + value(one), 0) / Math.max(1, counted.length);
  return {
    ...{ gIoU: gIoU(overlaps), cIoU: cIoU(overlaps) },
    ...{ box50: mean((one) => Number(one.boxIou >= 0.5)), boxIoU: mean((one) => one.boxIou) },
  };
}
