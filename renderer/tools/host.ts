// Defines what canvas and tools need from outside: a place to send diffs, ids, and the host's answers about pixels.
import type { Change, Diff } from '../../main/contract/diff.ts';
import type { UnpackedWire } from '../../main/contract/liveWire.ts';
import type { PackedMask, Shape } from '../../main/contract/project.ts';
import type { Box, Point } from '../../main/contract/records.ts';
import type { ImagePoint } from './place.ts';

/** A shape, and the changes that make it; none where it stands already. */
export interface ProposedShape {
  readonly shape: Shape;
  readonly changes: readonly Change[];
}

export interface CanvasHost {
  /** Shows the diff at once and stores it in order; failures are reported elsewhere. */
  commit(diff: Diff): unknown;
  /** An id that nobody else gets. */
  reserveId(): Promise<number>;
  /** One mask of the open image from clicks, a box and a rough mask. Rejects with a sentence that can be shown. */
  refine(points: readonly Point[], box: Box | null, rough: PackedMask | null): Promise<PackedMask>;
  /** GrabCut in a box of the open image. */
  cutOut(box: Box): Promise<PackedMask>;
  /** What has the colour of the point. */
  wand(at: ImagePoint, how: { readonly tolerance: number; readonly contiguous: boolean }): Promise<PackedMask>;
  /** The cheapest ways along edges from a place, or from the strongest edge within `reach` image pixels of it. */
  wire(at: ImagePoint, how: { readonly reach: number; readonly to: ImagePoint | null }): Promise<UnpackedWire>;
  /** The object of the answer in review as the shape that it would be; null: there is none. */
  proposedShape(): Promise<ProposedShape | null>;
  /** The decoded picture or tile of an address of main/contract/addresses.ts. */
  pixels(address: string): Promise<ImageBitmap>;
  /** A right click where no tool wants it, in page coordinates; the shape under it is selected by then. */
  menu(place: { readonly x: number; readonly y: number }): void;
  /** A double click on a shape while selecting. */
  edit(shapeId: number): void;
}
