// ReasonSeg, GroundingSuite and prompts over photographs to expressions: small files of the exact formats, and the real ones.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { compress } from '../../main/contract/cocoMask.ts';
import { boxIou } from '../../main/contract/geometry.ts';
import { fromPolygon } from '../../main/contract/polygon.ts';
import { maskArea, maskBox } from '../../main/contract/rle.ts';
import type { ReferringSource } from '../../main/evaluate/expressions.ts';
import {
  mangled,
  readGroundingSuiteSet,
  readReasonSegSet,
  readTextPrompts,
} from '../../main/evaluate/referringFiles.ts';
import { decodeImage } from '../../main/pictures/image.ts';
import { saved } from '../formats/reads.ts';
import { haveMaterial, material } from '../golden.ts';
import { temporary } from '../hosting.ts';

const { folder, remove } = temporary('referring-files');
afterAll(remove);

const frame = { width: 20, height: 16 };
const source = (set: ReferringSource['set'], fields: Partial<ReferringSource>): ReferringSource => ({
  ...{ set, data: folder, split: 'val', images: null, sentences: null, ...fields },
});
const square = (x: number, y: number, side: number): [number, number][] => [
  ...([
    [x, y],
    [x + side, y],
    [x + side, y + side],
    [x, y + side],
  ] as [number, number][]),
];

describe('ReasonSeg', () => {
  const question = {
    text: ['what can one sit on?', 'the same in other words'],
    is_sentence: true,
    shapes: [
      { label: 'target', points: square(2, 2, 6) },
      { label: 'Ignore', points: square(4, 4, 2) },
      { label: 'flag', points: square(10, 10, 3) },
    ],
  };
  saved(folder, 'reason/val/b.json', question);
  saved(folder, 'reason/val/a.json', { ...question, text: 'one text', shapes: [] });
  const read = (fields: Partial<ReferringSource> = {}) =>
    readReasonSegSet(source('reasonseg', { data: path.join(folder, 'reason'), ...fields })).then(
      ({ expressions }) => expressions,
    );

  it('asks the first text of every file of a split, beside its picture', async () => {
    const expressions = await read();
    expect(expressions.map(({ id, text }) => [id, text.papers])).toEqual([
      ['a', 'one text'],
      ['b', 'what can one sit on?'],
    ]);
    expect(expressions[1]?.picture).toBe(path.join(folder, 'reason', 'val', 'b.jpg'));
    expect((await read({ data: path.join(folder, 'reason', 'val'), images: '/p' }))[0]?.picture).toBe(
      path.join('/p', 'a.jpg'),
    );
  });

  it('tells what is to be ignored apart, and passes flags over', async () => {
    const truth = (await read())[1]?.truth(frame);
    if (!truth?.ignored) throw new Error('nothing to ignore');
    expect([maskArea(truth.papers), maskArea(truth.ignored)]).toEqual([49 - 9, 9]);
    expect(truth.box).toEqual({ x1: 2, y1: 2, x2: 9, y2: 9 });
    expect((await read())[0]?.truth(frame).box).toBeNull();
  });

  it('is refused where there is none, and where a file is none of it', async () => {
    await expect(read({ data: path.join(folder, 'nowhere') })).rejects.toThrow(/has no questions/);
    saved(folder, 'bad/val/a.json', { text: [], shapes: [] });
    await expect(read({ data: path.join(folder, 'bad') })).rejects.toThrow(/a\.json: text/);
    saved(folder, 'silent/val/a.json', { text: [' '], shapes: [] });
    await expect(read({ data: path.join(folder, 'silent') })).rejects.toThrow(/a\.json: text.*: asks nothing/);
    saved(folder, 'other/val/a.json', { images: [], annotations: [] });
    await expect(read({ data: path.join(folder, 'other') })).rejects.toThrow(
      /a\.json: text: is not there: this is no question of ReasonSeg/,
    );
  });

  it('is asked without the files that are broken, and tells each', async () => {
    saved(folder, 'holes/val/good.json', question);
    saved(folder, 'holes/val/cut.json', JSON.stringify(question).slice(0, 60));
    saved(folder, 'holes/val/empty.json', '');
    saved(folder, 'holes/val/folder.json/a.txt', '');
    saved(folder, 'holes/val/none.json', { text: ['what?'] });
    saved(folder, 'holes/val/list.json', [question]);
    saved(folder, 'holes/val/words.json', { ...question, shapes: [{ label: 'target', points: [['a', 1]] }] });
    const data = path.join(folder, 'holes');
    const { expressions, leftOut } = await readReasonSegSet(source('reasonseg', { data }));
    expect(expressions.map(({ id }) => id)).toEqual(['good']);
    expect(leftOut.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      expect.stringMatching(/^cut: cut\.json: is cut short/),
      'empty: empty.json: is empty',
      expect.stringMatching(/^folder: .*folder\.json: is a folder/),
      expect.stringMatching(/^list: list\.json: is a list/),
      expect.stringMatching(/^none: none\.json: shapes: /),
      expect.stringMatching(/^words: words\.json: shapes\.0\.points\.0\.0: /),
    ]);
  });

  it('has its pictures beside it, also where somebody saved them otherwise', async () => {
    for (const name of ['a', 'b', 'c']) saved(folder, `endings/val/${name}.json`, question);
    for (const name of ['a.JPG', 'b.jpg', 'b.png']) saved(folder, `endings/val/${name}`, '');
    const pictures = (await read({ data: path.join(folder, 'endings') })).map(({ picture }) => path.basename(picture));
    expect(pictures).toEqual(['a.JPG', 'b.jpg', 'c.jpg']);
  });

  it('is found where its archive unpacks to, and not in a file', async () => {
    saved(folder, 'unpacked/ReasonSeg/val/good.json', question);
    expect((await read({ data: path.join(folder, 'unpacked') })).map(({ id }) => id)).toEqual(['good']);
    const file = saved(folder, 'ReasonSeg.zip', 'PK');
    await expect(read({ data: file })).rejects.toThrow(/ReasonSeg\.zip: is a file; .*unpack it and name the folder/);
    await expect(read({ data: path.join(folder, 'unpacked'), split: 'test' })).rejects.toThrow(/nor a folder "test"/);
  });

  it('has two corners drawn as its own loader draws them, and polygons beside the picture refused', async () => {
    const of = (points: [number, number][]) => ({ ...question, shapes: [{ label: 'target', points }] });
    saved(folder, 'odd/val/a.json', of(square(300, 300, 5)));
    saved(
      folder,
      'odd/val/b.json',
      of([
        [1, 1],
        [4, 1],
      ]),
    );
    const [beside, line] = await read({ data: path.join(folder, 'odd') });
    expect(() => beside?.truth(frame)).toThrow('no pixel of its polygons lies in the picture');
    expect(line?.truth(frame).box).toEqual({ x1: 1, y1: 1, x2: 5, y2: 2 });
  });

  it('is read in the Latin letters of Windows where it is no UTF-8, as by its own loader', async () => {
    const text = JSON.stringify({ text: ['the café’s door'], is_sentence: false, shapes: [] });
    const bytes = Buffer.from(text.replace('’', '\x92'), 'latin1');
    saved(folder, 'latin/val/a.json', bytes);
    const [first] = await read({ data: path.join(folder, 'latin') });
    expect(first?.text.papers).toBe('the café’s door');
    saved(folder, 'latin/val/a.json', Buffer.concat([bytes, Buffer.from([0xe9])]));
    await expect(read({ data: path.join(folder, 'latin') })).rejects.toThrow(/a\.json: .*not UTF-8 text/);
  });
});

describe('GroundingSuite', () => {
  const mask = fromPolygon(square(2, 2, 6).flat(), frame.width, frame.height);
  const line = (idx: number, fields: object = {}) =>
    JSON.stringify({
      ...{ idx, image_path: 'unlabeled2017/000000000267.jpg', class_id: 4, label: 'a dog', caption: 'This is a dog.' },
      ...{ box: [2, 2, 8, 8], segmentation: { size: [16, 20], counts: compress(mask) }, ...fields },
    });
  saved(folder, 'gs/dev.jsonl', `${line(7)}\n${line(8, { image_path: '../../etc/000000000001.jpg', class_id: 2 })}\n`);
  const read = (images: string | null = null) =>
    readGroundingSuiteSet(source('groundingsuite', { data: path.join(folder, 'gs', 'dev.jsonl'), images })).then(
      ({ expressions }) => expressions,
    );

  it('asks what LENS asks, and beside it what stands there', async () => {
    const expressions = await read();
    expect(expressions.map(({ id, kind }) => [id, kind])).toEqual([
      ['8', 'part'],
      ['7', 'single'],
    ]);
    expect(expressions[1]?.text).toEqual({ papers: 'th  a dog.', whole: 'This is a dog.' });
    expect(mangled('Where are this Area and the isle?')).toBe('where  th area and the le?');
    const truth = expressions[1]?.truth(frame);
    expect([truth?.papers, truth?.box]).toEqual([mask, { x1: 2, y1: 2, x2: 8, y2: 8 }]);
  });

  it('never leaves the folder of pictures', async () => {
    expect((await read('/coco'))[0]?.picture).toBe(path.join('/coco', '000000000001.jpg'));
  });

  it('is asked without the lines that are broken, and tells each', async () => {
    const lines = [
      line(1),
      '{"idx": 2, "image_path": "a.jpg',
      line(3, { caption: ' ' }),
      'words',
      line(3),
      '{"idx": 9,',
    ];
    saved(folder, 'gs/holes.jsonl', `\uFEFF${lines.join('\r\n')}`);
    const data = path.join(folder, 'gs', 'holes.jsonl');
    const { expressions, leftOut } = await readGroundingSuiteSet(source('groundingsuite', { data }));
    expect(expressions.map(({ id }) => id)).toEqual(['1', '3']);
    expect(leftOut.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      expect.stringMatching(/^entry 2: holes\.jsonl: .*\(line 2, column/),
      'entry 3: holes.jsonl: caption: asks nothing',
      expect.stringMatching(/^entry 4: holes\.jsonl: is not JSON.*\(line 4, column/),
      expect.stringMatching(/^entry 6: holes\.jsonl: is cut short.*\(line 6, column/),
    ]);
  });

  it('tells two lines of one number apart', async () => {
    saved(folder, 'gs/twice.jsonl', `${line(7)}\n${line(7, { caption: 'A cat.' })}\n`);
    const data = path.join(folder, 'gs', 'twice.jsonl');
    const { expressions, leftOut } = await readGroundingSuiteSet(source('groundingsuite', { data }));
    expect(expressions.map(({ id, text }) => [id, text.whole])).toEqual([
      ['7', 'This is a dog.'],
      ['7 (2)', 'A cat.'],
    ]);
    expect(leftOut).toEqual([]);
  });

  it('refuses a file that is packed, a folder, and masks of nothing or damaged', async () => {
    const of = (name: string) => source('groundingsuite', { data: path.join(folder, name) });
    saved(folder, 'gs/packed.jsonl', gzipSync(line(1)));
    await expect(readGroundingSuiteSet(of('gs/packed.jsonl'))).rejects.toThrow(/is a gzip file; unpack it first/);
    await expect(readGroundingSuiteSet(of('gs'))).rejects.toThrow(/gs: is a folder; name the file in it/);
    const counts = (text: string) => ({ segmentation: { size: [16, 20], counts: text } });
    const empty = compress({ size: [16, 20], counts: [320] });
    saved(folder, 'gs/masks.jsonl', `${line(1, counts(empty))}\n${line(2, counts('0'))}\n`);
    const [none, damaged] = (await readGroundingSuiteSet(of('gs/masks.jsonl'))).expressions;
    expect(() => none?.truth(frame)).toThrow('no pixel of its mask lies in the picture');
    expect(() => damaged?.truth(frame)).toThrow(/compressed mask: its runs cover 0 of 320 pixels/);
  });

  it('refuses a line of something else, and a picture of another size', async () => {
    saved(folder, 'gs/bad.jsonl', '{"idx": 1}\n');
    const bad = source('groundingsuite', { data: path.join(folder, 'gs', 'bad.jsonl') });
    await expect(readGroundingSuiteSet(bad)).rejects.toThrow(
      /bad\.jsonl: holds nothing that can be asked: entry 1: bad\.jsonl: image_path/,
    );
    const [first] = await read();
    expect(() => first?.truth({ width: 21, height: 16 })).toThrow('its mask is 20 x 16, its picture 21 x 16');
  });
});

describe.skipIf(!haveMaterial)('the real files (skipped: no ../shared)', () => {
  it('of GroundingSuite are 2,229 captions of 1,801 pictures in four kinds', async () => {
    const data = material('annotations', 'gseval_dev.jsonl');
    const { expressions } = await readGroundingSuiteSet(source('groundingsuite', { data }));
    expect([expressions.length, new Set(expressions.map(({ picture }) => picture)).size]).toEqual([2229, 1801]);
    const kinds = Map.groupBy(expressions, ({ kind }) => kind);
    expect(Object.fromEntries([...kinds].map(([kind, some]) => [kind, some.length]))).toEqual(
      Object.fromEntries([
        ...[
          ['part', 273],
          ['several', 461],
          ['single', 888],
          ['stuff', 607],
        ],
      ]),
    );
    const smoke = expressions.find(({ id }) => id === '0');
    expect(smoke?.text.papers).toBe('a trail of white smoke follows the plane, trailing behind it.');
    const truth = smoke?.truth({ width: 640, height: 504 });
    if (!truth?.box) throw new Error('no box');
    expect(boxIou(maskBox(truth.papers), truth.box)).toBeGreaterThan(0.9);
  });

  it('of GroundingSuite have masks of which so many fit their boxes as another decoder of run lengths counts', async () => {
    const data = material('annotations', 'gseval_dev.jsonl');
    const lines = readFileSync(data, 'utf8').trim().split('\n');
    const sizes = new Map(lines.map((line) => JSON.parse(line)).map((line) => [`${line.idx}`, line.segmentation.size]));
    const loose: Record<string, number> = {};
    for (const { id, kind = '', truth } of (await readGroundingSuiteSet(source('groundingsuite', { data })))
      .expressions) {
      const [height, width] = sizes.get(id);
      const { papers, box } = truth({ width, height });
      const fit = box ? boxIou(maskBox(papers), box) : 0;
      expect(fit).toBeGreaterThan(0.226);
      loose[kind] = (loose[kind] ?? 0) + (fit < 0.9 ? 1 : 0);
    }
    expect(loose).toEqual({ stuff: 68, part: 177, several: 123, single: 477 });
  });

  it('of the 37 prompts name masks that are there, none for what is absent', async () => {
    const { expressions } = await readTextPrompts(material('annotations', 'text_to_mask_dev.jsonl'), material());
    expect(expressions.length).toBe(37);
    for (const { picture, kind, truth } of expressions) {
      expect(existsSync(picture)).toBe(true);
      const { papers, box } = truth(await decodeImage(picture));
      expect([kind === 'none', maskArea(papers) === 0, box === null]).toEqual(Array(3).fill(kind === 'none'));
    }
  });
});
