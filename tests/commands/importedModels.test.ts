// `loupe model import` of folders as they lie on disks: whole, in shards, in parts, damaged; each is recognised or told in one sentence.
import { cp, mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addModel } from '../../main/commands/model.ts';
import { writeSafetensors } from '../../models/runtime/writeSafetensors.ts';
import { toyTensors, writeToy, writeToySam } from '../weights/toyCheckpoint.ts';
import { ran } from './inProcess.ts';

let root: string;
let whole: string;
const home = process.env.LOUPE_HOME;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe models '));
  process.env.LOUPE_HOME = path.join(root, 'home');
  whole = await writeToy(path.join(root, 'a whole one'), { says: 'x' });
});
afterAll(async () => {
  if (home === undefined) delete process.env.LOUPE_HOME;
  else process.env.LOUPE_HOME = home;
  await rm(root, { recursive: true });
});

const imported = (place: string) => ran([addModel], ['model', 'import', place]);

/** A copy of the whole checkpoint for a test to change. */
async function copied(name: string, change: (at: (file: string) => string) => Promise<unknown>): Promise<string> {
  const folder = path.join(root, name);
  await cp(whole, folder, { recursive: true });
  await change((file) => path.join(folder, file));
  return folder;
}

const index = 'model.safetensors.index.json';
const shard = (i: number) => `model-0000${i}-of-00002.safetensors`;

/** The same in two shards; `sends` may send tensors elsewhere. */
const inShards = (name: string, sends: Readonly<Record<string, string>> = {}) =>
  copied(name, async (at) => {
    await unlink(at('model.safetensors'));
    const all = Object.entries(toyTensors({ says: 'x' }));
    const files = new Map<string, string>();
    for (const i of [1, 2]) {
      const own = all.filter((_, place) => place % 2 === i - 1);
      for (const [key] of own) files.set(key, shard(i));
      await writeSafetensors(at(shard(i)), Object.fromEntries(own));
    }
    await writeFile(
      at(index),
      JSON.stringify({ metadata: {}, weight_map: { ...Object.fromEntries(files), ...sends } }),
    );
  });

const norm = 'model.norm.weight';

describe('is recognised', () => {
  it('whole, in shards, and where an older copy lies beside them; names may have spaces', async () => {
    const found = /Qwen2\.5-VL checkpoint \(1 layers of 272, asked as qwen-zero-shot, takes a segmenter beside it\)/;
    expect(await imported(whole)).toMatchObject({ code: 0, out: expect.stringMatching(found) });
    const shards = await inShards('in shards');
    expect(await imported(shards)).toMatchObject({ code: 0, out: expect.stringMatching(found) });
    await cp(path.join(whole, 'model.safetensors'), path.join(shards, 'model.safetensors'));
    expect(await imported(shards)).toMatchObject({ code: 0, out: expect.stringMatching(found) });
  });

  it('as a segmenter by its file alone', async () => {
    const folder = await writeToySam(path.join(root, 'sam'));
    expect((await imported(folder)).out).toContain('SAM 2 checkpoint');
  });
});

describe('is one sentence', () => {
  it.each([
    [
      'a shard that is missing',
      {},
      (at: Path) => unlink(at(shard(2))),
      /model-00002-of-00002\.safetensors: does not exist/,
    ],
    [
      'no index',
      {},
      (at: Path) => unlink(at(index)),
      /holds model-00001-of-00002\.safetensors without the index of its shards/,
    ],
    ['an index that is no JSON', {}, (at: Path) => writeFile(at(index), '{'), /its index is not valid JSON/],
    ['an index that is a list', {}, (at: Path) => writeFile(at(index), '[]'), /its index is not a JSON object/],
    [
      'a place outside',
      { [norm]: '../../etc/passwd' },
      nothing,
      /sends tensor "model\.norm\.weight" to "\.\.\/\.\.\/etc\/passwd"/,
    ],
    [
      'a tensor that is nowhere',
      { 'no.such': shard(1) },
      nothing,
      /sends tensor "no\.such" to .*, which does not hold it/,
    ],
  ] as const)('of shards: %s', async (name, sends, change, why) => {
    const folder = await inShards(name, sends);
    await change((file) => path.join(folder, file));
    const { code, line } = await imported(folder);
    expect([code, line]).toEqual([2, expect.stringMatching(why)]);
    expect(line).not.toContain('\n');
  });

  it.each([
    ['empty weights', (at: Path) => writeFile(at('model.safetensors'), ''), /is 0 bytes long, too short/],
    [
      'no tokenizer',
      (at: Path) => unlink(at('tokenizer.json')),
      /tokenizer\.json: does not exist; a checkpoint comes with/,
    ],
    ['an adapter without weights', adapterAlone, /adapter_model\.safetensors: does not exist/],
    ['an adapter of nothing', (at: Path) => writeFile(at('adapter_config.json'), '{}'), /adapter_config\.json: /],
  ] as const)('of a folder with %s', async (name, change, why) => {
    const { code, line } = await imported(await copied(name, change));
    expect([code, line]).toEqual([2, expect.stringMatching(why)]);
  });

  it('where a folder holds nothing of a model', async () => {
    const folder = path.join(root, 'nothing at all');
    await mkdir(folder);
    expect((await imported(folder)).line).toMatch(/nothing at all: holds neither \.onnx nor \.safetensors/);
    expect((await imported(path.join(folder, 'gone'))).line).toMatch(/there is no such file or folder/);
  });
});

type Path = (file: string) => string;

async function nothing(): Promise<void> {}

async function adapterAlone(at: Path): Promise<void> {
  const config = { peft_type: 'LORA', base_model_name_or_path: whole, r: 2, lora_alpha: 4, target_modules: ['q_proj'] };
  await writeFile(at('adapter_config.json'), JSON.stringify(config));
  await rename(at('model.safetensors'), at('elsewhere.bin'));
}
