// SAM 3 for words in every way of exporting it: a toy under the same names finds what the words name, and what is wrong is one sentence.
import { mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBitmap, maskIou } from '../../../main/contract/rle.ts';
import { WordSegmenter } from '../../../main/flow/onnx/wordSegmenter.ts';
import { loadPredictor } from '../../../main/flow/predict.ts';
import type { Predictor } from '../../../main/flow/predictor.ts';
import { recogniseModel } from '../../../main/flow/recogniseModel.ts';
import { mul } from '../../../models/graph/elementwise.ts';
import { reshape } from '../../../models/graph/shape.ts';
import { input } from '../../../models/graph/tensor.ts';
import { frozenWeights } from '../../../models/runtime/frozen.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { writeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { write } from './onnxFiles.ts';
import { discs, type Kind, kinds, things, writeWordFiles } from './wordFiles.ts';

const image = discs();
const all = Object.keys(kinds) as Kind[];
const threads = 1;

/** Pixels of a disc. */
function maskOf({ x, y, radius }: (typeof things)[number]) {
  const { width, height } = image;
  const isIn = (i: number) => Math.hypot((i % width) + 0.5 - x, Math.floor(i / width) + 0.5 - y) < radius;
  return fromBitmap(
    Uint8Array.from({ length: width * height }, (_, i) => (isIn(i) ? 1 : 0)),
    width,
    height,
  );
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-words-'));
  for (const kind of all) await writeWordFiles(path.join(root, kind), kind);
});
afterAll(() => rm(root, { recursive: true }));

describe.each(all)('dialect %s', (kind) => {
  let segmenter: WordSegmenter;
  beforeAll(async () => {
    segmenter = await WordSegmenter.open(path.join(root, kind), { threads });
  });
  afterAll(() => segmenter.release());

  it('is found from the names in its files', async () => {
    expect(segmenter.dialect).toBe(kind.split(' ')[0]);
    expect(await recogniseModel(path.join(root, kind))).toEqual({
      kind: 'ONNX text segmenter',
      detail: expect.stringContaining('SAM 3 for words of'),
    });
  });

  it('finds all that the words name, each with box, mask and score', async () => {
    const found = await segmenter.find(image, 'Red');
    expect(found).toHaveLength(2);
    const left = found.find(({ box }) => box.x1 === 0);
    const right = found.find(({ box }) => box.x1 === 40);
    expect([left?.box, right?.box]).toEqual([
      { x1: 0, y1: 0, x2: 40, y2: 40 },
      { x1: 40, y1: 0, x2: 80, y2: 40 },
    ]);
    const [first, second] = things.map(maskOf);
    if (!left || !right || !first || !second) throw new Error('unreachable');
    expect(maskIou(left.mask, first)).toBeGreaterThan(0.85);
    expect(maskIou(right.mask, second)).toBeGreaterThan(0.75);
    for (const { score } of found) expect(score).toBeCloseTo(1 / (1 + Math.exp(-4)), 1);
    expect(found[0]?.score).toBeGreaterThanOrEqual(found[1]?.score ?? 1);
  });

  it('finds other things by other words, and nothing by words that name nothing', async () => {
    const [blue] = await segmenter.find(image, 'blue');
    expect(maskIou(blue?.mask ?? maskOf(things[0]), maskOf(things[2]))).toBeGreaterThan(0.75);
    expect(await segmenter.find(image, 'blue')).toHaveLength(1);
    expect(await segmenter.find(image, 'a dog')).toEqual([]);
    expect(await segmenter.find({ ...image, data: new Uint8Array(image.data.length).fill(128) }, 'red')).toEqual([]);
  });

  it('knows more words than it reads', async () => {
    await expect(segmenter.find(image, 'red '.repeat(40))).rejects.toThrow(
      'the prompt takes 42 tokens and this model reads 32; say it in fewer words',
    );
  });
});

it('the same masks come out of every dialect', async () => {
  const masks = [];
  for (const kind of all) {
    const segmenter = await WordSegmenter.open(path.join(root, kind), { threads });
    masks.push((await segmenter.find(image, 'red')).map(({ mask }) => mask));
    await segmenter.release();
  }
  const [first = [], ...others] = masks;
  for (const other of others)
    for (const [i, mask] of first.entries()) expect(maskIou(mask, other[i] ?? maskOf(things[2]))).toBeGreaterThan(0.99);
});

describe('as the model that answers words', () => {
  let predictor: Predictor;
  beforeAll(async () => {
    predictor = await loadPredictor(path.join(root, 'e'), { threads });
  });
  afterAll(() => predictor.release());

  it('proposes what it found, without reasoning, and says beforehand what it costs', async () => {
    const seen: number[] = [];
    const proposal = await predictor.predict(image, { text: 'red' }, { onBox: ({ x1 }) => seen.push(x1) });
    expect(proposal).toMatchObject({
      ...{ found: 'objects', frame: { width: 80, height: 40 }, answer: { reasoning: '' } },
      objects: [{ score: expect.any(Number) }, { score: expect.any(Number) }],
    });
    expect(JSON.parse(proposal.answer.text)).toEqual(
      proposal.objects.map(({ box }) => ({ bbox_2d: Object.values(box), score: expect.closeTo(0.96, 1) })),
    );
    expect(seen.toSorted((a, b) => a - b)).toEqual([0, 40]);
    expect(predictor.warnings.join()).toMatch(
      /^e needs about 0\.0 GB of memory \(.* are free\) .* prompting many images/,
    );
    expect(await predictor.predict(image, { text: 'a dog' })).toMatchObject({ found: 'nothing', objects: [] });
  });

  it('says what clicks and boxes need', async () => {
    const why = /^e: finds by words alone; for clicks and boxes choose a segmenter beside it/;
    await expect(predictor.segment(image, { points: [{ x: 3, y: 3, sign: '+' }] })).rejects.toThrow(why);
    const pointed = { text: 'red', box: { x1: 0, y1: 0, x2: 9, y2: 9 } };
    await expect(predictor.predict(image, pointed)).rejects.toThrow(why);
  });
});

