// How long a request is, told before anything is computed: as long as the one that is asked, of every recipe, size and shape of picture.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DecodedImage } from '../../../main/contract/records.ts';
import { Reasoner, requestSize } from '../../../main/flow/reasoner/reasoner.ts';
import { openModel } from '../../../main/weights/openCheckpoint.ts';
import type { RecipeName } from '../../../main/weights/recipe.ts';
import { toySamJson, writeToy } from '../../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-request-size-'));
afterAll(() => rmSync(root, { recursive: true }));

const grey = (width: number, height: number): DecodedImage => ({
  ...{ width, height, data: new Uint8Array(3 * width * height).fill(127) },
});
const pictures = [grey(64, 64), grey(300, 120), grey(90, 260)];
const questions = ['cat', 'the two screws that lie on the left of the brush'];

/** By the recipe's own framing, but for squares, whose published side takes 900 tokens. */
async function opened(name: RecipeName, framing?: Readonly<Record<string, unknown>>) {
  const folder = await writeToy(path.join(root, name), { says: 'a', lens: name.startsWith('lens') });
  writeFileSync(path.join(folder, 'segmenter.json'), JSON.stringify(toySamJson));
  const recipe = framing ? { base: name, reasoner: { framing } } : name;
  writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify(recipe));
  return openModel(folder);
}

const cases = [
  ['lens-released', undefined],
  ['lens-reasonseg-cot', undefined],
  ['qwen-zero-shot', undefined],
  ['seg-zero', { kind: 'square', side: 112, filter: 'bilinear' }],
  ['vision-reasoner', { kind: 'square', side: 56, filter: 'bilinear' }],
] as const satisfies readonly (readonly [RecipeName, unknown])[];

describe('the length of a request', { timeout: 120_000 }, () => {
  it.each(cases)('of %s is that of what is asked', async (name, framing) => {
    const weights = await opened(name, framing);
    const reasoner = await Reasoner.open(weights, {});
    try {
      for (const picture of pictures)
        for (const question of questions) {
          const { ids, features } = await reasoner.prompt(picture, question);
          const { width, height } = picture;
          expect(requestSize(weights, { width, height }, question)).toEqual({
            tokens: ids.length,
            features: features.length / weights.reasoner.language.hidden,
          });
        }
    } finally {
      await reasoner.release();
    }
  });
});
