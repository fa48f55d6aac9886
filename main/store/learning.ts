// Stores what a project has learnt: its runs, the versions of weights they made, and which images are only ever measured on.
import type { TeachReport, WeightsVersion } from '../contract/learning.ts';
import type { Db } from './db.ts';
import { parsed } from './jsonColumns.ts';

/** A run as it was asked for; one without an end was stopped and can go on. */
export interface StoredRun {
  readonly id: number;
  readonly tier: string;
  readonly seed: number;
  readonly minutes: number;
  /** The version that it learns from; null: the weights that the host uses without any. */
  readonly parent: number | null;
}

interface NewVersion {
  readonly runId: number;
  readonly name: string;
  /** Relative to the project's folder. */
  readonly folder: string;
}

/** The result of a run. */
interface RunResult {
  readonly report: TeachReport;
  /** Ids of images that it measured on, and of those that it learnt from. */
  readonly held: readonly number[];
  readonly taught: readonly number[];
  /** Null: it made none. They are in use afterwards where the report says that they are promoted. */
  readonly weights: Omit<NewVersion, 'runId'> | null;
}

export type ImportedVersion = Omit<NewVersion, 'runId'> & Pick<WeightsVersion, 'made' | 'report'>;

/** Stands in place of the tier: a run of this project never has it. */
const IMPORTED = 'imported';

export interface LearningRecords {
  startRun(run: Omit<StoredRun, 'id'>): StoredRun;
  /** The last run, where its end was never recorded. */
  stoppedRun(): StoredRun | null;
  /** The last one, or the last one with a report; runs of other projects are none of them. */
  lastRun(which: 'started' | 'reported'): StoredRun | null;
  endRun(id: number, state: 'done' | 'cancelled' | 'failed', report: TeachReport | null): void;
  /** Ends the run with everything that it came to, or, where the host dies meanwhile, leaves it to be gone on with. */
  finishRun(id: number, result: RunResult): void;
  /** Last first. */
  reports(): TeachReport[];
  /** A version that a run of another project made, with the report of that run. */
  addImported(version: ImportedVersion): WeightsVersion;
  /** Last first. */
  versions(): WeightsVersion[];
  /** null: none of them, so the host's own weights. */
  use(versionId: number | null): void;
  /** Image ids; an image that is measured on once is never learnt. */
  split(): { held: number[]; taught: number[] };
  addToSplit(part: 'held' | 'taught', imageIds: readonly number[]): void;
}

const runOf = 'SELECT id, tier, seed, minutes, parent FROM run';

export const learningOf = (db: Db): LearningRecords => ({
  startRun({ tier, seed, minutes, parent }) {
    db.run(
      `INSERT INTO run (tier, state, seed, minutes, parent, started) VALUES (?, 'running', ?, ?, ?, ?)`,
      ...[tier, seed, minutes, parent, new Date().toISOString()],
    );
    return { id: db.number('SELECT max(id) FROM run'), tier, seed, minutes, parent };
  },
  stoppedRun: () => db.get<StoredRun>(`${runOf} WHERE state = 'running' ORDER BY id DESC LIMIT 1`) ?? null,
  lastRun(which) {
    const condition = which === 'reported' ? 'report IS NOT NULL' : 'TRUE';
    return db.get<StoredRun>(`${runOf} WHERE ${condition} AND tier <> ? ORDER BY id DESC LIMIT 1`, IMPORTED) ?? null;
  },
  endRun: (id, state, report) => endRun(db, id, { state, report }),
  finishRun: (id, { report, held, taught, weights }) =>
    db.whole(() => {
      endRun(db, id, { state: 'done', report });
      addToSplit(db, 'held', held);
      addToSplit(db, 'taught', taught);
      if (weights === null) return;
      const version = stored(db, { ...weights, runId: id, made: new Date().toISOString() });
      if (report.gate.promoted) use(db, version.id);
    }),
  reports: () =>
    db
      .all<{ report: string }>(
        'SELECT report FROM run WHERE report IS NOT NULL AND tier <> ? ORDER BY id DESC',
        IMPORTED,
      )
      .map(({ report }) => parsed(report) as TeachReport),
  addImported: ({ report, ...version }) =>
    db.whole(() => {
      const now = new Date().toISOString();
      db.run(
        `INSERT INTO run (tier, state, seed, minutes, started, ended, report) VALUES (?, 'done', 0, ?, ?, ?, ?)`,
        ...[IMPORTED, report.minutes, now, now, JSON.stringify(report)],
      );
      return stored(db, { ...version, runId: db.number('SELECT max(id) FROM run') });
    }),
  versions: () => versionsWhere(db, 'TRUE ORDER BY weights.id DESC'),
  use: (versionId) => use(db, versionId),
  split: () => ({
    held: db.numbers(`SELECT image_id FROM split WHERE part = 'held' ORDER BY image_id`),
    taught: db.numbers(`SELECT image_id FROM split WHERE part = 'taught' ORDER BY image_id`),
  }),
  addToSplit: (part, imageIds) => db.whole(() => addToSplit(db, part, imageIds)),
});

function endRun(db: Db, id: number, { state, report }: { state: string; report: TeachReport | null }): void {
  db.run(
    'UPDATE run SET state = ?, report = ?, ended = ? WHERE id = ?',
    ...[state, report && JSON.stringify(report), new Date().toISOString(), id],
  );
}

function addToSplit(db: Db, part: 'held' | 'taught', imageIds: readonly number[]): void {
  for (const id of imageIds) db.run('INSERT OR IGNORE INTO split (image_id, part) VALUES (?, ?)', id, part);
}

const use = (db: Db, versionId: number | null): void => void db.run('UPDATE weights SET in_use = (id IS ?)', versionId);

function stored(db: Db, { runId, name, folder, made }: NewVersion & { made: string }): WeightsVersion {
  db.run(
    'INSERT INTO weights (run_id, name, folder, made, in_use) VALUES (?, ?, ?, ?, 0)',
    ...[runId, name, folder, made],
  );
  const [version] = versionsWhere(db, 'weights.id = (SELECT max(id) FROM weights)');
  if (!version) throw new Error('A version of weights that was just stored is not there.');
  return version;
}

interface VersionRow {
  tier: string;
  id: number;
  parent: number | null;
  name: string;
  folder: string;
  made: string;
  in_use: number;
  report: string;
}

const versionsWhere = (db: Db, condition: string): WeightsVersion[] =>
  db
    .all<VersionRow>(
      `SELECT weights.id, run.parent, run.tier, weights.name, weights.folder, weights.made, weights.in_use, run.report
       FROM weights JOIN run ON run.id = weights.run_id WHERE ${condition}`,
    )
    .map(({ in_use, tier, report, ...row }) => {
      return { ...row, inUse: in_use === 1, imported: tier === IMPORTED, report: parsed(report) as TeachReport };
    });
