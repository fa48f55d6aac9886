// Lists the papers' ablations at nano scale: what each row compares, and what LENS and Seg-Zero claim of it.
import type { RewardTerm } from '../reward/objects.ts';

/** Trained from its first values between a frozen reasoner and a frozen segmenter. */
export interface ContextVariant {
  readonly kind: 'context';
  readonly queries: number;
  /** Transformer blocks of the connector; none: what is left is the MLP behind it. */
  readonly blocks: number;
}

/** What the segmenter gets of an answer, without any training. */
export interface PipelineVariant {
  readonly kind: 'pipeline';
  readonly told: 'box' | 'box and points' | 'token' | 'token and box';
}

/** Goes on from a policy that was taught alike for all variants of a seed, by what answers should be or by what they earn. */
export interface AnswerVariant {
  readonly kind: 'answers';
  readonly by: 'nothing' | 'supervised' | 'rewards';
  /** Whether answers reason before they name boxes. */
  readonly reasons: boolean;
  /** What answers earn. */
  readonly earns: readonly RewardTerm[];
  /** Whether the context module is the one that the weights were aligned with; else it begins from first values. */
  readonly aligned: boolean;
}

export type Variant = ContextVariant | PipelineVariant | AnswerVariant;

const unified: AnswerVariant = {
  ...{ kind: 'answers', by: 'rewards', reasons: true, aligned: true },
  earns: ['format', 'box', 'mask'],
};

/** Variants under the names that files and tables have. */
export const variants: Readonly<Record<string, Variant>> = {
  'queries-1': { kind: 'context', queries: 1, blocks: 1 },
  'queries-4': { kind: 'context', queries: 4, blocks: 1 },
  'queries-16': { kind: 'context', queries: 16, blocks: 1 },
  'queries-64': { kind: 'context', queries: 64, blocks: 1 },
  'connector-mlp': { kind: 'context', queries: 16, blocks: 0 },
  'no-context': { kind: 'context', queries: 0, blocks: 0 },
  'box-alone': { kind: 'pipeline', told: 'box' },
  'box-and-points': { kind: 'pipeline', told: 'box and points' },
  'released-token': { kind: 'pipeline', told: 'token' },
  'released-token-and-box': { kind: 'pipeline', told: 'token and box' },
  start: { ...unified, by: 'nothing' },
  'start-no-reasoning': { ...unified, by: 'nothing', reasons: false },
  supervised: { ...unified, by: 'supervised' },
  'supervised-no-reasoning': { ...unified, by: 'supervised', reasons: false },
  rewards: unified,
  'rewards-no-reasoning': { ...unified, reasons: false },
  'rewards-no-mask': { ...unified, earns: ['format', 'box'] },
  'rewards-no-format': { ...unified, earns: ['box', 'mask'] },
  'rewards-no-alignment': { ...unified, aligned: false },
};

/** Variants that are read beside each other; one may stand in several rows and is run once. */
export const rows: Readonly<Record<string, readonly string[]>> = {
  queries: ['no-context', 'queries-1', 'queries-4', 'queries-16', 'queries-64'],
  connector: ['connector-mlp', 'queries-16'],
  rewards: ['start', 'rewards', 'rewards-no-mask', 'rewards-no-format', 'rewards-no-alignment'],
  learning: [
    ...['start', 'supervised', 'rewards'],
    ...['start-no-reasoning', 'supervised-no-reasoning', 'rewards-no-reasoning'],
  ],
  pipeline: ['queries-16', 'no-context', 'released-token', 'released-token-and-box', 'box-and-points', 'box-alone'],
};

export interface Claim {
  readonly row: string;
  readonly says: string;
  /** The figure that decides, and the variant in which the paper finds more of it. */
  readonly figure: string;
  readonly more: string;
  readonly less: string;
}

/** Both kinds of boxes are learnt from, so a token is needed where the box misleads; under true boxes the box says all. */
const misled = 'misled gIoU';

export const claims: readonly Claim[] = [
  {
    ...{ row: 'queries', figure: misled, more: 'queries-64', less: 'queries-1' },
    says: 'LENS: 64 context queries mask better than one (87.9 and 85.9 cIoU)',
  },
  {
    ...{ row: 'queries', figure: misled, more: 'queries-16', less: 'queries-1' },
    says: 'LENS: 16 context queries mask better than one (87.4 and 85.9 cIoU)',
  },
  {
    ...{ row: 'connector', figure: misled, more: 'queries-16', less: 'connector-mlp' },
    says: 'LENS: a transformer connects better than an MLP (87.8 and 72.8 cIoU)',
  },
  {
    ...{ row: 'pipeline', figure: misled, more: 'queries-16', less: 'no-context' },
    says: 'LENS: under a misleading box the context token still says what is meant (trained alike without a token)',
  },
  {
    ...{ row: 'pipeline', figure: 'gIoU', more: 'queries-16', less: 'no-context' },
    says: 'LENS: the context token masks better than the box alone where the box is right (trained alike)',
  },
  {
    ...{ row: 'pipeline', figure: 'gIoU', more: 'released-token', less: 'box-alone' },
    says: 'LENS: the context token needs no box',
  },
  {
    ...{ row: 'pipeline', figure: 'gIoU', more: 'box-and-points', less: 'box-alone' },
    says: 'Seg-Zero: two points beside the box mask better than the box alone (53.8 and 53.6 gIoU)',
  },
  {
    ...{ row: 'rewards', figure: 'gIoU', more: 'rewards', less: 'rewards-no-mask' },
    says: 'LENS: a reward of the mask adds to those of form and box (82.7 and 81.9 cIoU)',
  },
  {
    ...{ row: 'rewards', figure: 'format', more: 'rewards', less: 'rewards-no-format' },
    says: 'LENS: without a reward of form answers lose their form',
  },
  {
    ...{ row: 'rewards', figure: 'gIoU', more: 'rewards', less: 'rewards-no-alignment' },
    says: 'LENS: rewards want a context module that was aligned before (81.9 and 72.3 cIoU)',
  },
  {
    ...{ row: 'learning', figure: 'gIoU', more: 'rewards', less: 'supervised' },
    says: 'Seg-Zero: rewards teach more than supervised steps in domain (73.6 and 70.8 cIoU)',
  },
  {
    ...{ row: 'learning', figure: 'shifted gIoU', more: 'rewards', less: 'supervised' },
    says: 'Seg-Zero: rewards teach more than supervised steps out of domain (53.8 and 44.9 gIoU)',
  },
  {
    ...{ row: 'learning', figure: 'own scenes', more: 'rewards', less: 'supervised' },
    says: 'Seg-Zero: rewards forget less than supervised steps',
  },
  {
    ...{ row: 'learning', figure: 'shifted gIoU', more: 'rewards', less: 'rewards-no-reasoning' },
    says: 'Seg-Zero: rewards teach more where answers reason (53.8 and 51.3 gIoU out of domain)',
  },
];

/** Variants of the rows, each once, in the order of the rows. */
export const variantsOf = (names: readonly string[]): string[] => [
  ...new Set(names.flatMap((name) => rows[name] ?? [])),
];
