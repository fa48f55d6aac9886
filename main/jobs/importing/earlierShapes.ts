// Finds the shape of the project that an imported shape is already: by its id, or because it covers the same.
import { boxIou } from '../../contract/geometry.ts';
import { type Shape, unpackMask } from '../../contract/project.ts';
import { maskIou } from '../../contract/rle.ts';
import type { ShapeSource } from '../../formats/reading/reading.ts';
import type { Project } from '../../store/project.ts';
import type { SourceShape } from '../../store/sources.ts';
import type { CocoIds } from './cocoIds.ts';

const SAME = 0.98;
/** Least overlap of boxes of one shape: an id alone says nothing where another file has given it too. */
const NEAR = 0.5;

/** A shape as it was read. */
interface Brought extends Pick<Shape, 'imageId' | 'labelId' | 'box' | 'crowd' | 'mask'> {
  readonly source: ShapeSource | null;
  /** The file's, where things of it were taken before. */
  readonly fileId: number | null;
}

interface Earlier {
  readonly shape: Shape;
  readonly source: SourceShape | null;
}

export class EarlierShapes {
  readonly #project: Project;
  readonly #cocoIds: CocoIds;
  readonly #onImages = new Map<number, readonly Earlier[]>();
  /** Shapes that one of the file's was found to be: of two that are alike each is found once. */
  readonly #found = new Set<number>();

  /** `cocoIds`: from before the import. */
  constructor(project: Project, cocoIds: CocoIds) {
    this.#project = project;
    this.#cocoIds = cocoIds;
  }

  /** Null where it is new. Is asked before any shape of the import is stored on its image. */
  find(brought: Brought): Earlier | null {
    const known = this.#on(brought.imageId);
    const free = known.filter(({ shape }) => !this.#found.has(shape.id));
    const found =
      free.find((one) => this.#hasItsId(one, brought)) ??
      free.find((one) => coversSame(one.shape, brought)) ??
      known.find((one) => coversSame(one.shape, brought)) ??
      null;
    if (found !== null) this.#found.add(found.shape.id);
    return found;
  }

  #on(imageId: number): readonly Earlier[] {
    const ready = this.#onImages.get(imageId);
    if (ready !== undefined) return ready;
    // Shapes that wait to be stored come from this very file, where two alike are two.
    const shapes = this.#project.shapesOf(imageId);
    const sources = shapes.length > 0 ? this.#project.sourcesOfShapes(imageId) : new Map<number, SourceShape>();
    const known = shapes.map((shape) => ({ shape, source: sources.get(shape.id) ?? null }));
    this.#onImages.set(imageId, known);
    return known;
  }

  #hasItsId({ shape, source }: Earlier, read: Brought): boolean {
    const { source: its, fileId } = read;
    if (its === null || its.number === null) return false;
    if (source !== null && source.fileId === fileId) return source.number === its.number;
    if (shape.labelId !== read.labelId || this.#cocoIds.shape(shape.id, source?.number) !== its.number) return false;
    return boxIou(shape.box, read.box) >= NEAR;
  }
}

function coversSame(shape: Shape, { labelId, crowd, box, mask }: Brought): boolean {
  if (shape.labelId !== labelId || shape.crowd !== crowd) return false;
  if (shape.mask === null || mask === null) return shape.mask === mask && boxIou(shape.box, box) >= SAME;
  if (shape.mask.counts === mask.counts) return true;
  // Boxes of thin masks differ by more than their masks do, but not by as much as half.
  return boxIou(shape.box, box) >= NEAR && maskIou(unpackMask(shape.mask), unpackMask(mask)) >= SAME;
}
