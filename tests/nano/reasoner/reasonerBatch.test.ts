// What a reasoner step is fed, checked back against the scenes it was made of.
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { attentionMask, hidden, packDrill, packedLength, packSequence } from '../../../main/learn/turns/sequence.ts';
import { softness, weightsOf } from '../../../main/learn/turns/turnBatch.ts';
import { imageConfig, reasonerBatch } from '../../../main/nano/parameters/layout.ts';
import { linesOf } from '../../../main/nano/parameters/numberLines.ts';
import { conversation } from '../../../main/nano/reasoner/conversation.ts';
import { denseTargets } from '../../../main/nano/reasoner/denseTargets.ts';
import { makeDrill } from '../../../main/nano/reasoner/drill.ts';
import {
  buildReasonerBatch,
  denseFeeds,
  joinPixels,
  type ReasonerFeeds,
  turnsFor,
  turnsThatFit,
} from '../../../main/nano/reasoner/reasonerBatch.ts';
import { patchesOf } from '../../../models/qwen/processor.ts';
import { textTable } from '../../../models/qwen/rope.ts';
import { scenesOf } from '../../scenes/drawing.ts';
import { reasoner, tokenizer } from '../toy.ts';

const writer = { tokenizer, config: reasoner.language, batch: reasonerBatch };
const { scenes: count, drills, tokens, predictors: capacity, decided } = reasonerBatch;
const scenes = scenesOf('train', count);
const conversations = scenes.map((scene) => scene.prompts.map((prompt) => conversation(tokenizer, scene, prompt)));
const [first = []] = conversations;

describe('turnsThatFit', () => {
  it('takes turns of the scene, each at most once, as long as there is room', () => {
    const known = new Set(first.map(({ turn }) => turn));
    for (let seed = 0; seed < 20; seed++) {
      const { head, turns } = turnsThatFit(first, random(seed), { tokens });
      expect(new Set(turns).size).toBe(turns.length);
      expect(turns.every((turn) => known.has(turn))).toBe(true);
      expect(packedLength(head, turns)).toBeLessThanOrEqual(tokens);
      const left = first.map(({ turn }) => turn).filter((turn) => !turns.includes(turn));
      for (const turn of left) expect(packedLength(head, [...turns, turn])).toBeGreaterThan(tokens);
    }
  });

  it('takes others for another seed and the same for the same', () => {
    const chosen = (seed: number) =>
      turnsThatFit(first, random(seed), { tokens }).turns.map((t) => first.findIndex((c) => c.turn === t));
    expect(chosen(3)).toEqual(chosen(3));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => chosen(seed).join())).size).toBeGreaterThan(5);
  });

  it('takes none where none fits, and wants a prompt', () => {
    expect(turnsThatFit(first, random(0), { tokens: 70 }).turns).toEqual([]);
    expect(() => turnsThatFit([], random(0), { tokens })).toThrow('A scene has no prompts.');
  });
});

describe('turnsFor', () => {
  it('puts a roll call before the prompts of some scenes, not of all', () => {
    const begin = scenes.map((scene, i) => {
      const known = conversations[i]?.map(({ turn }) => turn.prompt.join());
      const { turns } = turnsFor(tokenizer, scene, { random: random(i, 4), tokens });
      return known?.includes(turns[0]?.prompt.join() ?? '') ?? false;
    });
    expect(new Set(begin)).toEqual(new Set([true, false]));
  });
});

