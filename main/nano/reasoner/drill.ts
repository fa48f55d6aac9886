// Makes exercises of the reasoner without a picture: one list, and as many questions about it as there is room for.
// The list is most of what an answer costs, and one decision a list is little to learn them from.
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import type { Random } from '../../contract/random.ts';
import { type Drill, drillLength } from '../../learn/turns/sequence.ts';
import { turnTokens } from '../../learn/turns/turnTokens.ts';
import { decisionText, itemsText, listedText } from '../../scenes/answerText.ts';
import { arrange } from '../../scenes/arrange.ts';
import { compositional } from '../../scenes/prompts/compositional.ts';
import { disambiguation } from '../../scenes/prompts/disambiguation.ts';
import type { Builder, PromptDraft } from '../../scenes/prompts/draft.ts';
import { spatialKinds } from '../../scenes/prompts/spatial.ts';
import type { Arrangement } from '../../scenes/scene.ts';
import { cells } from '../parameters/layout.ts';

/** What is decided from the list alone, each as often as the others. */
const builders: readonly Builder[] = [...spatialKinds, compositional, disambiguation];
const attempts = 30;
const things = [3, 8] as const;

/** A drill of at most `tokens`. Scenes that leave nothing to ask are drawn again; `more` is asked as often as each of the others. */
export function makeDrill(
  tokenizer: NanoTokenizer,
  random: Random,
  tokens: number,
  more: readonly Builder[] = [],
): Drill {
  for (;;) {
    const arrangement = arrange(random, random.int(...things));
    const drill = drillOf(tokenizer, arrangement, { random, tokens, more });
    if (drill.turns.length > 0) return drill;
  }
}

/** Each question at most once; those that do not fit are left out. */
export function drillOf(
  tokenizer: NanoTokenizer,
  arrangement: Arrangement,
  { random, tokens, more = [] }: { random: Random; tokens: number; more?: readonly Builder[] },
): Drill {
  const kinds = [...builders, ...more];
  const list = tokenizer.encode(listedText(arrangement));
  const drill: Drill = { opening: openingOf(tokenizer), list, turns: [] };
  const asked = new Set<string>();
  for (let attempt = 0; attempt < attempts; attempt++) {
    const draft = random.pick(kinds)(arrangement, random);
    if (!draft || asked.has(draft.text)) continue;
    asked.add(draft.text);
    const turns = [...drill.turns, turnOf(tokenizer, draft, arrangement)];
    if (drillLength({ ...drill, turns }) <= tokens) drill.turns = turns;
  }
  return drill;
}

/** Writes the turn up to where the answer's box would begin; turns with several boxes also name and copy them. */
function turnOf(tokenizer: NanoTokenizer, { text, decision, targets = [] }: PromptDraft, stage: Arrangement) {
  const told = decisionText(decision) + (targets.length > 1 ? itemsText(stage, targets) : '');
  return turnTokens(tokenizer, text, { answer: tokenizer.encode(told), side: cells }).turn;
}

/** Where no picture is shown, nothing stands for it either. */
function openingOf(tokenizer: NanoTokenizer): number[] {
  const { ids, imageStart, side } = turnTokens(tokenizer, '', { answer: [], side: cells }).head;
  return ids.toSpliced(imageStart, side * side);
}
