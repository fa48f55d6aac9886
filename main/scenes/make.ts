// The scene generator: a seed becomes a picture, the things in it and prompts with true answers, always the same ones.
// Method: the cast is chosen, laid out and, where too little of it stays visible, tried again; then it is painted.

import { type Random, random } from '../contract/random.ts';
import type { Atlas } from './atlas.ts';
import { blob, paintBackdrop } from './backdrop.ts';
import { expose } from './camera.ts';
import { chooseRoles } from './chosenThings.ts';
import { type Layout, layOut, type Space } from './layout.ts';
import { type Canvas, composite, shade } from './patch.ts';
import { makePlurals } from './prompts/plural.ts';
import { makePrompts } from './prompts/prompts.ts';
import type { Scene, SceneThing, Stage } from './scene.ts';
import { sizeWords } from './sizes.ts';
import { splitOf } from './split.ts';
import { kindOf } from './things.ts';

export interface SceneOptions {
  readonly width?: number;
  readonly height?: number;
  /** Side of the square frame that boxes in texts are given in. */
  readonly frame?: number;
  readonly things?: readonly [fewest: number, most: number];
  /** Longer side of a thing, lowest and highest, in 224ths of the shorter side of the picture. */
  readonly side?: readonly [number, number];
  /** At most so many prompts with several targets behind the others. Default none. */
  readonly plural?: number;
}

const STREAM = { cast: 1, paint: 2, prompts: 3, plural: 4 };
const ATTEMPTS = 50;

type UnsizedThing = Omit<SceneThing, 'size'>;

function unsizedThings({ placed, seen }: Layout): UnsizedThing[] {
  return seen.flatMap(({ area, ...box }, i) => {
    const role = placed[i]?.role;
    return role ? [{ ...role, family: kindOf(role.name).family, box, area }] : [];
  });
}

/** Numbers the things from left to right by the centre of their boxes, in the list and in the map. */
function leftToRight(layout: Layout): { things: UnsizedThing[]; ids: Uint8Array } {
  const found = unsizedThings(layout).map((thing, old) => ({ thing, old }));
  const across = ({ box }: UnsizedThing): number => box.x1 + box.x2 + (box.y1 + box.y2) * 1e-6;
  found.sort((a, b) => across(a.thing) - across(b.thing));
  const renumber = new Uint8Array(found.length + 1);
  for (const [place, { old }] of found.entries()) renumber[old + 1] = place + 1;
  const ids = new Uint8Array(layout.ids.length);
  for (let i = 0; i < ids.length; i++) ids[i] = renumber[layout.ids[i] ?? 0] ?? 0;
  return { things: found.map(({ thing }) => thing), ids };
}

function paint(draw: Random, { placed, covers }: Layout, space: Space): Canvas {
  const { width, height, side } = space;
  const canvas = { width, height, data: new Float32Array(width * height * 3) };
  paintBackdrop(canvas, draw);
  for (let left = draw.int(0, 6); left > 0; left--) {
    const radius = draw.between(0.15, 0.4) * side[1];
    composite(canvas, blob(draw, draw.between(0, width), draw.between(0, height), radius));
  }
  const reach = Math.max(1, Math.round(side[0] / 8));
  const shadow = { dx: draw.int(-reach, reach), dy: draw.int(1, reach), strength: draw.between(0.1, 0.5) };
  const shadows = draw.chance(0.7);
  for (const { patch } of placed) {
    if (shadows) shade(canvas, patch, shadow);
    composite(canvas, patch);
  }
  for (const cover of covers) composite(canvas, cover);
  return canvas;
}

function visibleLayout(atlas: Atlas, seed: number, space: Space, [fewest, most]: readonly [number, number]): Layout {
  const draw = random(seed, STREAM.cast);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const roles = chooseRoles(draw, splitOf(seed), draw.int(fewest, most));
    const layout = layOut(atlas, draw, roles, space);
    if (layout.placed.length >= fewest) return layout;
  }
  throw new Error(
    `scene ${seed}: ${fewest} things do not fit in ${space.width} x ${space.height}; ask for fewer or smaller`,
  );
}

export function makeScene(atlas: Atlas, seed: number, options: SceneOptions = {}): Scene {
  const { width = 224, height = 224, frame = 224, things: count = [3, 8], side = [24, 92] } = options;
  const unit = Math.min(width, height) / 224;
  const space: Space = { width, height, side: [side[0] * unit, side[1] * unit] };
  const layout = visibleLayout(atlas, seed, space, count);
  const draw = random(seed, STREAM.paint);
  const image = expose(paint(draw, layout, space), draw);
  const { things, ids } = leftToRight(layout);
  const stage: Stage = { seed, split: splitOf(seed), frame, image, ids, things: sizeWords(things, { frame, image }) };
  const prompts = makePrompts(stage, random(seed, STREAM.prompts));
  return { ...stage, prompts: [...prompts, ...makePlurals(stage, random(seed, STREAM.plural), options.plural ?? 0)] };
}
