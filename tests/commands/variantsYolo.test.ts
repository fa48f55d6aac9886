// YOLO sets as its many writers lay them out: names of classes, rows of every kind, and lists beside them.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loupe } from './inProcess.ts';
import { fresh, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
const rows = '0 0.5 0.5 0.2 0.2\n2 0.25 0.25 0.2 0.2\n';
const setOf = (yaml: string | Uint8Array, label = rows) => ({
  'images/a.png': size,
  'labels/a.txt': label,
  'data.yaml': yaml,
});

describe('names of classes', () => {
  test.each([
    ['quoted keys and values', 'names:\n  "0": "cup"\n  \'2\': \'plate\'\n', ['cup', 'plate']],
    [
      'a list over lines with comments',
      'names: [\n  cup, # the first\n  # nothing\n  "fork",\n  plate,\n]\n',
      ['cup', 'plate'],
    ],
    ['a block list under its key, quoted', "names:\n- 'cup'\n- \"fork\"\n- 'plate: deep'\n", ['cup', 'plate: deep']],
    ['an alias', 'all: &all {0: cup, 2: plate}\nnames: *all\n', ['cup', 'plate']],
    ['words that YAML might take for others', 'names: [yes, no, off]\n', ['yes', 'off']],
    ['yes and no, null, numbers and dates', 'names: {0: true, 2: 1.50}\n', ['true', '1.50']],
    ['a date', 'names: [2020-01-01, x, null]\n', ['2020-01-01', 'null']],
    [
      'a byte order mark, CRLF and a document start',
      '\ufeff---\r\nnc: 3\r\nnames:\r\n  0: cup\r\n  1: fork\r\n  2: plate\r\n',
      ['cup', 'plate'],
    ],
    ['tabs behind values', 'nc: 3\t\nnames:\t[cup,\tfork,\tplate]\t\n', ['cup', 'plate']],
    ['other alphabets', 'names: {0: 安全帽, 2: "c\\u00e9"}\n', ['安全帽', 'cé']],
    [
      'other keys around',
      'path: ../set\ntrain: images\nval: images\ntest:\n\nnc: 3\nnames: {0: cup, 1: fork, 2: plate}\ndownload: |\n  names: [x, y, z]\n',
      ['cup', 'plate'],
    ],
  ])('%s', async (_, yaml, labels) => {
    expect((await takenFrom(await tree(setOf(yaml)))).labels).toEqual(labels);
  });

  test.each([
    ['UTF-16', Buffer.from('\ufeffnames: [cup, fork, plate]\n', 'utf16le'), ['cup', 'plate']],
    ['no YAML at all', Buffer.from('names: [cup, fork\nnc: {'), ['class 0', 'class 2']],
    ['one number twice', Buffer.from('names:\n  0: cup\n  0: fork\n  2: plate\n'), ['class 0', 'class 2']],
    [
      'GBK without a word on it',
      Buffer.from([...Buffer.from('names: ['), 0xb0, 0xb2, ...Buffer.from(', b, c]\n')]),
      ['class 0', 'class 2'],
    ],
  ])('a description in %s: read, or numbers and a word on it', async (_, yaml, labels) => {
    const { labels: found, report } = await takenFrom(await tree(setOf(yaml)));
    expect(found).toEqual(labels);
    if (labels.includes('class 0')) expect(report).toMatch(/data\.yaml.*(?:cannot be read|UTF-8)/u);
  });

  test("CVAT's YOLO 1.1: obj.names, obj.data and a list of pictures", async () => {
    const root = await tree({
      'obj.data': 'classes = 3\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n',
      'obj.names': 'cup\nfork\nplate\n',
      'train.txt': 'data/obj_train_data/a.png\ndata/obj_train_data/b.png\n',
      'obj_train_data/a.png': size,
      'obj_train_data/a.txt': rows,
      'obj_train_data/b.png': size,
      'obj_train_data/b.txt': '',
    });
    const { labels, files, report } = await takenFrom(root);
    expect([labels, files.length]).toEqual([['cup', 'plate'], 2]);
    expect(report).not.toMatch(/left out/u);
  });

  test("Label Studio's YOLO: classes.txt and notes.json", async () => {
    const root = await tree({
      'classes.txt': 'cup\r\nfork\r\nplate\r\n',
      'notes.json': {
        categories: ['cup', 'fork', 'plate'].map((name, id) => ({ id, name })),
        info: { year: 2026, version: '1.0', contributor: 'Label Studio' },
      },
      'images/a.png': size,
      'labels/a.txt': rows,
    });
    const { labels, report } = await takenFrom(root);
    expect(labels).toEqual(['cup', 'plate']);
    expect(report).not.toMatch(/left out/u);
    expect(report).toMatch(/classes\.txt/u);
  });

  test('the nearest list counts, and none from outside of the imported folder', async () => {
    const root = await tree({
      'data.yaml': 'names: [wrong, wrong, wrong]\n',
      'one/labels/classes.txt': 'cup\nfork\nplate\n',
      'one/labels/a.txt': rows,
      'one/images/a.png': size,
      'two/labels/a.txt': rows,
      'two/images/a.png': size,
    });
    const one = await takenFrom(path.join(root, 'one'));
    expect(one.labels).toEqual(['cup', 'plate']);
    expect(one.report).toMatch(/names of classes are those of labels.classes\.txt/u);
    expect((await takenFrom(path.join(root, 'two'))).labels).toEqual(['class 0', 'class 2']);
  });
});

describe('rows', () => {
  const polygon = '0 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5';

  test.each([
    ['tabs, trailing blanks and old line ends', `${polygon}\t \r1\t0.5\t0.5\t0.2\t0.2  \r`, 2],
    ['classes written as decimals', '0.0 0.5 0.5 0.2 0.2\n2.000000 0.5 0.5 0.2 0.2', 2],
    ['powers of ten', '0 5e-1 5E-1 2.0e-01 2.0e-01', 1],
    ['a little outside', '0 0.999 0.5 0.01 0.2\n0 -0.001 -0.001 0.5 0 0.5 1.002', 2],
    ['a turned box', '1 0.2 0.1 0.5 0.2 0.4 0.5 0.1 0.4', 1],
  ])('%s', async (_, label, count) => {
    const found = await takenFrom(await tree(setOf('names: [cup, fork, plate]', label)));
    expect(found.rows).toHaveLength(count);
    expect(found.report).not.toMatch(/left out/u);
  });

  test.each([
    ['a decimal comma', '0 0,5 0,5 0,2 0,2', /line 2 of a\.txt/u],
    ['commas between', '0, 0.5, 0.5, 0.2, 0.2', /line 2 of a\.txt/u],
    ['a half polygon', '0 0.1 0.1 0.5 0.1 0.5 0.5 0.1', /line 2 of a\.txt/u],
    ['pixels', '0 50 40 20 20', /line 2 of a\.txt/u],
    ['a negative class', '-1 0.5 0.5 0.2 0.2', /line 2 of a\.txt/u],
    ['a name', 'cup 0.5 0.5 0.2 0.2', /line 2 of a\.txt/u],
    ['infinity', '0 0.5 inf 0.2 0.2', /line 2 of a\.txt/u],
  ])('a row with %s among good ones is named, and they stay', async (_, bad, said) => {
    const found = await takenFrom(
      await tree(setOf('names: [cup, fork, plate]', `${polygon}\n${bad}\n1 0.5 0.5 0.2 0.2\n`)),
    );
    expect(found.rows.map(({ label }) => label)).toEqual(expect.arrayContaining(['cup', 'fork']));
    expect(found.report).toMatch(said);
  });

  test('one good row among many bad ones, beside its picture', async () => {
    const root = await tree({
      'a.png': size,
      'a.txt': `x y\ncup 1 2 3 4\nnonsense\n${polygon}\n`,
      'classes.txt': 'cup\n',
    });
    const { rows: found, report } = await takenFrom(root);
    expect(found.map(({ label }) => label)).toEqual(['cup']);
    for (const line of [1, 2, 3]) expect(report).toMatch(new RegExp(`line ${line} of a\\.txt`, 'u'));
  });

  test('polygons of as many numbers as a pose has are polygons where the set knows no pose', async () => {
    const points = Array.from({ length: 28 }, (_, i) => {
      const angle = (2 * Math.PI * i) / 28;
      return `${(0.5 + 0.3 * Math.cos(angle)).toFixed(4)} ${(0.5 + 0.3 * Math.sin(angle)).toFixed(4)}`;
    }).join(' ');
    const found = await takenFrom(await tree(setOf('names: [cup]', `0 ${points}\n`)));
    expect(found.rows[0]?.box_only).toBeUndefined();
    expect(found.rows[0]?.pixels).toBeGreaterThan(2000);
  });

  test.each([
    [
      'two numbers each, block style',
      'kpt_shape:\n- 3\n- 2\nnames: {0: person}\n',
      '0 0.5 0.5 0.4 0.4 0.1 0.1 0.2 0.2 0.9 0.9',
    ],
    [
      'with what is seen of each',
      'names: [person]\nkpt_shape: [2, 3]\nflip_idx: [1, 0]\n',
      '0 0.5 0.5 0.4 0.4 0.1 0.1 2 0 0 0',
    ],
  ])('a pose of %s is its box, with a word', async (_, yaml, row) => {
    const { rows: found, report } = await takenFrom(await tree(setOf(yaml, row)));
    expect(found).toMatchObject([{ label: 'person', bbox: [30, 24, 40, 32] }]);
    expect(report).toMatch(/keypoints of a\.txt/u);
  });

  test('a file that is a list of pictures or of classes is no file without annotations', async () => {
    const root = await tree({
      ...setOf('names: [cup, fork, plate]'),
      'train.txt': './images/a.png\n',
      'predefined_classes.txt': 'dog\nperson\ncat\n',
    });
    const { report, labels } = await takenFrom(root);
    expect(labels).toEqual(['cup', 'plate']);
    expect(report).not.toMatch(/left out/u);
    const { line } = await loupe('import', fresh('.loupe'), path.join(root, 'train.txt'));
    expect(line).toMatch(/train\.txt: holds names of pictures only; import the folder/u);
  });
});

describe('what a set says of itself', () => {
  test.each([
    [
      'the names stand in a list of their own',
      'names: lists/my_classes.txt\n',
      ['p', 'r'],
      /those of lists.my_classes/u,
    ],
    ['that list is not there', 'names: gone.txt\n', ['class 0', 'class 2'], /"gone\.txt", which holds none.*numbers/u],
    ['that list lies elsewhere', 'names: ../x.txt\n', ['class 0', 'class 2'], /"\.\.\/x\.txt", which lies outside/u],
    ['entries with ids', 'names:\n- {id: 2, name: c}\n- {id: 0, name: a}\n', ['a', 'c'], /those of data\.yaml/u],
    ['nc contradicts', 'nc: 5\nnames: [a, b]\n', ['a', 'class 2'], /its nc is 5, but it names 2 classes/u],
    ['a class has no name', 'names: [a, b]\n', ['a', 'class 2'], /class 2 has no name in data\.yaml/u],
    ['no names at all', 'nc: 3\ntrain: images\n', ['class 0', 'class 2'], /no list of class names lies in what/u],
    ['gaps, which nc counts', 'nc: 3\nnames: {0: a, 2: c}\n', ['a', 'c'], /^(?!.*nc is).*$/su],
  ])('%s', async (_, yaml, labels, said) => {
    const root = await tree({ ...setOf(yaml), 'lists/my_classes.txt': 'p\nq\nr\n', '../x.txt': 'no\nno\nno\n' });
    const found = await takenFrom(root);
    expect(found.labels).toEqual(labels);
    expect(found.report).toMatch(said);
    expect(found.report).not.toMatch(/data\.yaml: holds no annotations/u);
  });
});

describe('what models write behind a row', () => {
  const of = async (label: string, yaml = 'names: [cup]\n') => takenFrom(await tree(setOf(yaml, label)));
  const square = '0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5';

  test('scores and numbers of tracks are no places, where the file tells', async () => {
    const { rows } = await of(`0 0.5 0.5 0.2 0.2 0.9 7\n0 0.5 0.5 0.2 0.2 0.8 1\n0 ${square} 0.7 12\n`);
    expect(rows.map(({ bbox, score, attributes }) => [bbox, score, attributes?.track_id])).toEqual([
      [[40, 32, 20, 16], 0.9, 7],
      [[40, 32, 20, 16], 0.8, 1],
      [[10, 8, 40, 32], 0.7, 12],
    ]);
    const alone = await of('0 0.5 0.5 0.2 0.2 1\n0 0.25 0.25 0.2 0.2 34\n');
    expect(alone.rows.map(({ score, attributes }) => [score, attributes?.track_id])).toEqual([
      [undefined, 1],
      [undefined, 34],
    ]);
  });

  test('a triangle at the edge of the picture stays one', async () => {
    const { rows } = await of('0 0.5 0.5 1 0.5 1 1\n');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.pixels).toBeGreaterThan(900);
    expect(rows[0]?.box_only).toBeUndefined();
  });

  test('a pose with its score, and rows of another count than the set says', async () => {
    const points = Array.from({ length: 34 }, (_, i) => (0.3 + i / 100).toFixed(2)).join(' ');
    const label = `0 0.5 0.5 0.2 0.2 ${points}\n0 0.5 0.5 0.2 0.2 ${points} 0.9 3\n0 0.5 0.5 0.2 0.2\n`;
    const { rows } = await of(label, 'names: [person]\nkpt_shape: "17, 2"\n');
    expect(rows.map(({ bbox, score }) => [bbox, score])).toEqual(
      [undefined, 0.9, undefined].map((score) => [[40, 32, 20, 16], score]),
    );
    for (const [shape, why] of [
      [
        '[17, 3]',
        /line 1 of a\.txt: it has 38 numbers after its class, and a row with the keypoints of its set has 55/u,
      ],
      ['17', /line 1 of a\.txt: the set has keypoints, but its kpt_shape is "17" and not like \[17, 3\]/u],
    ] as const) {
      const other = await of(label, `names: [person]\nkpt_shape: ${shape}\n`);
      expect(other.rows).toMatchObject([{ bbox: [40, 32, 20, 16] }]);
      expect(other.report).toMatch(why);
    }
  });
});
