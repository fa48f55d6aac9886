// Turns words into the numbers that CLIP's text encoder reads, by the vocabulary that lies beside its file.
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { openTokenizer, type Tokenizer, tokenizerFrom } from '../../../models/qwen/tokenizer.ts';
import { BadInput } from '../../contract/badInput.ts';

export interface ClipTokens {
  /** Start, words, end. */
  encode(text: string): number[];
  readonly end: number;
}

const hubName = 'tokenizer.json';
/** As OpenAI published it with CLIP, and as samexporter and X-AnyLabeling carry it. */
const mergesName = 'bpe_simple_vocab_16e6.txt.gz';
const [start, end] = ['<|startoftext|>', '<|endoftext|>'];
/** CLIP reads so many lines of the file and leaves the rest: its table has 49408 tokens. */
const mostMerges = 49152 - 256 - 2;
/** The real one is 1.4 MB, and 3.2 MB unpacked. */
const byteLimit = 16 * 2 ** 20;

/** `beside`: the folder of the text encoder, looked in second. Throws one sentence that names the file at fault, or says which one to put where. */
export async function openClipTokens(folder: string, beside = folder): Promise<ClipTokens> {
  const { file, tokenizer } = await tokenizerIn(folder, beside);
  const [first, last] = [tokenizer.special.get(start), tokenizer.special.get(end)];
  if (first === undefined || last === undefined)
    throw new BadInput(
      `${file}: has no ${start} and ${end}, so it is no tokenizer of CLIP, which SAM 3 reads words by`,
    );
  return { end: last, encode: (text) => [first, ...tokenizer.encode(text, { plain: true }), last] };
}

async function tokenizerIn(folder: string, beside: string): Promise<{ file: string; tokenizer: Tokenizer }> {
  const own = await readdir(folder);
  const place = [hubName, mergesName].some((one) => own.includes(one)) ? folder : beside;
  const names = place === folder ? own : await readdir(place);
  const name = [hubName, mergesName].find((one) => names.includes(one));
  if (name === undefined)
    throw new BadInput(
      `${folder}: holds no vocabulary for the words; put CLIP's ${hubName} (facebook/sam3 and openai/clip-vit-base-patch32 on the Hub have it) or ${mergesName} beside the .onnx files`,
    );
  const file = path.join(place, name);
  try {
    return { file, tokenizer: name === hubName ? openTokenizer(file) : tokenizerFrom(await clipFile(file)) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BadInput(why.startsWith(file) ? why : `${file}: ${why}`);
  }
}

/** The same as a `tokenizer.json`: bytes, bytes that end a word, then what each line puts together. */
async function clipFile(file: string): Promise<object> {
  if ((await stat(file)).size > byteLimit) throw new Error('is larger than that file is anywhere.');
  const bytes = await promisify(gunzip)(await readFile(file), { maxOutputLength: byteLimit });
  const [, ...lines] = bytes.toString('utf8').split('\n');
  const merges = lines.slice(0, mostMerges).filter((line) => line !== '');
  if (merges.length === 0 || merges.some((line) => line.split(' ').length !== 2))
    throw new Error('is not the list of pairs that CLIP has.');
  const letters = byteLetters();
  const joined = merges.map((line) => line.replace(' ', ''));
  const all = [...letters, ...letters.map((letter) => `${letter}</w>`), ...joined, start, end];
  const special = [start, end].map((content) => ({ content, id: all.indexOf(content), special: true }));
  return {
    added_tokens: special.map((one) => ({
      ...one,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    ...{ normalizer, pre_tokenizer: preTokenizer, post_processor: null, decoder: { type: 'ByteLevel' } },
    model: { ...bpe, vocab: Object.fromEntries(all.map((token, id) => [token, id])), merges },
  };
}

const normalizer = {
  type: 'Sequence',
  normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
};

const preTokenizer = {
  type: 'Sequence',
  pretokenizers: [
    {
      ...{ type: 'Split', behavior: 'Removed', invert: true },
      pattern: { Regex: String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+` },
    },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  ],
};

const bpe = {
  ...{ type: 'BPE', dropout: null, unk_token: end, continuing_subword_prefix: '', end_of_word_suffix: '</w>' },
  ...{ fuse_unk: false, byte_fallback: false },
};

/** GPT-2's letters for the 256 bytes: those that can be printed stand for themselves and come first. */
function byteLetters(): string[] {
  const own = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  return [...own, ...range(256, 255 + 256 - own.length)].map((code) => String.fromCodePoint(code));
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
