// Everything on screen that is not pixels: one store, changed by its own actions alone.
import { createStore } from 'zustand/vanilla';
import { type EngineStatus, ImageQuery, type RepairOrder, type RepairPair } from '../../main/contract/api.ts';
import type { Job } from '../../main/contract/jobs.ts';
import type { TeachProgress } from '../../main/contract/learning.ts';
import type {
  Image,
  Keypoints,
  Label,
  ProjectInfo,
  Review,
  Shape,
  StoredPrompt,
  StoredProposal,
} from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { Settings } from '../../main/contract/settings.ts';
import type { ToolName } from '../../main/contract/tools.ts';

/** What drawing makes: a shape of its own, more of the selected one, or less of it. */
export type Combine = 'new' | 'add' | 'subtract';

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
  readonly prompts: ReadonlyMap<number, StoredPrompt>;
  readonly proposals: ReadonlyMap<number, StoredProposal>;
  /** Keypoints by shape, of shapes that came with them. */
  readonly keypoints?: ReadonlyMap<number, Keypoints>;
}

/** An answer that is being written. */
export interface Writing {
  readonly promptId: number;
  /** Texts by candidate. */
  readonly texts: readonly string[];
  /** Boxes that the text has named so far, in image pixels. */
  readonly boxes: readonly (readonly Box[])[];
  /** Coordinates in the texts are pixels of it; null until the model has begun. */
  readonly frame: StoredProposal['frame'] | null;
}

export type Saving =
  | { readonly state: 'saved'; readonly at: number }
  | { readonly state: 'saving' }
  | { readonly state: 'failed'; readonly problem: string };

/** A pair that was judged, its shape as it stood before, and what undo was called right after. */
export interface JudgedPair {
  readonly pair: RepairPair;
  readonly before: Shape;
  readonly undo: string | null;
}

/** Stepping through what stands against what the model would draw, worst first. */
export interface Repair {
  readonly pair: RepairPair | null;
  /** What pairs are sorted by. */
  readonly order: RepairOrder;
  /** How many are left to judge, this one among them. */
  readonly left: number;
  /** What was judged here, the last one last. */
  readonly judged: readonly JudgedPair[];
  /** The pair was judged before: the host takes it for settled. */
  readonly again: boolean;
  /** Shapes that were put off. */
  readonly skipped: ReadonlySet<number>;
  /** `editing`: the person corrects the shape by hand before going on. */
  readonly stage: 'idle' | 'loading' | 'judging' | 'editing' | 'finished';
}

/** `folder`: a new project, with the images of that folder where there is one; without the field it is there already. */
export interface ReadOnlyProject {
  readonly file: string;
  readonly folder?: string | null;
}

/** What lies over the window; null: nothing. */
export type DialogName =
  | 'open project'
  | 'new project'
  | 'save copy'
  | 'keep elsewhere'
  | 'add images'
  | 'labels'
  | 'settings'
  | 'models'
  | 'keys'
  | 'import'
  | 'export'
  | 'trainer'
  | 'verify'
  | 'teach'
  | 'rewards'
  | 'prompt all'
  | 'jobs'
  | 'help'
  | 'commands';

/** Where something happened: an image, and what of it is to be looked at. */
export interface ImagePlace {
  readonly imageId: number;
  readonly shapeIds: readonly number[];
}

/** One sentence for the person, shown once; a new `id` is a new notice. */
export interface Notice {
  readonly id: number;
  readonly tone: 'good' | 'plain' | 'bad';
  readonly text: string;
  /** Offered to be shown; null: there is nothing to see. */
  readonly where: ImagePlace | null;
}

/** What the lower half of the right side shows. */
export type SidePanel = 'images' | 'review' | 'repair';

