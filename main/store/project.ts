// Opens a project file: joins everything that can be read from it and done to it; each part stands in a file of its own.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Change } from '../contract/diff.ts';
import type { ProjectInfo } from '../contract/project.ts';
import { verdictsOn } from './changeWriter.ts';
import { type Comparisons, comparisonsOf } from './comparisons.ts';
import type { Db } from './db.ts';
import { type Exports, exportsOf } from './exports.ts';
import { type Lists, listsOf } from './imageLists.ts';
import { type Images, imagesOf, movePaths, reviewTable } from './images.ts';
import { type Journal, journalOf } from './journal.ts';
import { type LabelSteps, labelStepsOf } from './labelSteps.ts';
import { type Labels, labelsOf, labelTable } from './labels.ts';
import { type LearningRecords, learningOf } from './learning.ts';
import { copyWhole, openFile } from './open.ts';
import { promptTable } from './prompts.ts';
import { type Proposals, proposalsOf } from './proposals.ts';
import { type Sequence, sequenceOf } from './sequence.ts';
import { shapeTable } from './shapes.ts';
import { type Sources, sourcesOf } from './sources.ts';

/** One project, open for writing by this process alone until it is closed. */
export interface Project
  extends Sequence,
    Labels,
    Journal,
    LabelSteps,
    Images,
    Lists,
    Proposals,
    Comparisons,
    Exports,
    Sources,
    LearningRecords {
  /** Absolute path of the file. */
  readonly file: string;
  info(): ProjectInfo;
  /** Whether its path still leads to it; where not, nothing is stored any more. */
  inPlace(): boolean;
  /** The project as it stands as another file, images found from there; also where its own file is gone. */
  saveCopy(file: string): void;
  /** Folds the write-ahead log into the file; closing twice does nothing. */
  close(): void;
}

/** Throws `BadInput` where the file is no project, damaged, newer or in use. `create`: makes it where there is none. */
export function openProject(
  file: string,
  options: { create?: boolean; say?: (sentence: string) => void; examined?: boolean } = {},
): Project {
  const { db, close } = openFile(path.resolve(file), options);
  const sequence = sequenceOf(db);
  const comparisons = comparisonsOf(db);
  const tables = {
    label: labelTable(db),
    shape: shapeTable(db, comparisons.follow),
    prompt: promptTable(db),
    review: reviewTable(db),
  };
  const journal = journalOf(db, { tables, next: sequence.next, moved: comparisons.moved });
  if (db.formatBefore < 4) journal.applyMany('Bring verdicts up to date', allVerdicts(db));
  return {
    ...sequence,
    ...labelsOf(db),
    ...journal,
    ...labelStepsOf(db, { read: tables.label.read, applyMany: journal.applyMany }),
    ...imagesOf(db, sequence.reserve),
    ...listsOf(db),
    ...proposalsOf(db, sequence),
    ...comparisons,
    ...exportsOf(db),
    ...sourcesOf(db),
    ...learningOf(db),
    file: db.file,
    info: () => infoOf(db, journal.titles()),
    inPlace: () => db.inPlace,
    saveCopy: (target) => saveCopy(db, path.resolve(target)),
    close,
  };
}

/** Formats before 4 had no rule for verdicts: those that point nowhere are turned as a step of their own, so that undo still fits. */
function* allVerdicts(db: Db): Generator<Change> {
  const images = db.numbers('SELECT DISTINCT image_id FROM prompt WHERE correction IS NOT NULL ORDER BY image_id');
  for (const imageId of images) yield* verdictsOn(db, imageId);
}

function infoOf(db: Db, titles: { undo: string | null; redo: string | null }): ProjectInfo {
  return {
    file: db.file,
    name: path.basename(db.file, path.extname(db.file)),
    images: db.number('SELECT count(*) FROM image'),
    shapes: db.number('SELECT count(*) FROM shape'),
    unreviewed: db.number(`SELECT count(*) FROM image WHERE status = 'unreviewed'`),
    ...titles,
  };
}

function saveCopy(db: Db, target: string): void {
  if (existsSync(target)) throw new BadInput(`${target}: is there already; choose another name`);
  if (!existsSync(path.dirname(target))) throw new BadInput(`${path.dirname(target)}: there is no such folder`);
  const [from, to] = [path.dirname(db.file), path.dirname(target)];
  copyWhole(db, target, (copy) => movePaths(copy, from, to));
}