describe('buildReasonerBatch', () => {
  let feeds: ReasonerFeeds;
  let packed: ReturnType<typeof packSequence>[];
  let drilled: ReturnType<typeof packDrill>[];
  beforeAll(() => {
    feeds = buildReasonerBatch(writer, scenes, random(9, 11));
    const draw = random(9, 11);
    packed = scenes.map((scene) => {
      const { head, turns } = turnsFor(tokenizer, scene, { random: draw, tokens });
      // Whether the picture is hidden is drawn in between.
      draw.next();
      return packSequence(head, turns, tokens);
    });
    drilled = Array.from({ length: drills }, () => packDrill(makeDrill(tokenizer, draw, tokens), tokens));
  });

  it('is the same for the same scenes and seed', () => {
    expect(buildReasonerBatch(writer, scenes, random(9, 11))).toEqual(feeds);
    expect(buildReasonerBatch(writer, scenes, random(10, 11)).ids).not.toEqual(feeds.ids);
  });

  it('packs the scenes one after the other and the drills behind them: ids and places', () => {
    [...packed, ...drilled].forEach(({ ids, positions }, b) => {
      expect([...feeds.ids.subarray(b * tokens, (b + 1) * tokens)].map(Number)).toEqual([...ids]);
      const table = textTable(positions, reasoner.language);
      const at = b * tokens * reasoner.language.headWidth;
      expect(feeds.cosine.slice(at, at + table.cosine.length)).toEqual(table.cosine);
      expect(feeds.sine.slice(at, at + table.sine.length)).toEqual(table.sine);
    });
  });

  it('hides the picture, and nothing else, from the decisions of most scenes', () => {
    const [{ head } = { head: null }] = first;
    const [from, to] = [head?.imageStart ?? 0, (head?.imageStart ?? 0) + (head?.side ?? 0) ** 2];
    const shown = [...feeds.predictors].slice(0, capacity);
    const heavy = new Set(shown.filter((_, i) => (feeds.labelWeights[i] ?? 0) > 1).map(Number));
    const blind = packed.map(({ turn }, b) => {
      const plain = attentionMask(turn);
      let rows = 0;
      for (let row = 0; row < tokens; row++) {
        const start = (b * tokens + row) * tokens;
        const own = plain.slice(row * tokens, (row + 1) * tokens);
        const seen = feeds.mask.slice(start, start + tokens);
        if (seen.every((value, i) => value === own[i])) continue;
        rows++;
        expect(heavy.has(b * tokens + row)).toBe(true);
        expect(seen).toEqual(own.map((value, i) => (i >= from && i < to ? hidden : value)));
      }
      return rows > 0;
    });
    expect(new Set(blind)).toEqual(new Set([true, false]));
  });

  it('lets the drills see what their turns allow', () => {
    drilled.forEach(({ turn }, i) => {
      const start = (count + i) * tokens * tokens;
      expect(feeds.mask.slice(start, start + tokens * tokens)).toEqual(attentionMask(turn));
    });
  });

  it('asks at every token of a decision that is drilled, behind the scenes’ labels, and counts each alike', () => {
    const all = drilled.flatMap(({ predictors }, i) => predictors.map((at) => (count + i) * tokens + at));
    const some = all.slice(0, decided);
    expect([...feeds.predictors.subarray(capacity, capacity + some.length)].map(Number)).toEqual(some);
    expect([...feeds.labelWeights.subarray(capacity)]).toEqual(
      Array.from({ length: decided }, (_, i) => (i < some.length ? 2 : 0)),
    );
  });

  it('asks at every token before one of an answer for that one', () => {
    const all = packed.flatMap(({ predictors }, b) => predictors.map((at) => b * tokens + at));
    const wanted = all.slice(0, capacity);
    expect(wanted.length).toBeGreaterThan(capacity / 4);
    const width = 2 * softness.reach + 1;
    wanted.forEach((row, i) => {
      expect(feeds.predictors[i]).toBe(BigInt(row));
      expect(feeds.labelIds[i * width + softness.reach]).toBe(feeds.ids[row + 1]);
    });
  });

  it('weighs nothing behind the last answer', () => {
    const used = Math.min(
      capacity,
      packed.reduce((n, { predictors }) => n + predictors.length, 0),
    );
    expect(feeds.labelWeights.subarray(0, used).every((weight) => weight > 0)).toBe(true);
    expect(feeds.labelWeights.subarray(used, capacity).every((weight) => weight === 0)).toBe(true);
    expect(feeds.predictors).toHaveLength(capacity + decided);
  });

  it('spreads coordinates and measures over their neighbours, and no other token', () => {
    const width = 2 * softness.reach + 1;
    const places = new Map(
      linesOf(tokenizer).flatMap(({ ids }) => ids.map((id, place) => [id, { ids, place }] as const)),
    );
    let soft = 0;
    for (let i = 0; i < capacity + decided; i++) {
      const ids = [...feeds.labelIds.subarray(i * width, (i + 1) * width)].map(Number);
      const shares = [...feeds.labelShares.subarray(i * width, (i + 1) * width)];
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      const line = places.get(ids[softness.reach] ?? -1);
      if (line === undefined) {
        expect(shares.map((share) => Math.round(share * 1e6) / 1e6)).toEqual([0, 0, 0, 1, 0, 0, 0]);
        continue;
      }
      soft++;
      ids.forEach((id, k) => {
        const near = line.ids[line.place + k - softness.reach];
        const bell = Math.exp(-0.5 * ((k - softness.reach) / softness.sigma) ** 2);
        if (near === undefined) expect(shares[k]).toBe(0);
        else expect([id, Math.sign(shares[k] ?? 0)]).toEqual([near, 1]);
        if (near !== undefined) expect((shares[k] ?? 0) / (shares[softness.reach] ?? 1)).toBeCloseTo(bell, 5);
      });
    }
    expect(soft).toBeGreaterThan(100);
  });

  it('shows the pictures and what is in them, in the order of the scenes', () => {
    const each = scenes.map((scene) => denseTargets(scene, 8));
    expect(feeds.pixels).toEqual(joinPixels(scenes));
    expect(feeds.classes).toEqual(BigInt64Array.from(each.flatMap(({ classes }) => [...classes])));
    expect(feeds.present).toEqual(Float32Array.from(each.flatMap(({ present }) => [...present])));
  });
});