describe('files that cannot be used are one sentence:', () => {
  const opened = (folder: string, free?: number) => WordSegmenter.open(folder, { threads, ...(free && { free }) });
  const broken = async (name: string, kind: Kind, change: (at: (file: string) => string) => Promise<unknown>) => {
    const folder = await writeWordFiles(path.join(root, name), kind);
    await change((file) => path.join(folder, file));
    return folder;
  };

  it.each([
    ['picture.onnx', 'the file of its picture encoder'],
    ['text.onnx', 'the file of its text encoder'],
    ['decoder.onnx', 'the file of its decoder'],
  ])('no %s', async (file, what) => {
    for (const kind of ['d', 'e'] as const) {
      const folder = await broken(`${kind} without ${file}`, kind, (at) => unlink(at(file)));
      const why = new RegExp(`holds a part of SAM 3 for words of .*; missing beside it: ${what}$`);
      await expect(opened(folder)).rejects.toThrow(why);
      await expect(recogniseModel(folder)).rejects.toThrow(why);
    }
  });

  it('no vocabulary, or one that is another', async () => {
    const vocabulary = 'bpe_simple_vocab_16e6.txt.gz';
    const folder = await broken('wordless', 'd', (at) => unlink(at(vocabulary)));
    await expect(opened(folder)).rejects.toThrow(/holds no vocabulary for the words; put CLIP's tokenizer\.json/);
    await writeFile(path.join(folder, 'tokenizer.json'), '{}');
    await expect(opened(folder)).rejects.toThrow(/tokenizer\.json: is no byte-level BPE/);
    await rename(path.join(folder, 'tokenizer.json'), path.join(folder, vocabulary));
    await expect(opened(folder)).rejects.toThrow(/bpe_simple_vocab_16e6\.txt\.gz: incorrect header check/);
  });

  it('a vocabulary in the folder of the files, below the one that is named, is found', async () => {
    await writeWordFiles(path.join(root, 'outer', 'onnx'), 'd');
    await (await opened(path.join(root, 'outer'))).release();
  });

  it('less memory than it takes, before anything is loaded', async () => {
    const folder = await broken('large', 'd', (at) => writeFile(at('text.onnx'), Buffer.from('')));
    await expect(opened(folder)).rejects.toThrow(/text\.onnx: is no ONNX file/);
    await expect(opened(path.join(root, 'd'), 1000)).rejects.toThrow(
      /d: needs about 0\.0 GB of memory and this machine has 0\.0 GB free; close other programs/,
    );
  });

  it('a data file that is missing', async () => {
    const folder = await broken('no-data', 'e', async (at) => {
      await writeSafetensors(at('maps.safetensors'), { w: { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
      const weights = frozenWeights([await openSafetensors(at('maps.safetensors'))]);
      const { fpn_feat_0: map, ...rest } = kinds.e()[0] ?? {};
      if (!map) throw new Error('unreachable');
      const fpn_feat_0 = mul(map, reshape(weights.get('w', [4]), [1, 4, 1, 1]));
      await write(path.dirname(at('x')), 'picture.onnx', { fpn_feat_0, ...rest });
    });
    await (await opened(folder)).release();
    await unlink(path.join(folder, 'maps.safetensors'));
    await expect(opened(folder)).rejects.toThrow(/picture\.onnx: its data file maps\.safetensors is missing/);
  });

  it('a newer opset', async () => {
    const newer = await broken('newer', 'e', async (at) => {
      const bytes = await readFile(at('decoder.onnx'));
      bytes[bytes.lastIndexOf(Buffer.from('com.microsoft')) - 5] = 99;
      await writeFile(at('decoder.onnx'), bytes);
    });
    await expect(opened(newer)).rejects.toThrow(/decoder\.onnx: is written in opset 99/);
  });

  it('half-precision files', async () => {
    const folder = await broken('halves', 'e', async (at) => {
      const bytes = await readFile(at('text.onnx'));
      // The type of the output, in front of its shape.
      const place = bytes.lastIndexOf(Buffer.from('text_features')) + 'text_features'.length;
      bytes[bytes.indexOf(Buffer.from([0x08, 0x01]), place) + 1] = 10;
      await writeFile(at('text.onnx'), bytes);
    });
    await expect(opened(folder)).rejects.toThrow(/text\.onnx: text_features is of an element type \(ONNX number 10\)/);
  });

  it('the first export of usls, in four files', async () => {
    const folder = await broken('four', 'e', (at) =>
      write(path.dirname(at('x')), 'decoder.onnx', { pred_masks: mul(input('prompt_features', [1, 4]), 2) }),
    );
    await expect(opened(folder)).rejects.toThrow(/decoder of usls' first export of SAM 3, in four files/);
  });

  it('a folder of clicks alone, given for words', async () => {
    const folder = path.join(root, 'clicks');
    await writeWordFiles(folder, 'e');
    for (const file of ['picture.onnx', 'text.onnx', 'decoder.onnx'])
      await write(folder, file, { y: mul(input('x', [1]), 2) });
    await expect(loadPredictor(folder)).rejects.toThrow(
      /holds ONNX files of no model that finds by words; one for clicks/,
    );
  });
});
