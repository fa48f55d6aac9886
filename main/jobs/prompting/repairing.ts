// Redraws every mask of a project, and replaces those that are expected to gain in one step of the journal.
import { BadInput } from '../../contract/badInput.ts';
import { type Change, changed } from '../../contract/diff.ts';
import { type Image, type PackedMask, type Shape, unpackMask } from '../../contract/project.ts';
import { maskBox } from '../../contract/rle.ts';
import type { Engine } from '../../engine/supervisor.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';
import { disagreement } from './comparing.ts';

export interface RepairAll {
  readonly project: Project;
  readonly engine: Engine;
  /** null: shapes of every label. */
  readonly labelId: number | null;
  readonly apply: boolean;
  fileOf(image: Image): string;
}

/** One mask beside what the model would draw in its place. */
interface RedrawnShape {
  readonly shapeId: number;
  readonly image: string;
  readonly label: string;
  /** 1 - IoU, and 1 - boundary IoU, of the two. */
  readonly disagreement: number;
  readonly boundary: number;
}

/** A gain in IoU is expected. */
export interface BetterShape extends RedrawnShape {
  readonly verdict: 'better';
  readonly gain: number;
}

/** `locked`: it would be better, but the shape is locked. A gain of null: nobody measured these weights. */
interface UntouchedShape extends RedrawnShape {
  readonly verdict: 'locked' | 'stays';
  readonly gain: number | null;
}

type RepairedShape = BetterShape | UntouchedShape;

export interface RepairAllReport {
  readonly shapes: readonly RepairedShape[];
  /** What the masks that are better are expected to gain, on average over all. */
  readonly expectedGain: number;
  /** Masks that were replaced. */
  readonly applied: number;
  readonly failed: readonly { readonly path: string; readonly why: string }[];
}

interface Redrawn {
  readonly shape: Shape;
  readonly mask: PackedMask;
  readonly told: RepairedShape;
}

/** The project is written to only with `apply`, and then once, at the end. */
export async function repairAll(work: RepairAll, progress: Progress): Promise<RepairAllReport> {
  const { project, labelId } = work;
  const names = new Map(project.labels().map(({ id, name }) => [id, name]));
  const shapes = masksOf(project, labelId);
  progress.total(shapes.length);
  const redrawn: Redrawn[] = [];
  const failed: { path: string; why: string }[] = [];
  for (const { shape, image } of shapes) {
    progress.signal.throwIfAborted();
    try {
      redrawn.push(
        await redrawnBy(work, { shape, image, label: names.get(shape.labelId) ?? `label ${shape.labelId}` }, progress),
      );
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      failed.push({ path: image.path, why: error.message });
    }
    progress.step();
  }
  const told = redrawn.map((one) => one.told);
  const gains = told.map(({ verdict, gain }) => (verdict === 'better' ? gain : 0));
  const expectedGain = gains.reduce((a, b) => a + b, 0) / Math.max(1, told.length);
  return { shapes: told, expectedGain, applied: work.apply ? replaced(project, redrawn) : 0, failed };
}

interface Standing {
  readonly shape: Shape;
  readonly image: Image;
}

function masksOf(project: Project, labelId: number | null): Standing[] {
  return [...project.allImages()].flatMap((image) => {
    const shapes = project.detail(image.id)?.shapes ?? [];
    return shapes
      .filter((shape) => shape.mask !== null && (labelId === null || shape.labelId === labelId))
      .map((shape) => ({ shape, image }));
  });
}

async function redrawnBy(
  { engine, fileOf }: RepairAll,
  { shape, image, label }: Standing & { label: string },
  { signal }: Progress,
): Promise<Redrawn> {
  const standing = shape.mask;
  if (!standing) throw new Error('A shape without a mask was to be repaired.');
  const args = { picture: fileOf(image), standing };
  const { mask, gain, boundary } = await engine.call('repair', args, { urgency: 'batch', signal });
  const seen = { shapeId: shape.id, image: image.path, label, boundary, disagreement: disagreement(standing, mask) };
  const isBetter = gain !== null && gain > 0;
  if (isBetter && !shape.locked) return { shape, mask, told: { ...seen, gain, verdict: 'better' } };
  return { shape, mask, told: { ...seen, gain, verdict: isBetter ? 'locked' : 'stays' } };
}

/** One step of undo; a person's verdicts follow, as they do after any change of a mask. */
function replaced(project: Project, redrawn: readonly Redrawn[]): number {
  const changes = redrawn.flatMap(({ shape, mask, told }): Change[] => {
    if (told.verdict !== 'better') return [];
    return [changed('shape', shape, { mask, box: maskBox(unpackMask(mask)) }) ?? []].flat();
  });
  if (changes.length > 0) project.applyMany('Repair masks', changes);
  return changes.length;
}
