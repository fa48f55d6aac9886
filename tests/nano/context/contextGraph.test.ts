// Context queries of packed turns: what training reads is what a finished answer gives when the nano is used.
import { describe, expect, it } from 'vitest';
import { random } from '../../../main/contract/random.ts';
import { alignmentScene, type ContextScene, contextFeeds, placeOf } from '../../../main/nano/context/contextBatch.ts';
import { alignmentGraph, contextPass, isContext } from '../../../main/nano/context/contextGraph.ts';
import { alignmentBatch, grid, samSide, targetSide } from '../../../main/nano/parameters/layout.ts';
import { imageStart, trainingScenes } from '../../../main/nano/parameters/nano.ts';
import { conversation } from '../../../main/nano/reasoner/conversation.ts';
import { joinPixels } from '../../../main/nano/reasoner/reasonerBatch.ts';
import { pictures } from '../../../main/nano/reasoner/reasonerGraph.ts';
import { shrink } from '../../../main/nano/segmenter/segmenterBatch.ts';
import { croppedTo } from '../../../main/pictures/crop.ts';
import { makeScene } from '../../../main/scenes/make.ts';
import { visibleMask } from '../../../main/scenes/scene.ts';
import { grad } from '../../../models/graph/grad.ts';
import { paramsFrom } from '../../../models/nn/params.ts';
import { Decoder } from '../../../models/qwen/decode.ts';
import { Session } from '../../../models/runtime/session.ts';
import { prepareSamImage } from '../../../models/sam2/processor.ts';
import { evaluate } from '../../evaluate.ts';
import { atlas } from '../../scenes/drawing.ts';
import { joined, largestDifference } from '../../tensors.ts';
import { context, reasoner, toyNano } from '../toy.ts';

const nano = toyNano({ atlas });
const start = imageStart(nano);
const scene = makeScene(atlas, 3);
const asked = scene.prompts.slice(0, 2).map((prompt) => conversation(nano.tokenizer, scene, prompt));

/** Two turns of one scene, of which the segmenter is told nothing. */
function packedTurns(): ContextScene {
  const [first] = asked;
  if (!first) throw new Error('unreachable');
  const told = { box: null, rough: null, truth: visibleMask(scene, 0) };
  return { scene, head: first.head, turns: asked.map(({ turn }) => ({ turn, ...told })) };
}

describe('contextPass', () => {
  it('gives every turn the query states that its answer gives when it is written', async () => {
    const shape = { scenes: 1, turns: 2, tokens: 320 };
    const source = nano.parameters.source();
    const p = paramsFrom(source);
    const { hidden } = contextPass(p, nano, shape, start);
    const feeds = contextFeeds(nano, [packedTurns()], shape);
    const weights = nano.parameters.feeds(source.tensors.keys());
    const got = await evaluate({ hidden }, { ...feeds, ...weights });
    const pixels = joinPixels([scene]);
    const { features = [] } = await evaluate({ features: pictures(p, reasoner, 1) }, { pixels, ...weights });
    const width = reasoner.language.hidden;
    const state = (row: bigint) => [...(got.hidden ?? [])].slice(Number(row) * width, (Number(row) + 1) * width);
    const packed = [...feeds.queryRows].map(state);
    expect(packed).toHaveLength(2 * context.numOfQuery);
    const decoder = new Decoder({ config: reasoner, params: p, open: (o) => Session.create(o), weights });
    for (const [k, { head, turn }] of asked.entries()) {
      const prompt = { ids: [...head.ids, ...turn.prompt], grids: [{ t: 1, h: grid, w: grid }] };
      const writing = await decoder.prefill([{ ...prompt, features: Float32Array.from(features) }]);
      for (const id of turn.answer.slice(0, -1)) await decoder.step(writing, [id]);
      writing.pending = turn.answer.slice(-1);
      const states = await decoder.queryStates(writing, nano.parameters.values('learnable_query'));
      const own = packed.slice(k * context.numOfQuery, (k + 1) * context.numOfQuery).flat();
      expect(largestDifference(await joined(states), own)).toBeLessThan(1e-4);
    }
    await decoder.release();
  });
});

