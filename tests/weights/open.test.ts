// Weights folders: what was saved is opened again, and what is broken, cut or contradictory is one sentence with its file.
import { copyFile, mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { judge } from '../../main/failure.ts';
import { loadPredictor } from '../../main/flow/predict.ts';
import { exportNano } from '../../main/nano/export.ts';
import { openWeights, saveWeights } from '../../main/weights/open.ts';
import { recipes } from '../../main/weights/recipe.ts';
import { openSafetensors } from '../../models/runtime/safetensors.ts';
import { WeightsError } from '../../models/runtime/weightsFile.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { context, reasoner, segmenter, tokenizer, toyNano } from '../nano/toy.ts';
import { largestDifference } from '../tensors.ts';

const nano = toyNano();
let root: string;
let good: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-weights-'));
  good = path.join(root, 'good');
  await exportNano(nano, good);
});
afterAll(() => rm(root, { recursive: true }));

const files = ['config.json', 'tokenizer.json', 'model.safetensors'];

/** A copy of the good folder for a test to break. */
async function broken(name: string, breakIt: (at: (file: string) => string) => Promise<void>): Promise<string> {
  const folder = path.join(root, name);
  await saveWeights(folder, { config: await config(), vocabulary: nano.tokenizer.vocabulary, tensors: {} });
  for (const file of files) await copyFile(path.join(good, file), path.join(folder, file));
  await breakIt((file) => path.join(folder, file));
  return folder;
}

const config = async () => JSON.parse(await readFile(path.join(good, 'config.json'), 'utf8'));

/** Changes a folder's configuration; the path of keys is walked to the value. */
const changed = (name: string, keys: readonly string[], value: unknown) =>
  broken(name, async (at) => {
    const whole = await config();
    const inner = keys.slice(0, -1).reduce((object, key) => object[key], whole);
    inner[keys.at(-1) ?? ''] = value;
    await writeFile(at('config.json'), JSON.stringify(whole));
  });

/** One line that begins with the folder at fault, for which nobody looks into a log. */
async function fault(folder: string): Promise<string> {
  const error: unknown = await loadPredictor(folder).then(
    (predictor) => predictor.release(),
    (reason: unknown) => reason,
  );
  expect(error instanceof BadInput || error instanceof WeightsError, String(error)).toBe(true);
  const { code, line } = judge(error);
  expect(code).toBe(2);
  expect(line).not.toMatch(/[\r\n]/);
  expect(line?.startsWith(`loupe: ${folder}`), line ?? '').toBe(true);
  return line?.slice(`loupe: ${folder}`.length) ?? '';
}

describe('a weights folder', () => {
  it('gives back configurations, tokenizer and parameters as they were saved', async () => {
    const weights = await openWeights(good);
    expect(weights.reasoner).toEqual(reasoner);
    expect(weights.segmenter).toEqual(segmenter);
    expect(weights.context).toEqual(context);
    const { reasoner: asked, segmenter: shown } = recipes.nano;
    const crop = { context: 1.3, search: [1, 0.5, 0.25] };
    expect(weights.recipe).toEqual({ reasoner: asked, segmenter: { ...shown, slots: 8, crop } });
    expect(weights.tokenizer).toEqual(tokenizer);
    const read = await weights.read('learnable_query');
    expect(largestDifference(read, nano.parameters.values('learnable_query'))).toBeLessThan(1e-4);
    expect(weights.params.get('model.norm.weight', 32).shape).toEqual([32]);
  });

  it('holds 16-bit numbers, every parameter of a prediction, and none that only teaching needed', async () => {
    const { tensors } = await openSafetensors(path.join(good, 'model.safetensors'));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['float16']));
    expect([...tensors.keys()].filter((name) => name.startsWith('dense.'))).toEqual([]);
    expect([...tensors.keys()].sort()).toEqual([...nano.parameters.all.keys()].sort());
  });

  it('is replaced by saving again', async () => {
    const folder = await broken('again', async () => {});
    await exportNano(toyNano({ seed: 2 }), folder);
    const [before, after] = [await openWeights(good), await openWeights(folder)];
    expect(await after.read('learnable_query')).not.toEqual(await before.read('learnable_query'));
  });
});

describe('a folder of nano from before recipes had names', () => {
  const old = { dialect: 'loupe', frame: 196, promptSlots: 6 };

  it('is read as nano, with what it said itself', async () => {
    const folder = await broken('old', async (at) => {
      const { recipe: _, ...rest } = await config();
      await writeFile(at('config.json'), JSON.stringify({ ...rest, ...old, followsEdges: true }));
    });
    const { recipe } = await openWeights(folder);
    const framing = { kind: 'square', side: 196, filter: 'bilinear' };
    expect(recipe.reasoner).toEqual({ ...recipes.nano.reasoner, framing });
    expect(recipe.segmenter).toEqual({ ...recipes.nano.segmenter, slots: 6 });
  });

  it.each([
    [{ ...old, frame: 1e9 }, /frame/],
    [{ ...old, promptSlots: 0 }, /promptSlots/],
    [{ ...old, dialect: 'released' }, /dialect/],
    [{ ...old, recipe: 'nano' }, /Unrecognized key: "recipe"/],
  ])('%j is one sentence', async (fields, wanted) => {
    const folder = await broken(`old-${JSON.stringify(fields).length}-${fields.frame}`, async (at) => {
      const { recipe: _, ...rest } = await config();
      await writeFile(at('config.json'), JSON.stringify({ ...rest, ...fields }));
    });
    expect(await fault(folder)).toMatch(wanted);
  });
});

