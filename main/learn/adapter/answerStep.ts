// Takes a step's loss and gradients in runs one after another, so that memory holds one row, or the gradients of few tensors, at a time.
// With l, s the log-probabilities and query states of all rows: dJ/dw = sum over rows of dJ/dl dl/dw + dJ/ds ds/dw, by the chain rule.

import { add, mul } from '../../../models/graph/elementwise.ts';
import { grad } from '../../../models/graph/grad.ts';
import { reduceSum } from '../../../models/graph/reduce.ts';
import { input, size, type Tensor } from '../../../models/graph/tensor.ts';
import { floats, type NamedValues, type Runner, type Value } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import { detach } from '../../../models/train/trainer.ts';
import type { PartOfStep } from '../../contract/learning.ts';
import { entry } from '../../contract/lookup.ts';
import { joined } from '../loop/joinFloats.ts';
import { type BetweenRuns, untold } from '../loop/stepClock.ts';
import { sourceOf } from './adapterPolicy.ts';
import { answerLoss } from './answerLoss.ts';
import { answerPass, rowFeeds, rowOf } from './answerPass.ts';
import type { AnswerBatch, AnswerPolicy } from './answerTask.ts';

type Outputs = Readonly<Record<string, Tensor>>;

/** Graphs of a step, in the order in which they are run. */
export interface StepGraphs {
  /** Of one row: `logProbs`, and `states` where masks are drawn. */
  readonly read: Outputs;
  /** Of all rows: loss, figures, and the loss's gradients by `logProbs` and `states`. */
  readonly judge: Outputs;
  /** Of one row, by its part of those gradients: those of updates and queries. */
  readonly learn: Outputs;
  /** Of all rows: gradients of what draws, some tensors each. */
  readonly draw: readonly Outputs[];
}

/** Gradients that leave a run are held twice while they are copied: so many numbers of them at a time, or one tensor. */
const drawnAtOnce = 128e6;

const gradientOf = (name: string): string => `grad.${name}`;
const isGradient = (name: string): boolean => name.startsWith('grad.');

/** What is read at once of a batch. */
export const oneRow = (batch: AnswerBatch): AnswerBatch => ({ ...batch, rows: 1 });

/** [rows * answer] log-probabilities and [rows, queries, hidden] states. */
function readRows(policy: AnswerPolicy, batch: AnswerBatch) {
  const { logProbs, states, parameters } = answerPass(policy, batch);
  return { outputs: { logProbs, ...(states && { states }) }, parameters };
}

export function stepGraphs(policy: AnswerPolicy, batch: AnswerBatch): StepGraphs {
  const row = oneRow(batch);
  return { read: readRows(policy, row).outputs, ...judged(policy, batch), learn: learnt(policy, row) };
}

/** By what was read of all rows, which is fed. */
function judged(policy: AnswerPolicy, batch: AnswerBatch): Pick<StepGraphs, 'judge' | 'draw'> {
  const { rows, answer, queries } = batch;
  const { source, factors } = sourceOf(policy);
  const logProbs = input('logProbs', [rows, answer]);
  const states = queries && input('states', [rows, queries.count, policy.weights.reasoner.language.hidden]);
  const { loss, figures } = answerLoss(policy, batch, { logProbs, states, params: paramsFrom(source) });
  const gradients = (wrt: ReadonlyMap<string, Tensor>) => {
    const [names, tensors] = [[...wrt.keys()], [...wrt.values()]];
    return Object.fromEntries(grad(loss, tensors).map((g, i) => [gradientOf(entry(names, i, 'tensors')), g]));
  };
  const wrt = new Map([['logProbs', logProbs] as const, ...(states ? [['states', states] as const] : [])]);
  return {
    judge: { loss, ...figures, ...gradients(wrt) },
    draw: inGroups([...factors.tensors]).map((some) => gradients(new Map(some))),
  };
}

/** Largest first: it is copied while the fewest others are held. */
function inGroups(tensors: readonly (readonly [string, Tensor])[]): (readonly [string, Tensor])[][] {
  const groups: (readonly [string, Tensor])[][] = [];
  let room = 0;
  for (const one of tensors.toSorted(([, a], [, b]) => size(b.shape) - size(a.shape))) {
    const count = size(one[1].shape);
    if (count > room) {
      groups.push([]);
      room = drawnAtOnce;
    }
    groups.at(-1)?.push(one);
    room -= count;
  }
  return groups;
}

