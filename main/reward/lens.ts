// Computes the unified reward of LENS: format, box and mask terms of a rollout (text and mask) against a sample's box and mask.

import { type AnswerDialect, type AnswerReading, BLANK, readAnswer } from '../contract/answer.ts';
import { boxIou } from '../contract/geometry.ts';
import type { Box, Mask } from '../contract/records.ts';
import { maskArea, sharedArea } from '../contract/rle.ts';

const THINK_THEN_ANSWER = new RegExp(`^<think>.*?</think>${BLANK}*<answer>.*?</answer>`, 's');
const BOX_TOKENS = /^<\|object_ref_start\|>.*?<\|object_ref_end\|><\|box_start\|>.*?<\|box_end\|><\|im_end\|>/;

export interface Reward {
  readonly format: number;
  readonly box: number;
  readonly mask: number;
  readonly total: number;
}

/** What a rollout is held against; nulls when nothing in the image matches. The box is in the reasoner's frame. */
export interface RewardTarget {
  readonly box: Box | null;
  readonly mask: Mask | null;
}

/** How the terms are counted. LENS squares both overlaps; its recipes without a chain of thought drop `format`. */
export interface RewardOptions {
  readonly dialect: AnswerDialect;
  readonly squared?: boolean;
  readonly terms?: readonly ('format' | 'box' | 'mask')[];
}

/** 1 when the text starts with <think>..</think><answer>..</answer>; LENS's `think_format`. */
export const thinkFormat = (text: string): number => (THINK_THEN_ANSWER.test(text) ? 1 : 0);

/** 1 when the text starts with Qwen's own grounding tokens on one line; LENS's `pr1_grounding_format`. */
export const groundingFormat = (text: string): number => (BOX_TOKENS.test(text) ? 1 : 0);

/** 1 for a text of the right form; dialect `loupe` also wants its answer to be readable. */
export function formatReward(text: string, dialect: AnswerDialect): number {
  if (dialect === 'loupe' && readAnswer(text, dialect).found === 'unreadable') return 0;
  return thinkFormat(text);
}

/** The format reward of a list of objects, as nano writes it. */
export const listFormat = (text: string): number => formatReward(text, 'loupe');

/** IoU of two masks with LENS's 1e-6 under the line, so two empty ones give 0; squared unless told otherwise. */
export function maskReward(prediction: Mask, target: Mask, squared = true): number {
  const shared = sharedArea(prediction, target);
  const iou = shared / (maskArea(prediction) + maskArea(target) - shared + 1e-6);
  return squared ? iou ** 2 : iou;
}

export function boxReward(prediction: Box | null, target: Box, squared = true): number {
  const iou = prediction === null ? 0 : boxIou(prediction, target);
  return squared ? iou ** 2 : iou;
}

/** The unified reward. Where nothing matches, saying so earns the box term and leaving the mask empty the mask term. */
export function unifiedReward(
  rollout: { readonly text: string; readonly mask: Mask | null },
  target: RewardTarget,
  options: RewardOptions,
): Reward {
  const squared = options.squared ?? true;
  const answer = readAnswer(rollout.text, options.dialect);
  const terms = {
    format: formatReward(rollout.text, options.dialect),
    box: target.box === null ? saidNothing(answer) : boxReward(answer.objects[0]?.box ?? null, target.box, squared),
    mask: maskTerm(rollout.mask, target.mask, squared),
  };
  const counted = options.terms ?? ['format', 'box', 'mask'];
  return { ...terms, total: counted.reduce((sum, term) => sum + terms[term], 0) };
}

const saidNothing = (answer: AnswerReading): number => (answer.found === 'nothing' ? 1 : 0);

function maskTerm(prediction: Mask | null, target: Mask | null, squared: boolean): number {
  const empty = prediction === null || maskArea(prediction) === 0;
  if (target === null) return empty ? 1 : 0;
  return prediction === null ? 0 : maskReward(prediction, target, squared);
}
