// Packs scenes with turns as the feeds of a context pass: tokens, places of the queries, boxes, pictures and true masks.
import type { Frame } from '../../contract/geometry.ts';
import type { Random } from '../../contract/random.ts';
import type { Box, DecodedImage } from '../../contract/records.ts';
import { contextFeeds as turnFeeds } from '../../learn/turns/contextPass.ts';
import { type Head, packedLength, type Turn } from '../../learn/turns/sequence.ts';
import { croppedTo, placeAround } from '../../pictures/crop.ts';
import type { PicturePart } from '../../pictures/enlarge.ts';
import { frameBox, type Scene, type ScenePrompt, targetsOf, visibleMask } from '../../scenes/scene.ts';
import { crop, frame } from '../parameters/layout.ts';
import type { Nano } from '../parameters/nano.ts';
import { conversation } from '../reasoner/conversation.ts';
import { joinPixels } from '../reasoner/reasonerBatch.ts';
import { askFeeds, boxSlots, type PromptExample, samImages, targetFeed } from '../segmenter/segmenterBatch.ts';
import type { ContextShape } from './contextGraph.ts';

/** A turn with what the segmenter gets and should draw. */
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
  const scenes = packedScenes.map(({ scene }) => scene);
  const flat = packedScenes.flatMap(({ scene, turns }) => turns.map((one) => ({ ...one, scene })));
  const looks = flat.map(lookOf);
  return {
    pixels: joinPixels(scenes),
    ...turnFeeds(
      nano,
      packedScenes.map(({ head, turns }) => ({ head, turns: turns.map(({ turn }) => turn) })),
      shape.tokens,
    ),
    samImage: samImages(looks.map(({ image }) => image)),
    ...askFeeds(looks.map(({ ask }) => ask)),
    target: targetFeed(looks.map(({ truth, image }) => ({ mask: truth, width: image.width }))),
  };
}

interface Look {
  /** What of the scene the segmenter sees; square, as scenes are. */
  readonly image: DecodedImage;
  readonly ask: PromptExample;
  readonly truth: Uint8Array;
}

/** Chooses the view as the product does: around the box, where one is told; else all of the scene. */
function lookOf({ scene, box, rough, truth }: ContextTurn & { scene: Scene }): Look {
  const { image } = scene;
  if (!box) return { image, ask: { slots: [], rough }, truth };
  const own = inPicture(box, image);
  const place = placeOf(box, image);
  const { x, y } = place;
  const within = { x1: own.x1 - x, y1: own.y1 - y, x2: own.x2 - x, y2: own.y2 - y };
  return {
    image: croppedTo(image, place),
    ask: { slots: boxSlots(within, place.width), rough: rough && partOf(rough, image.width, place) },
    truth: partOf(truth, image.width, place),
  };
}

/** A box of the reasoner's frame in pixels of a square picture. */
function inPicture({ x1, y1, x2, y2 }: Box, { width }: Frame): Box {
  const scale = width / frame;
  return { x1: x1 * scale, y1: y1 * scale, x2: x2 * scale, y2: y2 * scale };
}

/** Where the segmenter looks for what an answer boxes, in the reasoner's frame. */
export const placeOf = (box: Box | null, picture: Frame): PicturePart =>
  box
    ? placeAround(inPicture(box, picture), picture, crop.context)
    : { x: 0, y: 0, width: picture.width, height: picture.height };

function partOf(mask: Uint8Array, across: number, { x, y, width, height }: PicturePart): Uint8Array {
  const part = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * across + x;
    part.set(mask.subarray(from, from + width), row * width);
  }
  return part;
}

/**
 * True answers of prompts that mean one thing. Nearly all tell the box, as predictions do; few leave where to the token, as
 * half of them taught it to speak so loudly that masks under a box became worse (docs/nano.md). Where an answer names several, each is drawn by its box alone: the queries behind the answer cannot speak of one of them.
 */
export function alignmentScene(nano: Nano, scene: Scene, random: Random, shape: ContextShape): ContextScene {
  const asked = random.shuffle(scene.prompts.filter((prompt) => targetsOf(prompt).length === 1));
  const written = asked.map((prompt) => ({ prompt, ...conversation(nano.tokenizer, scene, prompt) }));
  const first = written[0];
  if (!first) throw new Error(`Scene ${scene.seed} has no prompt with one target.`);
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

/** Share of turns whose box the segmenter is told. */
const TOLD = 0.9;

function truthOf(scene: Scene, { target, coarse }: ScenePrompt, random: Random): Omit<ContextTurn, 'turn'> {
  const thing = scene.things[target ?? -1];
  const told = random.chance(TOLD);
  return {
    box: thing && told ? frameBox(thing.box, scene) : null,
    rough: coarse && random.chance(0.5) ? coarse : null,
    truth: visibleMask(scene, target ?? scene.things.length),
  };
}
