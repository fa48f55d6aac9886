// Everything on screen that is not pixels: one store, changed by its own actions alone.
import { createStore } from 'zustand/vanilla';
import { type EngineStatus, ImageQuery } from '../../main/contract/api.ts';
import type { Job } from '../../main/contract/jobs.ts';
import type { Asked, Image, Label, ProjectInfo, Review, Shape, StoredProposal } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { Settings } from '../../main/contract/settings.ts';

export type ToolName =
  | 'select'
  | 'brush'
  | 'eraser'
  | 'polygon'
  | 'freehand'
  | 'box'
  | 'wand'
  | 'cut out'
  | 'points'
  | 'prompt box';

/** Screen pixel = image pixel * scale + offset. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** The image on the canvas with everything on it; records are replaced, never changed. */
export interface OpenImage {
  readonly image: Image;
  readonly review: Review;
  readonly shapes: ReadonlyMap<number, Shape>;
  readonly prompts: ReadonlyMap<number, Asked>;
  readonly proposals: ReadonlyMap<number, StoredProposal>;
}

/** An answer that is being written. */
export interface Writing {
  readonly promptId: number;
  /** By candidate. */
  readonly texts: readonly string[];
  readonly boxes: readonly (Box | null)[];
}

export type Saving =
  | { readonly state: 'saved'; readonly at: number }
  | { readonly state: 'saving' }
  | { readonly state: 'failed'; readonly problem: string };

export interface Workbench {
  readonly connected: boolean;
  readonly project: ProjectInfo | null;
  readonly labels: ReadonlyMap<number, Label>;
  readonly open: OpenImage | null;
  /** Ids of shapes. */
  readonly selected: ReadonlySet<number>;
  readonly hovered: number | null;
  /** What new shapes are. */
  readonly labelId: number | null;
  readonly tool: ToolName;
  readonly view: View;
  /** Size of the canvas on screen. */
  readonly canvas: { readonly width: number; readonly height: number };
  /** Image pixels under the pointer; null outside. */
  readonly pointer: { readonly x: number; readonly y: number } | null;
  /** The prompt and the candidate that are being reviewed. */
  readonly promptId: number | null;
  readonly proposalId: number | null;
  readonly writing: Writing | null;
  /** A box that the reasoning names and the person points at. */
  readonly lit: Box | null;
  /** Radius in image pixels. */
  readonly brush: number;
  readonly wandTolerance: number;
  readonly masksShown: boolean;
  readonly labelsShown: boolean;
  /** The wipe comparison: the mask to hold against the selected shape, and where the edge is, 0 to 1 of the canvas. */
  readonly wipe: { readonly shapeId: number; readonly proposed: Shape['mask']; readonly at: number } | null;
  readonly query: ImageQuery;
  readonly jobs: ReadonlyMap<string, Job>;
  readonly engine: EngineStatus | null;
  readonly saving: Saving;
  readonly settings: Settings;
}

export const emptyWorkbench: Workbench = {
  connected: false,
  project: null,
  labels: new Map(),
  open: null,
  selected: new Set(),
  hovered: null,
  labelId: null,
  tool: 'select',
  view: { scale: 1, x: 0, y: 0 },
  canvas: { width: 1, height: 1 },
  pointer: null,
  promptId: null,
  proposalId: null,
  writing: null,
  lit: null,
  brush: 12,
  wandTolerance: 24,
  masksShown: true,
  labelsShown: true,
  wipe: null,
  query: ImageQuery.parse({}),
  jobs: new Map(),
  engine: null,
  saving: { state: 'saved', at: 0 },
  settings: Settings.parse({}),
};

/** One for the page; tests make their own. */
export const createWorkbench = () => createStore<Workbench>()(() => emptyWorkbench);
export type WorkbenchStore = ReturnType<typeof createWorkbench>;
