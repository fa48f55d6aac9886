// Qwen's tokenizer against the published one, on the full table and on the small ones.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openTokenizer, type Tokenizer, tokenizerFrom } from '../../models/qwen/tokenizer.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';

interface Vector {
  group: string;
  text: string;
  ids: number[];
  decoded?: string;
  decoded_skip_special?: string;
}
interface DecodeCase {
  ids: number[];
  decoded: string;
  decoded_skip_special?: string;
}
interface Info {
  added_tokens: Record<string, number>;
  special: string[];
  n_ranks: number;
  n_added: number;
}

let opened: Tokenizer | undefined;
const qwen = () => {
  opened ??= openTokenizer(golden('qwen-tokenizer', 'tokenizer.json.gz'));
  return opened;
};

describe.skipIf(!haveGolden)('the full table', () => {
  it('encodes every vector to the published ids and back', () => {
    const { cases } = goldenJson<{ cases: Vector[] }>('qwen-tokenizer', 'vectors.json');
    expect(cases.length).toBeGreaterThan(0);
    for (const { text, ids, decoded = text, decoded_skip_special = decoded, group } of cases) {
      expect(qwen().encode(text), `${group}: ${JSON.stringify(text)}`).toEqual(ids);
      expect(qwen().decode(ids), group).toBe(decoded);
      expect(qwen().decode(ids, { skipSpecial: true }), group).toBe(decoded_skip_special);
    }
  });

  it('decodes every list of ids, broken characters too', () => {
    for (const row of goldenJson<{ cases: DecodeCase[] }>('qwen-tokenizer', 'decode.json').cases) {
      expect(qwen().decode(row.ids), String(row.ids)).toBe(row.decoded);
      const plain = row.decoded_skip_special ?? row.decoded;
      expect(qwen().decode(row.ids, { skipSpecial: true }), String(row.ids)).toBe(plain);
    }
  });

  it('knows its special tokens and size', () => {
    const info = goldenJson<Info>('qwen-tokenizer', 'info.json');
    expect([...qwen().special]).toEqual(info.special.map((name) => [name, info.added_tokens[name]]));
    expect(qwen().size).toBe(info.n_ranks + info.n_added);
  });

  it('leaves out ids beyond the table, where the embedding has spare rows', () => {
    expect(qwen().decode([qwen().size, 64, qwen().size + 200, -1, 0.5])).toBe('a');
    expect(qwen().decode([qwen().size])).toBe('');
  });

  it('reads names of special tokens as plain text when asked to', () => {
    const names = [...qwen().special.keys(), '<tool_call>', '<|im_start|><|im_end|>', '<<|im_end|>>'];
    const added = new Set(Object.values(goldenJson<Info>('qwen-tokenizer', 'info.json').added_tokens));
    for (const name of names) {
      const ids = qwen().encode(`a ${name}b`, { plain: true });
      expect(ids.filter((id) => added.has(id))).toEqual([]);
      expect(qwen().decode(ids)).toBe(`a ${name}b`);
    }
    expect(qwen().encode('two words', { plain: true })).toEqual(qwen().encode('two words'));
    expect(qwen().encode('', { plain: true })).toEqual([]);
  });

  it('brings any normalised text back', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 }).map((s) => s.toWellFormed().normalize('NFC'));
    fc.assert(
      fc.property(text, fc.boolean(), (s, plain) => {
        expect(qwen().decode(qwen().encode(s, { plain }))).toBe(s);
      }),
    );
  });

  it('takes long text without a blank in its stride', () => {
    const start = performance.now();
    expect(qwen().decode(qwen().encode('a'.repeat(50_000))).length).toBe(50_000);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe.skipIf(!haveGolden).each(['qwen25vl-tiny', 'qwen2vl-tiny'])('%s', (model) => {
  it('has its special tokens behind the first ranks', () => {
    const tokenizer = openTokenizer(golden(model, 'tokenizer.json'));
    const { special_ids } = goldenJson<{ special_ids: Record<string, number> }>(model, 'info.json');
    for (const [name, id] of Object.entries(special_ids)) expect(tokenizer.encode(name)).toEqual([id]);
    const text = 'the left [12, 40]\n\tcafé 红';
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(Math.max(...tokenizer.encode(text))).toBeLessThan(tokenizer.size);
  });
});

/** Two merges over a few letters, one special token: enough to see every path without the fixtures. */
const small = {
  normalizer: { type: 'NFC' },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '\\p{N}| ?\\p{L}+|\\s+' }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
    ],
  },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: { a: 0, b: 1, Ġ: 2, ab: 3, Ġab: 4, '<': 5, '|': 6, '>': 7, x: 8, Â: 9, ħ: 10 },
    merges: ['a b', 'Ġ ab'],
  },
  added_tokens: [{ id: 11, content: '<|x|>', special: true }],
};

describe('a table of a few entries', () => {
  const tokenizer = tokenizerFrom(small);

  it('merges by rank', () => {
    expect(tokenizer.encode('ab aab')).toEqual([3, 2, 0, 3]);
    expect(tokenizer.encode('b ab<|x|>')).toEqual([1, 4, 11]);
    expect(tokenizer.size).toBe(12);
  });

  it('hides special tokens in both directions', () => {
    expect(tokenizer.encode('<|x|>', { plain: true })).toEqual([5, 6, 8, 6, 7]);
    expect(tokenizer.decode([3, 11, 4])).toBe('ab<|x|> ab');
    expect(tokenizer.decode([3, 11, 4], { skipSpecial: true })).toBe('ab ab');
  });

  it('treats U+0085 as white space and U+FEFF not, as the published pattern does and JavaScript does not', () => {
    const { vocab, merges } = small.model;
    const reaching = {
      vocab: { ...vocab, aÂ: 12, aï: 13, ï: 14, '»': 15, '¿': 16 },
      merges: [...merges, 'a Â', 'a ï'],
    };
    const split = tokenizerFrom({ ...small, pre_tokenizer: wholeRuns, model: { ...small.model, ...reaching } });
    expect(split.encode('a\u0085b')).toEqual([0, 9, 10, 1]);
    expect(split.encode('a\uFEFFb')).toEqual([13, 15, 16, 1]);
  });
});

/** One piece per run of white space or of anything else: the merges above reach across only what is not white space. */
const wholeRuns = {
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: '\\s+|\\S+' }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
  ],
};

describe('files', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'loupe-tokenizer-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (bytes: string | Uint8Array) => {
    const file = path.join(folder, 'tokenizer.json');
    writeFileSync(file, bytes);
    return file;
  };

  it('are read plain and gzipped', () => {
    expect(openTokenizer(written(JSON.stringify(small))).encode('ab')).toEqual([3]);
    expect(openTokenizer(written(gzipSync(JSON.stringify(small)))).encode('ab')).toEqual([3]);
  });

  it('are refused with the name of the file and the reason', () => {
    const unigram = { ...small, model: { ...small.model, type: 'Unigram' } };
    expect(() => openTokenizer(written(JSON.stringify(unigram)))).toThrow(/tokenizer\.json: .*BPE/s);
    const letters = { ...small, model: { ...small.model, vocab: { a: 'one' } }, added_tokens: [] };
    expect(() => openTokenizer(written(JSON.stringify(letters)))).toThrow('no whole number as its id');
    expect(() => openTokenizer(written('{"model"'))).toThrow(folder);
    expect(() => openTokenizer(written(gzipSync('[]').subarray(0, 12)))).toThrow(folder);
  });
});