describe('a folder that cannot be used says so:', () => {
  it.each(files)('without its %s', async (file) => {
    const folder = await broken(`no-${file}`, (at) => unlink(at(file)));
    expect(await fault(folder)).toMatch(new RegExp(`^/${file}: does not exist`));
  });

  it('no folder at all', async () => {
    expect(await fault(path.join(root, 'nowhere'))).toMatch(/config\.json: does not exist; a weights folder holds/);
  });

  it.each(['config.json', 'tokenizer.json'])('%s is no JSON, or absurdly long', async (file) => {
    const folder = await broken(`text-${file}`, (at) => writeFile(at(file), '{"name":'));
    expect(await fault(folder)).toBe(`/${file}: is not JSON`);
    await truncate(path.join(folder, file), 9 * 2 ** 20);
    expect(await fault(folder)).toBe(`/${file}: is 9437184 bytes long, which no such file needs`);
  });

  it.each([
    [['recipe'], 'lens-4', /its recipe "lens-4" is not known; there are nano, lens-released/],
    [['recipe'], { base: 'nano', reasoner: { framing: { kind: 'square', side: 1e9 } } }, /recipe cannot be used.*side/],
    [['recipe'], { base: 'nano', segmenter: { slots: 0 } }, /slots/],
    [['recipe'], { base: 'nano', segmenter: { zoom: 2 } }, /Unrecognized key: "zoom"/],
    [['recipe'], undefined, /config\.json: .*recipe/],
    [['colour'], 'red', /config\.json: .*Unrecognized key: "colour"/],
    [['dialect'], 'released', /dialect/],
    [['name'], '', /name/],
    [['reasoner'], {}, /config\.json: .*model_type/],
    [['reasoner', 'hidden_size'], -1, /hidden_size/],
    [['segmenter', 'image_size'], 'large', /segmenter's configuration is unusable.*image_size/],
    [['segmenter', 'window_spec'], [8], /contradicts itself: 1 windows for 3 stages/],
    [['context', 'connector_heads'], 5, /5 heads do not divide its width 32/],
  ])('%j is %j', async (keys, value, wanted) => {
    expect(await fault(await changed(`config-${keys.join('-')}`, keys, value))).toMatch(wanted);
  });

  it.each([
    [
      ['recipe'],
      { base: 'nano', reasoner: { framing: { kind: 'square', side: 230, filter: 'bilinear' } } },
      'a picture of 230 pixels does not divide into cells of 28',
    ],
    [['context', 'hidden'], 16, 'the context module reads 16 wide, not 32'],
    [['context', 'sam_dim'], 24, 'its tokens are 24 wide, not 16'],
    [['reasoner', 'vocab_size'], 7, `${tokenizer.size} tokens for a vocabulary of 7`],
    [['reasoner', 'image_token_id'], 7, `image_token_id is 7, but <|image_pad|> has ${reasoner.imageToken}`],
  ])('its parts do not fit: %j is %j', async (keys, value, wanted) => {
    const said = await fault(await changed(`parts-${keys.join('-')}`, keys, value));
    expect(said).toBe(`: its parts contradict each other: ${wanted}.`);
  });

  it('its words are none', async () => {
    const folder = await broken('words', (at) =>
      writeFile(at('tokenizer.json'), JSON.stringify({ ...tokenizer.vocabulary, words: ['two words'] })),
    );
    expect(await fault(folder)).toMatch(/^: The nano's vocabulary cannot be used: .*words/);
  });

  it('its weights are cut short, or something else', async () => {
    const cut = await broken('cut', (at) => truncate(at('model.safetensors'), 20_000));
    expect(await fault(cut)).toMatch(/^\/model\.safetensors: /);
    const other = await broken('other', (at) => writeFile(at('model.safetensors'), 'PK this is an archive'));
    expect(await fault(other)).toMatch(/^\/model\.safetensors: claims a header of \d+ bytes, more than the file/);
  });

  it('it holds low-rank updates, which nothing would apply', async () => {
    const all = [...nano.parameters.all].map(([name, { shape, values }]) => [name, { shape, data: values }] as const);
    const key = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight';
    const adapted = await broken('adapted', (at) =>
      writeSafetensors(at('model.safetensors'), {
        ...Object.fromEntries(all),
        [key]: { shape: [1, 32], data: new Float32Array(32) },
      }),
    );
    expect(await fault(adapted)).toBe(
      `/model.safetensors: holds low-rank updates (1 tensors, as ${key}) that are not applied; merge them into the weights first`,
    );
  });

  it('a tensor is missing, or has another shape', async () => {
    const all = [...nano.parameters.all].map(([name, { shape, values }]) => [name, { shape, data: values }] as const);
    const without = (name: string) =>
      broken(`without-${name}`, (at) =>
        writeSafetensors(at('model.safetensors'), Object.fromEntries(all.filter(([key]) => key !== name))),
      );
    expect(await fault(await without('visual.merger.ln_q.weight'))).toBe(
      ': holds no tensor "visual.merger.ln_q.weight", which the model needs as [16].',
    );
    expect(await fault(await without('learnable_query'))).toBe(
      '/model.safetensors: holds no tensor "learnable_query".',
    );
    const narrow = await broken('narrow', (at) =>
      writeSafetensors(at('model.safetensors'), {
        ...Object.fromEntries(all),
        'visual.merger.ln_q.weight': { shape: [8], data: new Float32Array(8) },
      }),
    );
    expect(await fault(narrow)).toBe(
      '/model.safetensors: tensor "visual.merger.ln_q.weight" is [8] where the model needs [16].',
    );
  });
});
