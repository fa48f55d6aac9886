// The exercise without a picture: every question and decision is one that a conversation about the same things would hold.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { drillLength } from '../../../main/learn/turns/sequence.ts';
import { turnTokens } from '../../../main/learn/turns/turnTokens.ts';
import { cells, reasonerBatch } from '../../../main/nano/parameters/layout.ts';
import { drillOf, makeDrill } from '../../../main/nano/reasoner/drill.ts';
import { answerText } from '../../../main/scenes/answerText.ts';
import { scenesOf } from '../../scenes/drawing.ts';
import { stage, thing } from '../../scenes/stage.ts';
import { tokenizer } from '../toy.ts';

const { tokens } = reasonerBatch;
const drills = Array.from({ length: 60 }, (_, seed) => makeDrill(tokenizer, random(seed), tokens));

describe('makeDrill', () => {
  it('asks several questions of most lists, as many as fit', () => {
    const counts = drills.map(({ turns }) => turns.length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
    expect(counts.reduce((a, b) => a + b, 0) / counts.length).toBeGreaterThan(4);
    for (const drill of drills) expect(drillLength(drill)).toBeLessThanOrEqual(tokens);
  });

  it('asks no question twice', () => {
    for (const { turns } of drills) expect(new Set(turns.map(({ prompt }) => prompt.join())).size).toBe(turns.length);
  });

  it('asks in every way that a list alone can answer', () => {
    const said = drills.flatMap(({ turns }) => turns.map(({ answer }) => tokenizer.decode([...answer])));
    for (const way of [/from the left/, /from the bottom/, /o'clock: /, /corner: /, /closest to /, /size: /, /above /])
      expect(said.filter((text) => way.test(text)).length, String(way)).toBeGreaterThan(4);
  });

  it('ends each decision where the answer’s box would begin, after a number of the list', () => {
    for (const { list, turns } of drills) {
      const listed = tokenizer.decode([...list]);
      for (const { answer } of turns) {
        const [, number] = /^\. .* (\d+)\.<\/think><answer>```json\n\[$/su.exec(tokenizer.decode([...answer])) ?? [];
        expect(listed).toMatch(new RegExp(`\\b${number} \\[`, 'u'));
      }
    }
  });
});

describe('drillOf', () => {
  it('reads token by token like a whole conversation about the same scene', () => {
    const [scene] = scenesOf('train', 1);
    if (!scene) throw new Error('no scene');
    const { opening, list, turns } = drillOf(tokenizer, scene, { random: random(3), tokens });
    expect(turns.length).toBeGreaterThan(0);
    for (const { prompt, answer } of turns) {
      const question = /Locate "(.*)"\./su.exec(tokenizer.decode([...prompt]))?.[1] ?? '';
      const decision = /^\. (.*)<\/think>/su.exec(tokenizer.decode([...answer]))?.[1] ?? '';
      const whole = tokenizer.encode(answerText(scene, { category: 'spatial', text: question, decision, target: 0 }));
      const { head, turn } = turnTokens(tokenizer, question, { answer: whole, side: cells });
      expect(head.ids.filter((_, i) => i < head.imageStart || i >= head.imageStart + head.side ** 2)).toEqual(opening);
      expect(turn.prompt).toEqual(prompt);
      expect(whole.slice(0, list.length + answer.length)).toEqual([...list, ...answer]);
    }
  });

  it('asks nothing where there is nothing to ask', () => {
    const alone = stage(thing('dog', [20, 20, 60, 60]));
    expect(drillOf(tokenizer, alone, { random: random(1), tokens }).turns).toEqual([]);
  });
});
