// Adds clicks to the prompts of a training step where the mask that the policy draws now is wrong, and that mask itself.
// Degraded masks show what annotators get wrong; only the policy's own masks show what it gets wrong itself. As in SAM's
// training (Kirillov et al. 2023, appendix A), a prompt is answered, corrected and asked again.
import { floats, type NamedValues } from '../../../models/graph/value.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Session } from '../../../models/runtime/session.ts';
import type { Random } from '../../contract/random.ts';
import type { Feeder } from '../../learn/loop/loop.ts';
import { nextClick } from '../../pictures/distance.ts';
import { promptSlots, samSide, targetSide } from '../parameters/layout.ts';
import type { Nano } from '../parameters/nano.ts';
import { stepDraw } from '../parameters/seeds.ts';
import { askFeeds, type PromptExample, type Slot } from './segmenterBatch.ts';
import { answeredGraph } from './segmenterGraph.ts';

/** Rounds of one step; most steps have none, as each costs a pass forward. */
const rounds = [0, 0, 1, 1, 2] as const;
/** Share of the prompts of a round that change; the rest stays as it is, so that first prompts are practised in every step. */
const shares = { click: 0.5, again: 0.12 };
const frame = { width: targetSide, height: targetSide };

/** The feeds of another feeder, some of their prompts carried on. */
export class OwnMistakes implements Feeder<unknown> {
  private readonly first: Feeder<unknown>;
  private readonly nano: Nano;
  private opened: Promise<{ session: Session; feeds: Record<string, Float32Array> }> | null = null;

  constructor(first: Feeder<unknown>, nano: Nano) {
    this.first = first;
    this.nano = nano;
  }

  async feed(samples: readonly unknown[], step: number): Promise<NamedValues> {
    let feeds = await this.first.feed(samples, step);
    const draw = stepDraw(this.nano.seed, step, 17);
    for (let round = draw.pick(rounds); round > 0; round--) feeds = await this.carriedOn(feeds, draw);
    return feeds;
  }

  async release(): Promise<void> {
    await (await this.opened)?.session.release();
    await this.first.release();
  }

  private async carriedOn(feeds: NamedValues, draw: Random): Promise<NamedValues> {
    this.opened ??= this.open();
    const { session, feeds: parameters } = await this.opened;
    const { samImage, at, labels, roughMask, hasRough } = feeds;
    const answered = await session.run(named({ samImage, at, labels, roughMask, hasRough }, parameters));
    return {
      ...feeds,
      ...secondRoundFeeds(feeds, { masks: floats(answered, 'masks'), iou: floats(answered, 'iou') }, draw),
    };
  }

  private async open() {
    const { parameters, segmenter } = this.nano;
    const source = parameters.source();
    const session = await Session.create(answeredGraph(paramsFrom(source).at('sam'), segmenter), { purpose: 'infer' });
    return { session, feeds: parameters.feeds(source.tensors.keys()) };
  }
}

function named(data: Record<string, NamedValues[string] | undefined>, parameters: NamedValues): NamedValues {
  const missing = Object.entries(data).find(([, value]) => value === undefined);
  if (missing) throw new Error(`The batch has no ${missing[0]}.`);
  return { ...(data as NamedValues), ...parameters };
}

/** Logits [prompts, masks, side, side] and the IoU that each is believed to have. */
export interface PromptLogits {
  readonly masks: Float32Array;
  readonly iou: Float32Array;
}

/** Feeds of all prompts, of which some have the answer as their rough mask, and most of those a click where it is wrong. */
export function secondRoundFeeds(feeds: NamedValues, answered: PromptLogits, draw: Random): NamedValues {
  const target = floats(feeds, 'target');
  const area = targetSide ** 2;
  const prompts = target.length / area;
  const changed = Array.from({ length: prompts }, (_, i) => {
    const roll = draw.next();
    if (roll >= shares.click + shares.again) return null;
    const mask = bestMask(answered, i, prompts);
    const truth = Uint8Array.from(target.subarray(i * area, (i + 1) * area), (share) => (share > 0.5 ? 1 : 0));
    return askedAgain({ slots: slotsOf(feeds, i), rough: mask }, truth, { draw, isClicked: roll < shares.click });
  });
  return replaced(feeds, changed);
}

function askedAgain(
  ask: PromptExample,
  truth: Uint8Array,
  how: { draw: Random; isClicked: boolean },
): PromptExample | null {
  const { slots, rough } = ask;
  if (!rough?.some((value) => value === 1) || slots.length >= promptSlots) return null;
  const click = how.isClicked ? nextClick(rough, truth, frame) : null;
  if (!click) return ask;
  const scale = samSide / targetSide;
  const [x, y] = [click.x + how.draw.next(), click.y + how.draw.next()];
  return { slots: [...slots, { x: x * scale, y: y * scale, label: click.inside ? 1 : 0 }], rough };
}

/** What the segmenter itself believes to be the best of a prompt's masks. */
function bestMask({ masks, iou }: PromptLogits, prompt: number, prompts: number): Uint8Array {
  const count = iou.length / prompts;
  const own = iou.subarray(prompt * count, (prompt + 1) * count);
  const best = own.indexOf(Math.max(...own));
  const area = masks.length / iou.length;
  const from = (prompt * count + best) * area;
  return Uint8Array.from(masks.subarray(from, from + area), (logit) => (logit > 0 ? 1 : 0));
}

function slotsOf(feeds: NamedValues, prompt: number): Slot[] {
  const [at, labels] = [floats(feeds, 'at'), feeds.labels];
  return Array.from({ length: promptSlots }, (_, k) => {
    const slot = prompt * promptSlots + k;
    return { x: Number(at[slot * 2]), y: Number(at[slot * 2 + 1]), label: labelOf(Number(labels?.[slot])) };
  }).filter(({ label }) => label >= 0);
}

const labelOf = (value: number): Slot['label'] => ([0, 1, 2, 3] as const).find((label) => label === value) ?? -1;

/** Copies, with the prompts that are not null written over. */
function replaced(feeds: NamedValues, changed: readonly (PromptExample | null)[]): NamedValues {
  const side = samSide / 4;
  const sizes = { at: promptSlots * 2, roughMask: side * side, hasRough: 1 };
  const copies = { at: floats(feeds, 'at').slice(), roughMask: floats(feeds, 'roughMask').slice() };
  const out = { ...copies, hasRough: floats(feeds, 'hasRough').slice(), labels: BigInt64Array.from(bigs(feeds)) };
  changed.forEach((ask, i) => {
    if (!ask) return;
    const one = askFeeds([ask]);
    for (const name of ['at', 'roughMask', 'hasRough'] as const) out[name].set(one[name], i * sizes[name]);
    out.labels.set(one.labels, i * promptSlots);
  });
  return out;
}

function bigs({ labels }: NamedValues): BigInt64Array {
  if (!(labels instanceof BigInt64Array)) throw new Error('The batch has no labels.');
  return labels;
}