describe('weightsOf', () => {
  const answer =
    'dog 1 [2, 4, 60, 70], cat 2 [90, 12, 140, 70]. cat 2.</think><answer>```json\n[{"bbox_2d": [90, 12, 140, 70], "label": "cat"}]\n```</answer>';
  const nothing = 'dog 1 [2, 4, 60, 70]. cat none.</think><answer>```json\n[]\n```</answer>';
  const labels = [answer, nothing].flatMap((text) => tokenizer.encode(text));
  const length = tokenizer.encode(answer).length;
  // Between the answers lies a prompt.
  const predictors = labels.map((_, i) => (i < length ? i : i + 9));
  const weights = weightsOf(tokenizer, predictors, labels);
  const wordsOf = (weight: number) =>
    labels.flatMap((id, i) => (weights[i] === weight ? tokenizer.decode([id]).trim() : []));

  it('counts a decision more than its list, and the answer in between', () => {
    expect(wordsOf(3).join(' ')).toMatch(/^cat 2 \. <\/think>.* cat none \. <\/think>.*$/su);
    expect(wordsOf(1).filter((word) => word === '.')).toHaveLength(2);
    expect(wordsOf(1).slice(0, 2)).toEqual(['dog', '1']);
    expect(wordsOf(2)).toContain('cat');
  });

  it('begins anew with every turn', () => expect(weights[length]).toBe(1));
});

describe('the parts', () => {
  it('of pixels are the patches of each picture', () => {
    const joined = joinPixels(scenes.slice(0, 2));
    const parts = scenes.slice(0, 2).map(({ image }) => patchesOf(image, imageConfig).pixelValues);
    const length = parts[0]?.length ?? 0;
    expect(joined).toHaveLength(2 * length);
    parts.forEach((part, i) => expect(joined.slice(i * length, (i + 1) * length)).toEqual(part));
  });

  it('of dense targets keep their four arrays in step', () => {
    const [one, two] = [denseFeeds(scenes.slice(0, 1)), denseFeeds(scenes.slice(0, 2))];
    expect(two.boxes.slice(0, 256)).toEqual(one.boxes);
    expect(two.colours.slice(0, 64)).toEqual(one.colours);
    expect([two.boxes.length, two.colours.length, two.present.length]).toEqual([512, 128, 128]);
    expect(two.boxes.slice(256)).toEqual(denseFeeds(scenes.slice(1, 2)).boxes);
  });
});