function learnt(policy: AnswerPolicy, row: AnswerBatch): Outputs {
  const { outputs, parameters } = readRows(policy, row);
  const terms = Object.entries(outputs).map(([name, tensor]) => {
    const weighed = mul(tensor, input(gradientOf(name), tensor.shape));
    return reduceSum(
      weighed,
      tensor.shape.map((_, axis) => axis),
    );
  });
  const loss = terms.reduce((sum, term) => add(sum, term));
  const names = [...parameters.keys()];
  const gradients = grad(loss, [...parameters.values()]);
  return Object.fromEntries(gradients.map((g, i) => [gradientOf(entry(names, i, 'parameters')), g]));
}

/**
 * Fed as one graph of the whole step is, and gives the same. Each graph is open only while it is run: what ONNX Runtime
 * takes for it goes back to the system as a whole. A loss that is no number is given without gradients, which would be none
 * either and take most of the time.
 */
export function answerStep(
  policy: AnswerPolicy,
  batch: AnswerBatch,
  between: BetweenRuns = untold,
): Pick<Runner, 'run'> {
  const { folder } = policy.weights;
  const { read, judge, learn, draw } = stepGraphs(policy, batch);
  return {
    run: async (feeds) => {
      const found = await opened(read, folder, (session) =>
        runByRows(session, { feeds, part: 'reading', between }, batch),
      );
      await between({ name: 'judging', done: 0, of: 1 });
      const given = { ...feeds, ...found };
      const results = await opened(judge, folder, (session) => session.run(given));
      const [gradients, shown] = [only(results, isGradient), only(results, (name) => !isGradient(name))];
      if (!isFiniteLoss(shown)) return shown;
      const learning = await opened(learn, folder, (session) =>
        summedOverRows(session, { feeds, gradients, between }, batch),
      );
      const all: Record<string, Value> = { ...shown, ...learning };
      for (const [done, group] of draw.entries()) {
        await between({ name: 'drawing gradients', done, of: draw.length });
        Object.assign(all, await opened(group, folder, (session) => session.run(given)));
      }
      return all;
    },
  };
}

/** Opens a graph of training for as long as it is used. Between rows it holds nothing: a run of one takes many seconds. */
export async function opened<T>(
  outputs: Outputs,
  folder: string | undefined,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await Session.create(outputs, { purpose: 'train', folder, keepsMemory: false });
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

const isFiniteLoss = (outputs: NamedValues): boolean => Number.isFinite(floats(outputs, 'loss')[0]);

const only = (values: NamedValues, wanted: (name: string) => boolean): NamedValues =>
  Object.fromEntries(Object.entries(values).filter(([name]) => wanted(name)));

/** Outputs of all rows behind one another; `feeds` are those of a batch. */
export async function runByRows(
  session: Session,
  { feeds, part, between }: { feeds: NamedValues; part: PartOfStep['name']; between: BetweenRuns },
  batch: AnswerBatch,
): Promise<Record<string, Float32Array>> {
  const found: Record<string, Value>[] = [];
  for (let row = 0; row < batch.rows; row++) {
    await between({ name: part, done: row, of: batch.rows });
    found.push(await session.run({ ...feeds, ...rowFeeds(feeds, batch, row) }));
  }
  const names = Object.keys(found[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, joined(found.map((one) => floats(one, name)))]));
}

async function summedOverRows(
  session: Session,
  { feeds, gradients, between }: { feeds: NamedValues; gradients: NamedValues; between: BetweenRuns },
  batch: AnswerBatch,
): Promise<Record<string, Float32Array>> {
  const sums: Record<string, Float32Array> = {};
  for (let row = 0; row < batch.rows; row++) {
    await between({ name: 'learning', done: row, of: batch.rows });
    const weighed = Object.entries(gradients).map(([name, values]) => [name, rowOf(values, batch, row)] as const);
    const found = await session.run({ ...feeds, ...rowFeeds(feeds, batch, row), ...Object.fromEntries(weighed) });
    for (const name of Object.keys(found)) sums[name] = added(sums[name], floats(found, name));
  }
  return sums;
}

function added(sum: Float32Array | undefined, values: Float32Array): Float32Array {
  if (!sum) return values;
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0);
  detach(values);
  return sum;
}
