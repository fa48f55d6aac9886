// Turns pictures with named things into questions and whole answers in nano's own form, with reasoning or without; packs a step's rows.
import type { NamedValues } from '../../models/graph/value.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { random } from '../contract/random.ts';
import type { DecodedImage } from '../contract/records.ts';
import type { ShiftedPicture } from '../evaluate/shiftedDomain.ts';
import { joined } from '../learn/loop/joinFloats.ts';
import type { Objective, Run } from '../learn/loop/loop.ts';
import type { RewardedPolicy } from '../learn/rl/reinforcement.ts';
import type { UnseededQuestion } from '../learn/rl/rlTier.ts';
import type { TaughtTurn } from '../learn/samples/lesson.ts';
import { perRow, rowOf } from '../learn/supervised/supervisedTier.ts';
import { taughtTurns } from '../learn/supervised/taughtTurns.ts';
import { frameOf, imageStartOf, type PolicyParts, patchValues } from '../learn/turns/squarePolicy.ts';
import { tables } from '../learn/turns/tokenTables.ts';
import { labelFeeds, labelsOf, type Row, rowFeeds } from '../learn/turns/turnBatch.ts';
import { pictures, readTurns, tokenLoss } from '../learn/turns/turnLoss.ts';
import { linesOf } from '../nano/parameters/numberLines.ts';

/** What an answer begins with that names boxes at once. */
export const withoutReasoning = '<think></think><answer>```json\n[';

/** Whether answers reason: always, never, or in every other row. */
export type AnswerReasoning = 'reasoned' | 'bare' | 'both';

/** Rows of a step, and their tokens. */
const shape = { rows: 5, tokens: 256 } as const;
const rate = { base: 2.5e-4, warmup: 5, visual: 0.5 } as const;
const STREAM = 90_000;

/** One for each name on a picture, and one for a name that is not there. */
export const questionsAbout = (
  shown: readonly ShiftedPicture[],
  names: readonly string[],
  begun?: string,
): UnseededQuestion[] =>
  shown.flatMap(({ image, things }, i) => {
    const there = [...new Set(things.map(({ name }) => name))];
    const absent = names.filter((name) => !there.includes(name));
    const [nothing] = absent.slice(i % Math.max(1, absent.length));
    return [...there, ...(nothing === undefined ? [] : [nothing])].map((text) => ({
      ...{ text, begun, read: async () => image },
      objects: things.filter(({ name }) => name === text).map(({ box, mask }) => ({ box, mask })),
    }));
  });

interface ShownRow {
  readonly image: DecodedImage;
  readonly row: Row;
}

/** Next tokens of whole answers; the reasoner learns, its rows of words do not, as in the supervised tier. */
const supervision = (names: readonly string[], form: AnswerReasoning, seed: number): SupervisedObjective => ({
  graph({ parameters, parts }) {
    const source = parameters.source();
    const p = paramsFrom(source);
    const frame = frameOf(parts);
    const { rows, tokens } = shape;
    const features = pictures(p, parts.reasoner, { count: rows, grid: frame.grid });
    const place = { pictures: rows, plain: 0, tokens, imageStart: imageStartOf(parts.tokenizer, frame) };
    const { hidden } = readTurns(p, parts.reasoner, features, place);
    const { loss, right } = tokenLoss(p, parts.reasoner, { hidden, first: rows * perRow, second: 0 });
    return { loss, figures: { right }, parameters: source.tensors, trains: (name) => !tables.test(name) };
  },
  open: async ({ parts }) => ({
    feed: async (shown, step) => feedsOf(parts, rowsOf(parts, shown, { names, form, seed: seed + step })),
    release: async () => {},
  }),
});

type SupervisedObjective = Objective<RewardedPolicy, ShiftedPicture, null>;

interface Supervising {
  readonly names: readonly string[];
  readonly form: AnswerReasoning;
  readonly seed: number;
}

function rowsOf(parts: PolicyParts, shown: readonly ShiftedPicture[], { names, form, seed }: Supervising): ShownRow[] {
  return shown.map(({ image, things }, i) => {
    const { pixels: side, cells } = frameOf(parts);
    const [across, down] = [side / image.width, side / image.height];
    const named = things.map(({ name, box: { x1, y1, x2, y2 } }) => {
      return { name, box: { x1: x1 * across, y1: y1 * down, x2: x2 * across, y2: y2 * down } };
    });
    const { tokenizer } = parts;
    const turns = taughtTurns(named, names, { tokenizer, draw: random(seed, STREAM + i) });
    const isBare = form === 'bare' || (form === 'both' && i % 2 === 1);
    const asked = isBare ? turns.map(bare) : turns;
    const row = rowOf(parts, asked, { side: cells, tokens: shape.tokens });
    if (!row) throw new Error('No question about a picture fits into a row.');
    return { image, row };
  });
}

const bare = ({ question, answer }: TaughtTurn): TaughtTurn => ({
  question,
  answer: answer.replace(/^<think>.*<\/think>/su, '<think></think>'),
});

function feedsOf(parts: PolicyParts, shown: readonly ShownRow[]): NamedValues {
  const rows = shown.map(({ row }) => row);
  const [coordinates] = linesOf(parts.tokenizer);
  const all = { first: 0, tokens: shape.tokens, capacity: shape.rows * perRow };
  return {
    pixels: joined(shown.map(({ image }) => patchValues(parts, image))),
    ...rowFeeds(rows, parts.reasoner.language),
    ...labelFeeds(coordinates ? [coordinates.ids] : [], labelsOf(rows, all)),
  };
}

/** Goes on until it is stopped, at a constant rate: a budget of time has no last step to fall towards. */
export function supervisedAnswers(
  policy: RewardedPolicy,
  shown: readonly ShiftedPicture[],
  { names, form, seed, steps }: Supervising & { steps: number },
): Run<RewardedPolicy, ShiftedPicture, null> {
  return {
    ...{ name: 'answers', steps, policy, objective: supervision(names, form, seed), shape: null, perStep: shape.rows },
    settings: {
      schedule: { kind: 'constant', base: rate.base, warmup: rate.warmup, total: steps },
      optimiser: { weightDecay: 0.01, betas: [0.9, 0.98] },
      rateOf: (name) => (name.startsWith('visual.') ? rate.visual : 1),
      decays: (name) => name.endsWith('weight') && !/norm/u.test(name),
    },
    samples: (step) => {
      const draw = random(seed, STREAM + 1000 + step);
      return Array.from({ length: shape.rows }, () => draw.pick(shown));
    },
  };
}
