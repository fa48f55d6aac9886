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
const asked = async (from: ReferringSource) => (await readRefer(from)).expressions;
const sentences = async (fields: Partial<ReferringSource> = {}) =>
  (await asked(source(fields))).map(({ text }) => text.papers);

describe('the references of a split', () => {
  it.each([0, 2] as const)('are read from a pickle of protocol %i, sentence by sentence', async (protocol) => {
    writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), pickled(references, protocol));
    const expressions = await asked(source());
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
    await expect(asked(source({ split: 'testC' }))).rejects.toThrow(/no references of the split "testC"/);
  });

  it('lie in the folder itself, and pictures where it is said', async () => {
    const [first] = await asked(source({ data: at('refer_seg', 'refcoco'), images: '/coco' }));
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
    const expressions = await asked(source(written(both)));
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
      /prediction 1: .*speaks of reference 2, which is not in this split \(and 1 more\)/,
    ],
    [
      'without a sentence',
      { predictions: [{ sent: '', ref_id: 1 }] },
      /prediction 1: written\.json: sent: asks nothing/,
    ],
    ['none', { predictions: [] }, /written\.json: predictions/],
    ['of another kind', { annotations: [] }, /written\.json: predictions/],
  ])('are refused: %s', async (_, content, sentence) => {
    writeFileSync(at('written.json'), JSON.stringify(content));
    await expect(asked(source({ sentences: at('written.json') }))).rejects.toThrow(sentence);
  });

  it.skipIf(!haveMaterial)('are read from the real file (skipped: no ../shared)', async () => {
    const file = material('annotations', 'refer_expressions_testA.json');
    const { predictions } = JSON.parse(readFileSync(file, 'utf8'));
    const ids: number[] = [...new Set<number>(predictions.map(({ ref_id }: { ref_id: number }) => ref_id))];
    const real = ids.map((id) => ({ ...reference(id, 'testA', ['as people said it']), ann_id: 10, image_id: 499 }));
    writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), pickled(real, 0));
    const expressions = await asked(source({ sentences: file }));
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
    const [first] = await asked(source());
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

describe('left out with a sentence, while the rest is asked, is', () => {
  const frame = { width: 20, height: 16 };
  const read = async (
    some: Parameters<typeof pickled>[0],
    other: object = {},
    fields: Partial<ReferringSource> = {},
  ) => {
    writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), pickled(some, 2));
    writeFileSync(at('refer_seg', 'refcoco', 'instances.json'), JSON.stringify({ ...instances, ...other }));
    const { expressions, leftOut } = await readRefer(source({ split: 'val', ...fields }));
    return { ids: expressions.map(({ id }) => id), leftOut, expressions };
  };

  it('a reference that is broken, that is there twice, or that says of no split; one of another split is passed over', async () => {
    const [, , good] = references;
    const broken = { ...good, ref_id: 9, ann_id: 'ten' };
    const { split: _, ...lost } = { ...good, ref_id: 8 };
    const { ids, leftOut } = await read([broken, good ?? {}, good ?? {}, lost, { split: 'train' }, 5]);
    expect(ids).toEqual(['3-0', '3-1']);
    expect(leftOut.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      expect.stringMatching(/^entry 1: refs\(unc\)\.p: ann_id: /),
      'entry 3: refs(unc).p: reference 3 is there before; the first counts',
      'entry 4: refs(unc).p: says of no split that it is in it',
      expect.stringMatching(/^entry 6: refs\(unc\)\.p: Invalid input/),
    ]);
  });

  it('nothing where the split is another: then that is said, whatever is broken', async () => {
    await expect(read([...references, 5], {}, { split: 'testC' })).rejects.toThrow(
      /no references of the split "testC"/,
    );
  });

  it('a sentence without a word', async () => {
    const { ids, leftOut } = await read([reference(3, 'val', ['left dog', ' '])]);
    expect([ids, leftOut]).toEqual([['3-0'], [{ what: '3-1', why: 'asks nothing' }]]);
  });

  it('a reference whose annotation or picture is broken or not there', async () => {
    const some = [1, 2, 3, 4].map((id) => reference(id, 'val', ['it']));
    const [, second] = instances.annotations;
    const annotations = [...instances.annotations.slice(2), { ...second, bbox: [1, 2] }];
    const images = instances.images.filter(({ id }) => id !== 497);
    const { ids, leftOut } = await read(some, { annotations, images });
    expect(ids).toEqual(['4-0']);
    expect(leftOut.map(({ what, why }) => `${what}: ${why}`).toSorted()).toEqual([
      'reference 1: instances.json: has no annotation 10, which it is of',
      expect.stringMatching(/^reference 2: instances\.json: annotation 20: bbox/),
      'reference 3: instances.json: has no image 497, which it is of',
    ]);
  });

  it.each([
    ['beside the picture', [square(30, 2, 6)], /no pixel of its mask lies in the picture/],
    ['of two corners', [[1, 1, 5, 5]], /polygon: 4 numbers/],
    ['none', [], /no pixel of its mask/],
    ['of another size', { size: [20, 16], counts: [10, 5, 305] }, /its mask is 16 x 20, its picture 20 x 16/],
  ])('a mask %s', async (_, segmentation, sentence) => {
    const annotations = instances.annotations.map((one) => ({ ...one, segmentation }));
    const { expressions } = await read(references, { annotations });
    expect(() => expressions[0]?.truth(frame)).toThrow(sentence);
  });

  it('a picture of another size than its file says', async () => {
    const { expressions } = await read(references);
    expect(() => expressions[0]?.truth({ width: 16, height: 20 })).toThrow(
      /_3\.jpg: is 16 x 20, and instances\.json says 20 x 16/,
    );
  });

  it('what a program wrote of no reference, and a reference of which it wrote nothing', async () => {
    const predictions = [{ sent: 'a dog', ref_id: 3 }, { sent: 'red car', ref_id: 2 }, { ref_id: 3 }];
    writeFileSync(at('written.json'), JSON.stringify({ predictions }));
    const some = [...references, reference(5, 'val', ['cat'])];
    const { ids, leftOut } = await read(some, {}, { sentences: at('written.json') });
    expect(ids).toEqual(['3-0']);
    expect(leftOut.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      'prediction 2: written.json: speaks of reference 2, which is not in this split',
      expect.stringMatching(/^prediction 3: written\.json: sent: /),
      'reference 5: written.json: says nothing of it',
    ]);
  });
});

describe('refused in one sentence is', () => {
  const pickle = (content: Buffer | string) => writeFileSync(at('refer_seg', 'refcoco', 'refs(unc).p'), content);

  it('a folder that holds no such set, or half of it', async () => {
    await expect(asked(source({ data: folder }))).rejects.toThrow(/holds no instances\.json, nor does refcoco in it/);
    rmSync(at('refer_seg', 'refcoco', 'refs(unc).p'));
    await expect(asked(source())).rejects.toThrow(/refs\(unc\)\.p: does not exist/);
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
    ['references without sentences', pickled([{ ...references[0], sentences: [] }], 0), /entry 1: .*sentences: has no/],
  ])('%s', async (_, content, sentence) => {
    pickle(content);
    await expect(asked(source())).rejects.toThrow(sentence);
  });

  it('a reference to what instances.json does not have', async () => {
    const fewer = { ...instances, annotations: instances.annotations.slice(1) };
    writeFileSync(at('refer_seg', 'refcoco', 'instances.json'), JSON.stringify(fewer));
    await expect(asked(source())).rejects.toThrow(/reference 1: .*has no annotation 10, which it is of/);
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
