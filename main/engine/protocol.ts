// Defines the messages between the host and its engine programs: calls by name, their events, results and failures.
import type { TeachProgress } from '../contract/learning.ts';
import type { LiveWire } from '../contract/liveWire.ts';
import type { PackedMask, StoredProposal } from '../contract/project.ts';
import type { Box, Point } from '../contract/records.ts';
import type { TeachOutcome } from '../learn/samples/task.ts';
import type { WireAsk } from '../pictures/liveWire.ts';

/** What the supervisor can start. */
export type ProgramName = 'serve' | 'train';

/** `picture` is the path of an image file, here and below. */
export interface AskArguments {
  readonly picture: string;
  readonly text: string;
  readonly points: readonly Point[];
  readonly box: Box | null;
  readonly samples: number;
  readonly seed: number;
}

export type AskEvent =
  | { readonly kind: 'frame'; readonly frame: { readonly width: number; readonly height: number } }
  | { readonly kind: 'text'; readonly candidate: number; readonly text: string }
  | { readonly kind: 'box'; readonly candidate: number; readonly box: Box };

/** A proposal that has no number yet. */
type NewProposal = Omit<StoredProposal, 'id' | 'promptId'>;

export interface AskResult {
  readonly proposals: NewProposal[];
  /** Mean of 1 - IoU between the samples; null for one sample. */
  readonly spread: number | null;
  readonly firstTokenMs: number;
  readonly ms: number;
}

export interface RefineArguments {
  readonly picture: string;
  readonly points: readonly Point[];
  readonly box: Box | null;
  readonly rough: PackedMask | null;
}

interface MaskResult {
  readonly mask: PackedMask;
  /** Whole call; `decodeMs` of it is the mask itself, without reading and encoding the picture. */
  readonly ms: number;
  readonly decodeMs: number;
}

export interface RepairResult extends MaskResult {
  /** Expected gain in IoU; null where nobody measured these weights. */
  readonly gain: number | null;
  /** 1 - boundary IoU with what stands. */
  readonly boundary: number;
  readonly weights: string;
}

/** Every call of the engine: its arguments, its events and its result. */
export interface Calls {
  ask: { arguments: AskArguments; event: AskEvent; result: AskResult };
  refine: { arguments: RefineArguments; event: never; result: MaskResult & { weights: string; encodings: number } };
  /** What the segmenter would draw in the place of a mask, which is nothing at times. */
  repair: {
    arguments: { picture: string; standing: PackedMask };
    event: never;
    result: RepairResult;
  };
  /** `encodings`, here and above: how often the segmenter's encoder has run since the weights were opened. */
  prepare: { arguments: { picture: string }; event: never; result: { ms: number; encodings: number } };
  cutOut: { arguments: { picture: string; box: Box }; event: never; result: MaskResult };
  wand: {
    arguments: { picture: string; x: number; y: number; tolerance: number; contiguous?: boolean };
    event: never;
    result: MaskResult;
  };
  /** Intelligent scissors: the cheapest ways along edges from a place. */
  wire: { arguments: { picture: string } & WireAsk; event: never; result: { wire: LiveWire; ms: number } };
  /** A call of the program `train`: makes the run whose task lies in the folder; called again, it goes on. */
  teach: { arguments: { folder: string }; event: TeachProgress; result: TeachOutcome & { ms: number } };
}
export type CallName = keyof Calls;

/** Urgent calls interrupt a batch between two tokens; of a batch's calls one runs at a time. */
export type Urgency = 'urgent' | 'batch';

export type Request = {
  [N in CallName]: { readonly name: N; readonly arguments: Calls[N]['arguments'] };
}[CallName];

export type ToEngine =
  | {
      readonly kind: 'open';
      readonly weights: string;
      readonly segmenter: string | null;
      readonly provider: string;
      /** The folder where features of pictures are kept; null: nowhere. */
      readonly features: string | null;
    }
  | { readonly kind: 'call'; readonly id: number; readonly urgency: Urgency; readonly request: Request }
  | { readonly kind: 'cancel'; readonly id: number };

/** `bad input` is the person's to mend; `no model`: the weights could not be opened; `fault` is ours. */
export interface Failure {
  readonly reason: 'bad input' | 'no model' | 'no room' | 'cancelled' | 'fault';
  readonly message: string;
}

export type FromEngine =
  | { readonly kind: 'opened'; readonly weights: string; readonly device: string; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly problem: string }
  | { readonly kind: 'event'; readonly id: number; readonly event: Calls[CallName]['event'] }
  | { readonly kind: 'done'; readonly id: number; readonly result: Calls[CallName]['result'] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure };
