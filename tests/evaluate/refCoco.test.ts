// RefCOCO's own files, pickle and instances, at toy size: splits, sentences, masks as the released code adds them up, and refusals.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { maskArea, sharedArea } from '../../main/contract/rle.ts';
import type { ReferringSource } from '../../main/evaluate/expressions.ts';
import { readRefer, truthOf } from '../../main/evaluate/refCoco.ts';
import { haveMaterial, material } from '../golden.ts';
import { temporary } from '../hosting.ts';
import { pickled } from './pickled.ts';

const { folder, remove } = temporary('refer');
afterAll(remove);

const sentence = (sent_id: number, sent: string) => ({ sent_id, sent, raw: `${sent}.`, tokens: sent.split(' ') });
const reference = (ref_id: number, split: string, sents: readonly string[]) => ({
  ...{ ref_id, ann_id: ref_id * 10, category_id: 1, image_id: 500 - ref_id, split },
  ...{ file_name: `COCO_train2014_${500 - ref_id}_${ref_id}.jpg`, sent_ids: sents.map((_, i) => i) },
  sentences: sents.map((sent, i) => sentence(i, sent)),
});
const references = [
  reference(1, 'testA', ['the man in black', "woman's bag", 'a "b" c\\d']),
  reference(2, 'testB', ['red car']),
  reference(3, 'val', ['left dog', 'brown dog']),
  reference(4, 'train', ['bird']),
];
const square = (x: number, y: number, side: number) => [x, y, x + side, y, x + side, y + side, x, y + side];
const instances = {
  info: { version: '1.0' },
  images: references.map(({ image_id, file_name }) => ({ id: image_id, file_name, width: 20, height: 16 })),
  annotations: references.map(({ ann_id, image_id }) => ({
    ...{ id: ann_id, image_id, category_id: 1, iscrowd: 0, area: 60, bbox: [2, 2, 8, 8] },
    segmentation: [square(2, 2, 6), square(6, 6, 4)],
  })),
  categories: [{ id: 1, name: 'person' }],
};

const at = (...names: string[]) => path.join(folder, ...names);
beforeEach(() => {
  mkdirSync(at('refer_seg', 'refcoco'), { recursive: true });
  writeFileSync(at('refer_seg', 'refcoco', 'instances.json'), JSON.stringify(instances));
  writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), pickled(references, 0));
});

const source = (fields: Partial<ReferringSource> = {}): ReferringSource => ({
  ...{ set: 'refcoco', data: at('refer_seg'), split: 'testA', images: null, sentences: null, ...fields },
});
const sentences = async (fields: Partial<ReferringSource> = {}) =>
  (await readRefer(source(fields))).map(({ text }) => text.papers);

describe('the references of a split', () => {
  it.each([0, 2] as const)('are read from a pickle of protocol %i, sentence by sentence', async (protocol) => {
    writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), pickled(references, protocol));
    const expressions = await readRefer(source());
    expect(expressions.map(({ id, text }) => [id, text.whole])).toEqual([
      ['1-0', 'the man in black'],
      ['1-1', "woman's bag"],
      ['1-2', 'a "b" c\\d'],
    ]);
    expect(expressions[0]?.picture).toBe(
      at('refer_seg', 'images', 'mscoco', 'images', 'train2014', 'COCO_train2014_499_1.jpg'),
    );
  });

  it('are those that the authors’ own loader takes', async () => {
    expect(await sentences({ split: 'testB' })).toEqual(['red car']);
    expect(await sentences({ split: 'val' })).toEqual(['left dog', 'brown dog']);
    expect(await sentences({ split: 'test' })).toHaveLength(4);
    await expect(readRefer(source({ split: 'testC' }))).rejects.toThrow(/no references of the split "testC"/);
  });

  it('lie in the folder itself, and pictures where it is said', async () => {
    const [first] = await readRefer(source({ data: at('refer_seg', 'refcoco'), images: '/coco' }));
    expect(first?.picture).toBe(path.join('/coco', 'COCO_train2014_499_1.jpg'));
  });
});