describe('alignment', () => {
  it('teaches every part of the context module through frozen neighbours', async () => {
    const source = nano.parameters.source();
    const { loss, figures } = alignmentGraph(paramsFrom(source), nano, alignmentBatch, start);
    const trained = [...source.tensors].filter(([name]) => isContext(name));
    expect(trained.length).toBeGreaterThan(10);
    const slopes = grad(
      loss,
      trained.map(([, tensor]) => tensor),
    );
    const outputs = Object.fromEntries(slopes.map((g, i) => [`grad.${trained[i]?.[0]}`, g]));
    const session = await Session.create({ loss, ...figures, ...outputs }, { purpose: 'train' });
    const scenes = trainingScenes(nano, 0, alignmentBatch.scenes);
    const packed = scenes.map((one) => alignmentScene(nano, one, random(1), alignmentBatch));
    const feeds = contextFeeds(nano, packed, alignmentBatch);
    const got = await session.run({ ...feeds, ...nano.parameters.feeds(source.tensors.keys()) });
    await session.release();
    const still = trained.filter(([name]) => !(got[`grad.${name}`] ?? []).some((g) => Number(g) !== 0));
    expect(still.map(([name]) => name)).toEqual([]);
    expect(Number(got.loss?.[0])).toBeGreaterThan(0);
  });

  it('knows its own parameters', () => {
    const own = ['learnable_query', 'connector.blocks.0.norm1.weight', 'conv_1d.weight', 'proj_to_sam.2.bias'];
    expect(own.every(isContext)).toBe(true);
    expect(['model.norm.weight', 'sam.conv_1d.weight', 'visual.merger.ln_q.weight'].some(isContext)).toBe(false);
  });
});

describe('alignmentScene', () => {
  const scenes = trainingScenes(nano, 50, 20);

  it('asks for things that are there, few of them without a box, within the room of a turn', () => {
    let [told, all] = [0, 0];
    for (const [i, one] of scenes.entries()) {
      const { turns } = alignmentScene(nano, one, random(i, 13), alignmentBatch);
      expect(turns).toHaveLength(alignmentBatch.turns);
      for (const { box, truth } of turns) {
        all++;
        if (box) told++;
        expect(truth).toContain(1);
      }
    }
    expect(told / all).toBeGreaterThan(0.75);
    expect(told / all).toBeLessThan(1);
    const packed = scenes.slice(0, 3).map((one) => alignmentScene(nano, one, random(1), alignmentBatch));
    expect(() => contextFeeds(nano, packed, alignmentBatch)).not.toThrow();
  });

  it('is judged by the visible mask of what it asks for', () => {
    const [one] = scenes;
    if (!one) throw new Error('unreachable');
    const drawn = alignmentScene(nano, one, random(2), alignmentBatch);
    const packed = { ...drawn, turns: drawn.turns.map((turn) => ({ ...turn, box: null })) };
    const { target } = contextFeeds(nano, [packed], { ...alignmentBatch, scenes: 1 });
    const things = one.things.map((_, i) => [...shrink(visibleMask(one, i), 224, targetSide)].join());
    for (let k = 0; k < alignmentBatch.turns; k++)
      expect(things).toContain([...target.subarray(k * targetSide ** 2, (k + 1) * targetSide ** 2)].join());
  });

  it('looks around the box of an answer, where one is told, as the product does', () => {
    const box = { x1: 60, y1: 100, x2: 120, y2: 140 };
    const turns = packedTurns().turns.map((turn) => ({ ...turn, box, truth: new Uint8Array(224 * 224).fill(1) }));
    const { samImage, at, labels, target } = contextFeeds(nano, [{ ...packedTurns(), turns }], {
      ...{ scenes: 1, turns: 2, tokens: 320 },
    });
    const place = placeOf(box, scene.image);
    expect(place).toEqual({ x: 51, y: 81, width: 78, height: 78 });
    expect(samImage.subarray(0, samImage.length / 2)).toEqual(prepareSamImage(croppedTo(scene.image, place), samSide));
    const scale = samSide / 78;
    [9, 19, 69, 59].forEach((value, i) => expect(at[i]).toBeCloseTo(value * scale, 3));
    expect([labels[0], labels[1]]).toEqual([2n, 3n]);
    expect(target.every((share) => Math.abs(share - 1) < 1e-4)).toBe(true);
    expect(placeOf(null, scene.image)).toEqual({ x: 0, y: 0, width: 224, height: 224 });
  });
});
