// Applies diffs to the records that the window holds: strictly for the person's own, by force for what the host says.
import type { Standing } from '../../main/contract/correction.ts';
import { applied, type Change, type Diff, type Kind, type RecordOf } from '../../main/contract/diff.ts';
import { same } from '../../main/contract/equal.ts';
import type { ImageDetail } from '../../main/contract/project.ts';
import type { OpenImage, Workbench } from './workbench.ts';

/** The part of the window that diffs change. */
export type OpenRecords = Pick<Workbench, 'labels' | 'open'>;

export const byId = <R extends { id: number }>(records: readonly R[]): ReadonlyMap<number, R> =>
  new Map(records.map((record) => [record.id, record]));

export const openedImage = ({ image, review, shapes, prompts, proposals, keypoints }: ImageDetail): OpenImage => ({
  image,
  review,
  shapes: byId(shapes),
  prompts: byId(prompts),
  proposals: byId(proposals),
  ...(keypoints && { keypoints: new Map(keypoints.map((each) => [each.shapeId, each])) }),
});

/** What verdicts on the image are about. */
export const standingOn = ({ shapes, proposals }: OpenImage): Standing => ({
  shape: (id) => shapes.get(id) ?? null,
  proposal: (id) => proposals.get(id) ?? null,
});

type Way = 'strict' | 'forced';

/** Throws `Conflict` where the records are not as the diff says; changes on other images pass by. */
export const withDiff = (held: OpenRecords, { changes }: Diff): OpenRecords =>
  changes.reduce((now, change) => changedBy(now, change, 'strict'), held);

/** What the host recorded holds, whatever the window showed before; giving it twice does no harm. */
export const withRecorded = (held: OpenRecords, { changes }: Diff): OpenRecords =>
  changes.reduce((now, change) => changedBy(now, change, 'forced'), held);

function changedBy({ labels, open }: OpenRecords, change: Change, way: Way): OpenRecords {
  if (change.kind === 'label') return { labels: put(labels, change, way), open };
  if (open === null || !concerns(open, change)) return { labels, open };
  return { labels, open: changedImage(open, change, way) };
}

function changedImage(open: OpenImage, change: Exclude<Change, { kind: 'label' }>, way: Way): OpenImage {
  if (change.kind === 'shape') return { ...open, shapes: here(put(open.shapes, change, way), change.id, open) };
  if (change.kind === 'prompt') return { ...open, prompts: here(put(open.prompts, change, way), change.id, open) };
  return { ...open, review: { ...open.review, ...change.after } };
}

/** Drops the record of the id where it lies on another image by now. */
function here<R extends { imageId: number }>(records: Map<number, R>, id: number, open: OpenImage): Map<number, R> {
  const record = records.get(id);
  if (record && record.imageId !== open.image.id) records.delete(id);
  return records;
}

/** Whether a record came from another image: what it is beside the changed fields has to be read. */
export const movesHere = ({ open }: OpenRecords, { changes }: Diff): boolean =>
  open !== null &&
  changes.some(({ kind, id, before, after }) => {
    if ((kind !== 'shape' && kind !== 'prompt') || !before || after?.imageId !== open.image.id) return false;
    return !(kind === 'shape' ? open.shapes : open.prompts).has(id);
  });

/** Whether the change is one of this image. */
export function concerns(open: OpenImage, change: Change): boolean {
  if (change.kind === 'label') return false;
  if (change.kind === 'review') return change.id === open.image.id;
  const { before, after } = change;
  const here = change.kind === 'shape' ? open.shapes : open.prompts;
  return here.has(change.id) || (before?.imageId ?? after?.imageId) === open.image.id;
}

type Putting<K extends Kind> = {
  kind: K;
  id: number;
  before: Partial<RecordOf[K]> | null;
  after: Partial<RecordOf[K]> | null;
};

function put<K extends Kind>(records: ReadonlyMap<number, RecordOf[K]>, change: Putting<K>, way: Way) {
  const old = records.get(change.id) ?? null;
  const record = way === 'strict' ? applied(old, change) : forced(old, change);
  const next = new Map(records);
  if (record === null) next.delete(change.id);
  else next.set(change.id, record);
  return next;
}

function forced<K extends Kind>(old: RecordOf[K] | null, { before, after }: Putting<K>): RecordOf[K] | null {
  if (after === null) return null;
  if (before === null) return after as RecordOf[K];
  return old === null ? null : { ...old, ...after };
}

/** Whether the records are as the diff leaves them. */
export function holds({ labels, open }: OpenRecords, { changes }: Diff): boolean {
  return changes.every(({ kind, id, after }) => {
    if (kind === 'review') return open?.image.id === id && leaves(open.review, after);
    const record = kind === 'label' ? labels.get(id) : kind === 'shape' ? open?.shapes.get(id) : open?.prompts.get(id);
    return leaves(record, after);
  });
}

const leaves = <R extends object>(record: R | undefined, after: Partial<R> | null): boolean =>
  after === null ? record === undefined : record !== undefined && same({ ...record, ...after }, record);

/** The image that a diff is about, where it says so: undo shows it. */
export function imageOf({ changes }: Diff): number | null {
  for (const { kind, id, before, after } of changes) {
    if (kind === 'review') return id;
    if (kind === 'label') continue;
    const imageId = after?.imageId ?? before?.imageId;
    if (imageId !== undefined) return imageId;
  }
  return null;
}
