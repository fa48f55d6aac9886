// CLIP's tokens out of both files that carry its vocabulary; the numbers are those of transformers' CLIPTokenizer with the same eight pairs.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClipTokens } from '../../../main/flow/onnx/clipTokens.ts';
import { endId, startId, words } from './wordFiles.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-clip-'));
});
afterAll(() => rm(root, { recursive: true }));

const merges = ['r e', 're d</w>', 'b l', 'u e</w>', 'bl ue</w>', 'g r', 'gr a', 'gra y</w>'];

/** As transformers saves it. */
function hubFile(): object {
  const printed = [...codes(33, 126), ...codes(161, 172), ...codes(174, 255)];
  const letters = [...printed, ...codes(256, 323)].map((code) => String.fromCodePoint(code));
  const all = [...letters, ...letters.map((one) => `${one}</w>`), ...merges.map((pair) => pair.replace(' ', ''))];
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const split = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      { id: startId, content: '<|startoftext|>', ...special },
      { id: endId, content: '<|endoftext|>', ...special },
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: split }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: '<|endoftext|>', continuing_subword_prefix: '' },
      ...{ end_of_word_suffix: '</w>', fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries([...all, '<|startoftext|>', '<|endoftext|>'].map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.split(' ')),
    },
  };
}

const codes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function folderWith(name: string, content: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(path.join(root, 'one-'));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, name), content);
  return folder;
}

const listName = 'bpe_simple_vocab_16e6.txt.gz';
const files: Record<string, () => Promise<string>> = {
  'the list of pairs': () => folderWith(listName, words()),
  'tokenizer.json': () => folderWith('tokenizer.json', JSON.stringify(hubFile())),
};

describe.each(Object.keys(files))('out of %s', (kind) => {
  it.each([
    ['Red  BLUE gray', [520, 513, 516, 519, 521]],
    ['reds, blue-gray!', [520, 512, 67, 338, 267, 516, 268, 519, 256, 521]],
    ["it's  Öl 12 犬", [520, 72, 339, 6, 338, 127, 114, 331, 272, 273, 163, 232, 361, 521]],
    ['', [520, 521]],
  ])('%j', async (text, ids) => {
    const tokens = await openClipTokens((await files[kind]?.()) ?? '');
    expect(tokens.encode(text)).toEqual(ids);
    expect(tokens.end).toBe(521);
  });

  it('what a person types never becomes a token of the machine', async () => {
    const tokens = await openClipTokens((await files[kind]?.()) ?? '');
    expect(tokens.encode('<|endoftext|> red').slice(1, -1)).not.toContain(521);
  });
});

describe('a file that is none is one sentence:', () => {
  it.each([
    [
      'words',
      listName,
      gzipSync('#version\none two three\n'),
      /16e6\.txt\.gz: is not the list of pairs that CLIP has\./,
    ],
    ['nothing', listName, gzipSync(''), /is not the list of pairs/],
    ['no archive', listName, 'plain', /16e6\.txt\.gz: incorrect header check/],
    ['a bomb', listName, gzipSync(new Uint8Array(17 * 2 ** 20)), /16e6\.txt\.gz: Cannot create a Buffer larger than/],
    ['no JSON', 'tokenizer.json', '{', /tokenizer\.json: /],
    [
      'another tokenizer',
      'tokenizer.json',
      JSON.stringify({ ...hubFile(), added_tokens: [] }),
      /has no <\|startoftext\|>/,
    ],
  ])('%s', async (_, name, content, why) => {
    await expect(openClipTokens(await folderWith(name, content))).rejects.toThrow(why);
  });
});
