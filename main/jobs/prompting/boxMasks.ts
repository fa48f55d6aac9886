// Draws masks for shapes of which only a box is known: one step of undo, which holds what was done when it is stopped.
import { setImmediate } from 'node:timers/promises';
import type { Recorded } from '../../contract/api.ts';
import { BadInput } from '../../contract/badInput.ts';
import { changed } from '../../contract/diff.ts';
import { boxIou } from '../../contract/geometry.ts';
import { type Image, type Shape, unpackMask } from '../../contract/project.ts';
import { maskBox } from '../../contract/rle.ts';
import type { Engine } from '../../engine/supervisor.ts';
import type { StepInPieces } from '../../store/journal.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';

export interface BoxMasks {
  readonly project: Project;
  readonly engine: Engine;
  /** null: shapes of every label. */
  readonly labelId: number | null;
  fileOf(image: Image): string;
  /** Is called with the one step when it has ended. */
  recorded(change: Recorded): void;
  /** Is called for every image whose shapes have masks now. */
  made(imageId: number): void;
}

export interface MadeMask {
  readonly shapeId: number;
  readonly image: string;
  readonly label: string;
  /** `nothing`: the model draws no pixel; then, and where the shape is locked, the box stays as it is. */
  readonly verdict: 'mask' | 'nothing' | 'locked';
  /** IoU of the box with the box around the mask: where it is low, a person should look. */
  readonly agreement: number | null;
}

export interface BoxMasksReport {
  readonly shapes: readonly MadeMask[];
  readonly failed: readonly { readonly path: string; readonly why: string }[];
}

interface Boxes {
  readonly image: Image;
  readonly shapes: readonly Shape[];
}

const AT_A_TIME = 2;

/** Goes on where an earlier run was stopped: what has a mask is left out. */
export async function boxesToMasks(work: BoxMasks, progress: Progress): Promise<BoxMasksReport> {
  const { project } = work;
  const names = new Map(project.labels().map(({ id, name }) => [id, name]));
  const images = await boxesIn(work, progress.signal);
  progress.total(images.reduce((sum, { shapes }) => sum + shapes.length, 0));
  await project.still();
  const drawing: Drawing = { names, step: project.startMany('Boxes to masks'), report: { shapes: [], failed: [] } };
  const rest = images[Symbol.iterator]();
  const runner = async () => {
    for (const boxes of rest) await drawIn(work, boxes, drawing, progress);
  };
  // Both must have stopped before the step ends.
  const ends = await Promise.allSettled(Array.from({ length: AT_A_TIME }, runner));
  work.recorded(drawing.step.end());
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return drawing.report;
}

/** Crowds are regions with many objects: a box says nothing of them that a segmenter could draw. */
async function boxesIn({ project, labelId }: BoxMasks, signal: AbortSignal): Promise<Boxes[]> {
  const found: Boxes[] = [];
  let seen = 0;
  for (const image of project.allImages()) {
    if (++seen % 100 === 0) await setImmediate();
    signal.throwIfAborted();
    const all = project.detail(image.id)?.shapes ?? [];
    const shapes = all.filter(
      (shape) => shape.mask === null && !shape.crowd && (labelId === null || shape.labelId === labelId),
    );
    if (shapes.length > 0) found.push({ image, shapes });
  }
  return found;
}

interface Drawing {
  readonly names: ReadonlyMap<number, string>;
  readonly step: StepInPieces;
  readonly report: { shapes: MadeMask[]; failed: { path: string; why: string }[] };
}

/** The image is encoded once for all of its boxes. */
async function drawIn(work: BoxMasks, { image, shapes }: Boxes, drawing: Drawing, progress: Progress): Promise<void> {
  try {
    for (const { id } of shapes) {
      progress.signal.throwIfAborted();
      // The shape is read again: it may be deleted, or have a mask of the person's own by now.
      const shape = work.project.record('shape', id);
      if (shape?.mask === null) await drawOne(work, image, shape, { ...drawing, progress });
      progress.step();
    }
  } finally {
    work.made(image.id);
  }
}

async function drawOne(
  work: BoxMasks,
  image: Image,
  shape: Shape,
  { names, step, report, progress }: Drawing & { progress: Progress },
): Promise<void> {
  const told = { shapeId: shape.id, image: image.path, label: names.get(shape.labelId) ?? `label ${shape.labelId}` };
  if (shape.locked) return void report.shapes.push({ ...told, verdict: 'locked', agreement: null });
  try {
    const { fields, agreement } = await maskOf(work, image, { shape, signal: progress.signal });
    await work.project.still();
    const isTheirs = JSON.stringify(work.project.record('shape', shape.id)) !== JSON.stringify(shape);
    // What a person changed while the model drew stays as they want it.
    if (isTheirs) return;
    if (fields) step.add([changed('shape', shape, fields) ?? []].flat());
    else progress.note(`nothing is drawn in a box of "${told.label}": ${image.path}`);
    report.shapes.push({ ...told, verdict: fields ? 'mask' : 'nothing', agreement });
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    report.failed.push({ path: image.path, why: error.message });
    progress.note(error.message.includes(image.path) ? error.message : `${image.path}: ${error.message}`);
  }
}

async function maskOf(
  { engine, fileOf }: BoxMasks,
  image: Image,
  { shape, signal }: { shape: Shape; signal: AbortSignal },
) {
  const args = { picture: fileOf(image), points: [], box: shape.box, rough: null };
  const { mask } = await engine.call('refine', args, { urgency: 'batch', signal });
  const box = maskBox(unpackMask(mask));
  if (box.x2 <= box.x1 || box.y2 <= box.y1) return { fields: null, agreement: null };
  return { fields: { mask, box }, agreement: boxIou(shape.box, box) };
}

/** "120 masks made of 125 boxes; in 3 the model draws nothing; 2 are locked." */
export function boxMasksWords({ shapes, failed }: BoxMasksReport): string {
  if (shapes.length + failed.length === 0)
    return 'No box is without a mask, so nothing is drawn; what the box tool draws is a mask already.';
  const count = (verdict: MadeMask['verdict']) => shapes.filter((one) => one.verdict === verdict).length;
  const [nothing, locked] = [count('nothing'), count('locked')];
  const parts = [
    `${count('mask')} masks made of ${shapes.length + failed.length} boxes`,
    ...(nothing > 0 ? [`in ${nothing} the model draws nothing`] : []),
    ...(locked > 0 ? [`${locked} are locked`] : []),
    ...(failed.length > 0 ? [`${failed.length} could not be tried`] : []),
  ];
  return `${parts.join('; ')}.`;
}
