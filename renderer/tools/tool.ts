// Defines what every tool is: gestures in image pixels go in, a draft to draw comes out, and a diff is committed at the end of a step.
import type { Columns } from '../../main/contract/maskColumns.ts';
import type { Box, Point } from '../../main/contract/records.ts';
import type { WorkbenchStore } from '../state/workbench.ts';
import type { CanvasHost } from './host.ts';
import type { ImagePoint } from './place.ts';

export interface Gesture extends ImagePoint {
  readonly button: 'left' | 'right';
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
  /** 2: the second press of a double click. */
  readonly clicks: number;
}

/** How a line is drawn: what will be added, what will be taken away, or only where the pointer would lead. */
export type Manner = 'adds' | 'takes' | 'guide';

export interface DraftPath {
  readonly points: readonly ImagePoint[];
  readonly closed: boolean;
  readonly manner: Manner;
}

/** Pixels that are being painted; shapeId null: of a shape that is not there yet. */
export interface Stroke {
  readonly shapeId: number | null;
  readonly adds: boolean;
  readonly area: Columns;
  /** Which stroke it is, how often it has grown, and where it grew last: only that is painted anew. */
  readonly serial: number;
  readonly grown: number;
  readonly latest: Box | null;
}

/** What a step in progress looks like. */
export interface Draft {
  readonly paths?: readonly DraftPath[];
  readonly box?: { readonly box: Box; readonly manner: Manner } | null;
  readonly points?: readonly Point[];
  /** Places that were clicked on the way of a path. */
  readonly anchors?: readonly ImagePoint[];
  readonly stroke?: Stroke | null;
  /** A whole mask that waits to be accepted. */
  readonly mask?: Columns | null;
  /** Rings of the selected shape while a corner is dragged, in place of its own. */
  readonly rings?: readonly (readonly number[])[] | null;
  /** How far the selected shapes are dragged, in image pixels. */
  readonly moved?: ImagePoint | null;
  /** Radius of the brush under the pointer. */
  readonly radius?: number;
  /** The host is working on it. */
  readonly busy?: boolean;
  /** The snap target of the first corner. */
  readonly snap?: ImagePoint | null;
}

export interface Tool {
  press(at: Gesture): void;
  /** Called also without a button held. */
  move(at: Gesture): void;
  release(at: Gesture): void;
  /** Enter. True where there was something to finish; the same for the two below. */
  finish(): boolean;
  /** Backspace. */
  back(): boolean;
  /** Escape: the step in progress and nothing else. */
  cancel(): boolean;
  /** Another tool is chosen, or another image. Nothing that a person drew is lost. */
  leave(): void;
  draft(): Draft;
}

export interface ToolContext {
  readonly store: WorkbenchStore;
  readonly host: CanvasHost;
  /** The draft is another one without a gesture: an answer came. */
  changed(): void;
}
