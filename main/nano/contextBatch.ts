// Scenes with turns -> the feeds of a context pass: packed tokens, places of the queries, boxes, pictures and true masks.
import { joinPositions, textTable } from '../../models/qwen/rope.ts';
import type { Random } from '../contract/random.ts';
import type { Box } from '../contract/records.ts';
import { frameBox, type Scene, type ScenePrompt, visibleMask } from '../scenes/scene.ts';
import type { ContextShape } from './contextGraph.ts';
import { conversation } from './conversation.ts';
import { frame } from './layout.ts';
import type { Nano } from './nano.ts';
import { joinPixels } from './reasonerBatch.ts';
import { type Ask, askFeeds, boxSlots, joined, samImages, targetFeed } from './segmenterBatch.ts';
import { attentionMask, type Head, packedLength, packSequence, type Turn } from './sequence.ts';

/** A turn and what the segmenter is told and should answer. */
export interface ContextTurn {
  turn: Turn;
  /** In the reasoner's frame; null: the segmenter has the context token alone. */
  box: Box | null;
  rough: Uint8Array | null;
  /** 0 or 1 per pixel of the scene; all 0 when nothing matches. */
  truth: Uint8Array;
}

export interface ContextScene {
  scene: Scene;
  head: Head;
  turns: readonly ContextTurn[];
}

/** Feeds of `contextPass` and the targets; `predictors` are rows of scenes * tokens, per turn. */
export function contextFeeds(nano: Nano, packedScenes: readonly ContextScene[], shape: ContextShape) {
  const { tokens } = shape;
  const { numOfQuery } = nano.context;
  const packed = packedScenes.map(({ head, turns }) =>
    packSequence(
      head,
      turns.map(({ turn }) => turn),
      tokens,
      numOfQuery,
    ),
  );
  const queryRows = packed.flatMap(({ queries }, b) => queries.map((at) => b * tokens + at));
  const queryIndex = Int32Array.from({ length: packed.length * tokens }, (_, i) => i);
  queryRows.forEach((row, k) => {
    queryIndex[row] = packed.length * tokens + (k % numOfQuery);
  });
  const scenes = packedScenes.map(({ scene }) => scene);
  const flat = packedScenes.flatMap(({ scene, turns }) => turns.map((one) => ({ ...one, scene })));
  const asks: Ask[] = flat.map(({ box, rough }) => ({ slots: box ? boxSlots(box, frame) : [], rough }));
  return {
    pixels: joinPixels(scenes),
    ids: BigInt64Array.from(
      packed.flatMap(({ ids }) => [...ids]),
      BigInt,
    ),
    ...textTable(joinPositions(packed.map(({ positions }) => positions)), nano.reasoner.language),
    mask: joined(packed.map(({ turn }) => attentionMask(turn))),
    queryIndex,
    queryRows: BigInt64Array.from(queryRows, BigInt),
    samImage: samImages(scenes),
    ...askFeeds(asks, scenes[0]?.image.width ?? 1),
    target: targetFeed(flat.map(({ truth, scene }) => ({ mask: truth, width: scene.image.width }))),
  };
}

/** True answers of prompts that have a target; half of them without the box, so that the token must say where. */
export function alignmentScene(nano: Nano, scene: Scene, random: Random, shape: ContextShape): ContextScene {
  const asked = random.shuffle(scene.prompts.filter(({ target }) => target !== null));
  const written = asked.map((prompt) => ({ prompt, ...conversation(nano.tokenizer, scene, prompt) }));
  const first = written[0];
  if (!first) throw new Error(`Scene ${scene.seed} has no prompt with a target.`);
  const room = (shape.tokens - first.head.ids.length) / shape.turns;
  const fitting = written.filter(
    ({ turn }) => packedLength({ ...first.head, ids: [] }, [turn], nano.context.numOfQuery) <= room,
  );
  const chosen = fitting.length > 0 ? fitting : [];
  if (chosen.length === 0) throw new Error(`Scene ${scene.seed}: no turn fits into ${room} tokens.`);
  const turns = Array.from({ length: shape.turns }, (_, k) => {
    const one = chosen[k % chosen.length] ?? first;
    return { turn: one.turn, ...truthOf(scene, one.prompt, random) };
  });
  return { scene, head: first.head, turns };
}

function truthOf(scene: Scene, { target, coarse }: ScenePrompt, random: Random): Omit<ContextTurn, 'turn'> {
  const thing = scene.things[target ?? -1];
  const told = random.chance(0.5);
  return {
    box: thing && told ? frameBox(thing.box, scene) : null,
    rough: coarse && random.chance(0.5) ? coarse : null,
    truth: visibleMask(scene, target ?? scene.things.length),
  };
}