describe('sentences that were written by a program', () => {
  const written = (predictions: readonly object[]) => {
    writeFileSync(at('written.json'), JSON.stringify({ predictions }));
    return { sentences: at('written.json') };
  };

  it('are asked in place of those of people, however many of each reference, and the others are left out', async () => {
    const both = [
      { sent: 'man in black', ref_id: 1 },
      { sent: 'left person', ref_id: 1 },
    ];
    const expressions = await readRefer(source(written(both)));
    expect(expressions.map(({ id, text }) => [id, text.papers])).toEqual([
      ['1-0', 'man in black'],
      ['1-1', 'left person'],
    ]);
    expect(maskArea(expressions[1]?.truth({ width: 20, height: 16 }).strict ?? { size: [0, 0], counts: [] })).toBe(48);
    const val = written([{ sent: 'a dog', ref_id: 3 }]);
    expect(await sentences({ split: 'val', ...val })).toEqual(['a dog']);
  });

  it.each([
    [
      'of another split',
      { predictions: [{ sent: 'red car', ref_id: 2 }] },
      /speaks of reference 2, which is not in "testA"/,
    ],
    ['without a sentence', { predictions: [{ sent: '', ref_id: 1 }] }, /written\.json: predictions\.0\.sent/],
    ['none', { predictions: [] }, /written\.json: predictions/],
    ['of another kind', { annotations: [] }, /written\.json: predictions/],
  ])('are refused: %s', async (_, content, sentence) => {
    writeFileSync(at('written.json'), JSON.stringify(content));
    await expect(readRefer(source({ sentences: at('written.json') }))).rejects.toThrow(sentence);
  });

  it.skipIf(!haveMaterial)('are read from the real file (skipped: no ../shared)', async () => {
    const file = material('annotations', 'refer_expressions_testA.json');
    const { predictions } = JSON.parse(readFileSync(file, 'utf8'));
    const ids: number[] = [...new Set<number>(predictions.map(({ ref_id }: { ref_id: number }) => ref_id))];
    const real = ids.map((id) => ({ ...reference(id, 'testA', ['as people said it']), ann_id: 10, image_id: 499 }));
    writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), pickled(real, 0));
    const expressions = await readRefer(source({ sentences: file }));
    expect([ids.length, expressions.length, predictions.length]).toEqual([1975, 1984, 1984]);
    expect(new Set(expressions.map(({ id }) => id)).size).toBe(1984);
    const [first, again] = [0, 1].map((i) => expressions.find(({ id }) => id === `47-${i}`)?.text.papers);
    expect([first, again]).toEqual(['man in black', 'man in black']);
    expect(expressions.map(({ text }) => text.whole).toSorted()).toEqual(
      predictions.map(({ sent }: { sent: string }) => sent).toSorted(),
    );
  });
});

describe('what is meant', () => {
  const frame = { width: 20, height: 16 };

  it('has a pixel of two parts in neither class by the released code, and once by the drawing', async () => {
    const [first] = await readRefer(source());
    const truth = first?.truth(frame);
    if (!truth) throw new Error('no truth');
    // Squares of 36 and 16 pixels that share 4.
    expect([maskArea(truth.papers), maskArea(truth.strict)]).toEqual([44, 48]);
    expect(sharedArea(truth.papers, truth.strict)).toBe(44);
    expect(truth.box).toEqual({ x1: 2, y1: 2, x2: 10, y2: 10 });
  });

  it('is read from run lengths too', () => {
    const { papers, strict } = truthOf({ size: [16, 20], counts: [10, 5, 305] }, { x1: 0, y1: 0, x2: 1, y2: 1 }, frame);
    expect([maskArea(papers), maskArea(strict)]).toEqual([5, 5]);
  });
});

describe('refused in one sentence is', () => {
  const pickle = (content: Buffer | string) => writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), content);

  it('a folder that holds no such set, or half of it', async () => {
    await expect(readRefer(source({ data: folder }))).rejects.toThrow(
      /holds no instances\.json, nor does refcoco in it/,
    );
    rmSync(at('refer_seg', 'refcoco', 'refs(unc).p'));
    await expect(readRefer(source())).rejects.toThrow(/refs\(unc\)\.p: does not exist/);
  });

  it.each([
    [
      'an object of Python that could do anything',
      "cos\nsystem\n(S'true'\ntR.",
      /wants the Python object "os\.system"/,
    ],
    ['no pickle', 'no pickle at all', /refs\(unc\)\.p: is damaged, or is no pickle/],
    ['a pickle that is cut', pickled(references, 2).subarray(0, 300), /is damaged, or is no pickle/],
    ['a pickle of something else', pickled({ a: 1 }, 0), /refs\(unc\)\.p: /],
    ['references without sentences', pickled([{ ...references[0], sentences: [] }], 0), /0\.sentences: /],
  ])('%s', async (_, content, sentence) => {
    pickle(content);
    await expect(readRefer(source())).rejects.toThrow(sentence);
  });

  it('a reference to what instances.json does not have', async () => {
    const fewer = { ...instances, annotations: instances.annotations.slice(1) };
    writeFileSync(at('refer_seg', 'refcoco', 'instances.json'), JSON.stringify(fewer));
    await expect(readRefer(source())).rejects.toThrow(/has no annotation 10, which reference 1 is of/);
  });
});

const python = (() => {
  try {
    return execFileSync('python3', ['--version']).toString().startsWith('Python 3');
  } catch {
    return false;
  }
})();

describe.skipIf(!python)('what Python itself pickles (skipped: no python3)', () => {
  it.each([0, 2, 4])('is read the same: protocol %i', async (protocol) => {
    const file = at('refer_seg', 'refcoco', 'refs(unc).p');
    const script = `import json, pickle, sys\npickle.dump(json.load(sys.stdin), open(sys.argv[1], 'wb'), ${protocol})`;
    execFileSync('python3', ['-c', script, file], { input: JSON.stringify(references) });
    expect(readFileSync(file).length).toBeGreaterThan(100);
    expect((await sentences()).slice(0, 2)).toEqual(['the man in black', "woman's bag"]);
  });
});
