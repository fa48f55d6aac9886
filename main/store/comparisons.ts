// Stores, for repairing coarse masks, the mask that the model would draw for each shape and the person's verdict on it.
import type { RepairOrder, RepairPair } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import { type PackedMask, type Shape, unpackMask } from '../contract/project.ts';
import { maskIou } from '../contract/rle.ts';
import type { Db } from './db.ts';
import { updateImageCounts } from './imageCounts.ts';
import { shapesWhere } from './shapes.ts';
import type { Slice } from './slice.ts';
import { lastDone } from './steps.ts';

export interface Comparisons {
  /** Shapes with a mask that these weights were not compared with yet, by id; null: of every label. */
  shapesToCompare(labelId: number | null, weights: string): Generator<Shape>;
  /** Takes the place of an earlier one of the shape, and of the verdict on it. */
  setComparison(shapeId: number, comparison: Comparison): void;
  /** Pairs without a verdict, the first in this order; pairs of which nothing is known come last. */
  pairs(slice: Slice & { order?: RepairOrder }): { total: number; pairs: RepairPair[] };
  /** Null where the shape was not compared, or was judged already. */
  pair(shapeId: number): RepairPair | null;
  /** Call it after the replacement was applied: `replace` is taken back and made again together with that step. */
  judge(shapeId: number, verdict: 'keep' | 'replace'): void;
}

export interface Comparison {
  mask: PackedMask;
  weights: string;
  /** 1 - IoU */
  disagreement: number;
  /** 1 - boundary IoU; null or missing, here and below: nobody knows. */
  boundary?: number | null;
  /** Expected gain in IoU. */
  gain?: number | null;
}

/** What the other parts of the store tell this one. */
interface Following {
  /** A shape's mask is another one now; null: the shape has none or is gone. */
  follow(shapeId: number, mask: PackedMask | null): void;
  /** A step of the journal was undone or made again. */
  moved(seq: number, to: 'undone' | 'done'): void;
}

interface ComparisonRow {
  shape_id: number;
  image_id: number;
  height: number;
  width: number;
  counts: string;
  weights: string;
  disagreement: number;
  boundary: number | null;
  gain: number | null;
}

const page = 100;

export const comparisonsOf = (db: Db): Comparisons & Following => ({
  shapesToCompare: (labelId, weights) => shapesToCompare(db, labelId, weights),
  setComparison: (shapeId, comparison) => db.whole(() => setComparison(db, shapeId, comparison)),
  pairs: (slice) => pairs(db, slice),
  pair: (shapeId) => pair(db, shapeId),
  judge: (shapeId, verdict) => db.whole(() => judge(db, shapeId, verdict)),
  follow: (shapeId, mask) => follow(db, shapeId, mask),
  moved: (seq, to) =>
    void db.run('UPDATE comparison SET verdict = ? WHERE step = ?', to === 'done' ? 'replace' : null, seq),
});

function* shapesToCompare(db: Db, labelId: number | null, weights: string): Generator<Shape> {
  const open = `id > ? AND counts IS NOT NULL AND (? IS NULL OR label_id = ?) AND NOT EXISTS
    (SELECT 1 FROM comparison WHERE shape_id = shape.id AND weights = ?) ORDER BY id LIMIT ${page}`;
  for (let last = 0; ; ) {
    const shapes = shapesWhere(db, open, last, labelId, labelId, weights);
    yield* shapes;
    const end = shapes.at(-1);
    if (!end) return;
    last = end.id;
  }
}

function setComparison(db: Db, shapeId: number, comparison: Comparison): void {
  const { mask, weights, disagreement, boundary = null, gain = null } = comparison;
  const image = db.number('SELECT image_id FROM shape WHERE id = ? AND counts IS NOT NULL', shapeId);
  // The person deleted it while the model was at work.
  if (image === 0) return;
  db.run(
    `INSERT OR REPLACE INTO comparison
       (shape_id, height, width, counts, weights, disagreement, measured, boundary, gain, present)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
    ...[shapeId, ...mask.size, mask.counts, weights, disagreement, disagreement, boundary, gain],
  );
  updateImageCounts(db, [image]);
}

const open = 'verdict IS NULL AND present = 1';
/** Gain and boundary are of the mask that was compared: of another one nothing is known, until it stands again. */
const ifSame = (column: string): string => `CASE WHEN disagreement = measured THEN comparison.${column} END`;
const columns: Readonly<Record<RepairOrder, string>> = {
  ...{ gain: ifSame('gain'), boundary: ifSame('boundary'), disagreement: 'disagreement' },
};
const openPairs = `SELECT shape_id, comparison.height, comparison.width, comparison.counts, weights, disagreement,
  ${ifSame('boundary')} AS boundary, ${ifSame('gain')} AS gain, image_id FROM comparison JOIN shape ON shape.id = shape_id WHERE ${open}`;

function pairs(
  db: Db,
  { offset, limit, order = 'disagreement' }: Slice & { order?: RepairOrder },
): { total: number; pairs: RepairPair[] } {
  const rows = db.all<ComparisonRow>(
    `${openPairs} ORDER BY ${columns[order]} DESC NULLS LAST, disagreement DESC, shape_id DESC LIMIT ? OFFSET ?`,
    limit,
    offset,
  );
  return { total: db.number(`SELECT count(*) FROM comparison WHERE ${open}`), pairs: rows.map(pairOf) };
}

function pair(db: Db, shapeId: number): RepairPair | null {
  const row = db.get<ComparisonRow>(`${openPairs} AND shape_id = ?`, shapeId);
  return row ? pairOf(row) : null;
}

const pairOf = (row: ComparisonRow): RepairPair => ({
  shapeId: row.shape_id,
  imageId: row.image_id,
  mask: { size: [row.height, row.width], counts: row.counts },
  weights: row.weights,
  disagreement: row.disagreement,
  boundary: row.boundary,
  gain: row.gain,
});

function judge(db: Db, shapeId: number, verdict: 'keep' | 'replace'): void {
  const last = lastDone(db)?.seq ?? 0;
  const changed = db.number(`SELECT count(*) FROM change WHERE seq = ? AND kind = 'shape' AND id = ?`, last, shapeId);
  const step = verdict === 'replace' && changed > 0 ? last : null;
  const found = db.run('UPDATE comparison SET verdict = ?, step = ? WHERE shape_id = ?', verdict, step, shapeId);
  if (found === 0) throw new BadInput('the shape was not compared with what the model would draw');
}

/** The model's mask is measured anew against what stands there now. */
function follow(db: Db, shapeId: number, mask: PackedMask | null): void {
  const row = db.get<ComparisonRow>('SELECT * FROM comparison WHERE shape_id = ?', shapeId);
  if (!row) return;
  const model: PackedMask = { size: [row.height, row.width], counts: row.counts };
  const comparable = mask !== null && mask.size[0] === row.height && mask.size[1] === row.width;
  const disagreement = comparable ? 1 - maskIou(unpackMask(mask), unpackMask(model)) : row.disagreement;
  db.run(
    'UPDATE comparison SET present = ?, disagreement = ? WHERE shape_id = ?',
    ...[Number(comparable), disagreement, shapeId],
  );
}