export interface Workbench {
  readonly connected: boolean;
  /** One sentence: why there is no connection and none will come by itself; null: there is one, or it is being tried. */
  readonly refused: string | null;
  readonly project: ProjectInfo | null;
  readonly labels: ReadonlyMap<number, Label>;
  readonly open: OpenImage | null;
  /** Ids of shapes. */
  readonly selected: ReadonlySet<number>;
  readonly hovered: number | null;
  /** What new shapes are. */
  readonly labelId: number | null;
  readonly tool: ToolName;
  /** How often a tool was taken up: also the one in hand can be, and then begins anew. */
  readonly taken: number;
  /** The person's choice; what applies is `combineOf`. */
  readonly combine: Combine;
  /** The answer that came last and what was selected then: until a person selects or draws, drawing edits it. */
  readonly answered: { readonly promptId: number; readonly selected: ReadonlySet<number> } | null;
  readonly view: View;
  /** Size of the canvas on screen. */
  readonly canvas: { readonly width: number; readonly height: number };
  /** Image pixels under the pointer; null outside. */
  readonly pointer: { readonly x: number; readonly y: number } | null;
  /** The prompt and the candidate that are being reviewed. */
  readonly promptId: number | null;
  readonly proposalId: number | null;
  /** Which of its objects, from 0; one that the answer does not have stands for its last. */
  readonly objectAt: number;
  /** A prompt is on its way to the model, or its answer is being written. */
  readonly asking: boolean;
  readonly writing: Writing | null;
  /** A box that the reasoning names and the person points at. */
  readonly lit: Box | null;
  /** Radius, in the pixels that the settings say. */
  readonly brush: number;
  readonly wandTolerance: number;
  /** The wand takes only what is connected to the place that was clicked. */
  readonly wandContiguous: boolean;
  /** How many answers are asked for at once. */
  readonly samples: number;
  readonly masksShown: boolean;
  readonly labelsShown: boolean;
  /** The wipe comparison: the mask to hold against the selected shape, and where the edge is, 0 to 1 of the canvas. */
  readonly wipe: { readonly shapeId: number; readonly proposed: Shape['mask']; readonly at: number } | null;
  readonly repair: Repair;
  /** Shapes that were copied; ids and images are given anew on pasting. */
  readonly copied: readonly Shape[];
  readonly query: ImageQuery;
  readonly jobs: ReadonlyMap<string, Job>;
  readonly engine: EngineStatus | null;
  /** The last report of a run; null: none in this session. */
  readonly teaching: TeachProgress | null;
  readonly saving: Saving;
  readonly settings: Settings;
  readonly dialog: DialogName | null;
  /** A project that cannot be written where it is, or was to be made; null: none. */
  readonly readOnly: ReadOnlyProject | null;
  readonly notice: Notice | null;
  readonly side: SidePanel;
  /** The project was just opened: its first image is on its way. */
  readonly entering: boolean;
  /** The image whose first pixels are on the canvas, or cannot be had. */
  readonly pictured: number | null;
  /** The image that is being fetched. */
  readonly opening: number | null;
  /** Where the open image stands in the list; index counts from 0, null when the query leaves it out. */
  readonly position: { readonly index: number | null; readonly total: number } | null;
  /** Grows whenever rows of the image list may have changed. */
  readonly listVersion: number;
  /** Grows when the person wants the panels back where they were at first. */
  readonly layoutVersion: number;
}

export const emptyWorkbench: Workbench = {
  connected: false,
  refused: null,
  project: null,
  labels: new Map(),
  open: null,
  selected: new Set(),
  hovered: null,
  labelId: null,
  tool: 'select',
  taken: 0,
  combine: 'new',
  answered: null,
  view: { scale: 1, x: 0, y: 0 },
  canvas: { width: 1, height: 1 },
  pointer: null,
  promptId: null,
  proposalId: null,
  objectAt: 0,
  asking: false,
  writing: null,
  lit: null,
  brush: 12,
  wandTolerance: 24,
  wandContiguous: true,
  samples: 1,
  masksShown: true,
  labelsShown: true,
  wipe: null,
  repair: { pair: null, order: 'gain', left: 0, judged: [], again: false, skipped: new Set(), stage: 'idle' },
  copied: [],
  query: ImageQuery.parse({}),
  jobs: new Map(),
  engine: null,
  teaching: null,
  saving: { state: 'saved', at: 0 },
  settings: Settings.parse({}),
  dialog: null,
  readOnly: null,
  notice: null,
  side: 'images',
  entering: false,
  pictured: null,
  opening: null,
  position: null,
  listVersion: 0,
  layoutVersion: 0,
};

/** Shows one sentence to the person. */
export const say = (store: WorkbenchStore, tone: Notice['tone'], text: string, where: ImagePlace | null = null): void =>
  store.setState(({ notice }) => ({ notice: { id: (notice?.id ?? 0) + 1, tone, text, where } }));

/** Something was stored, by whatever way it came: a change, an answer, a job. Changes that still wait are not. */
export const savedNow = (store: WorkbenchStore): void =>
  store.setState(({ saving }) => (saving.state === 'saved' ? { saving: { state: 'saved', at: Date.now() } } : {}));

/** One for the page; tests make their own. */
export const createWorkbench = () => createStore<Workbench>()(() => emptyWorkbench);
export type WorkbenchStore = ReturnType<typeof createWorkbench>;
