// Annotations that name pictures as other tools and other machines do: each lands on its own picture or on none, and it is told.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loupe } from './inProcess.ts';
import { cocoOf, fresh, squareAt, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
const one = (file_name: string, name: string) =>
  cocoOf([{ segmentation: [squareAt(10, 10)] }], {
    images: [{ id: 1, file_name, width: 100, height: 80 }],
    categories: [{ id: 1, name }],
  });

type Found = Awaited<ReturnType<typeof takenFrom>>;
/** Folder and name of each shape's picture, with the label. */
const where = ({ rows }: Found) =>
  rows.map(({ file, label }) => `${file?.split('/').slice(-2).join('/')} ${label}`).sort();

describe('equal names in different folders', () => {
  test("COCO's own layout: annotations/instances_train2017.json beside train2017/ and val2017/", async () => {
    const root = await tree({
      'annotations/instances_train2017.json': one('0001.png', 'a'),
      'annotations/instances_val2017.json': one('0001.png', 'b'),
      'train2017/0001.png': size,
      'val2017/0001.png': size,
    });
    const right = ['train2017/0001.png a', 'val2017/0001.png b'];
    expect(where(await takenFrom(root))).toEqual(right);
    const [train, val] = ['train', 'val'].map((part) => path.join(root, `annotations/instances_${part}2017.json`));
    expect(where(await takenFrom(train ?? '', val ?? ''))).toEqual(right);
  });

  test("Roboflow's layout: each part has its file beside its pictures", async () => {
    const parts = ['train', 'valid', 'test'].flatMap((part) => [
      [`${part}/_annotations.coco.json`, one('0001.png', part)],
      [`${part}/0001.png`, size],
    ]);
    const root = await tree(Object.fromEntries(parts));
    const right = ['test/0001.png test', 'train/0001.png train', 'valid/0001.png valid'];
    expect(where(await takenFrom(root))).toEqual(right);
    const each = ['train', 'valid', 'test'].map((part) => path.join(root, part, '_annotations.coco.json'));
    expect(where(await takenFrom(...each))).toEqual(right);
    expect(where(await takenFrom(...each.map((file) => [file, root] as const)))).toEqual(right);
  });

  test('paths of Windows, with a drive or with backslashes, are matched by their folders', async () => {
    const root = await tree({
      'set/drive.json': one('D:\\data\\set\\cam2\\0001.png', 'drive'),
      'set/share.json': one('\\\\server\\share\\cam1\\0001.png', 'share'),
      'set/relative.json': one('cam2\\0001.png', 'relative'),
      'set/unix.json': one('/mnt/set/cam1/0001.png', 'unix'),
      'set/cam1/0001.png': size,
      'set/cam2/0001.png': size,
    });
    const right = ['cam1/0001.png share', 'cam1/0001.png unix', 'cam2/0001.png drive', 'cam2/0001.png relative'];
    expect(where(await takenFrom(path.join(root, 'set')))).toEqual(right);
  });

  test('addresses are matched by the end of their path, also where letters are written in percent', async () => {
    const root = await tree({
      'one.json': one('http://images.example.org/val2017/0001.png?size=large', 'a'),
      'two.json': one('my%20pictures/0002%20%C3%A9.png', 'b'),
      'val2017/0001.png': size,
      // Of another size, so that a wrong match would be refused.
      'train2017/0001.png': [90, 70],
      'my pictures/0002 é.png': size,
    });
    const { report, labels } = await takenFrom(root);
    expect(labels).toEqual(['a', 'b']);
    expect(report).not.toMatch(/not found|left out/u);
  });

  test('LabelMe beside another tree: ..\\images\\cam1\\0001.png', async () => {
    const labelme = (imagePath: string, label: string) => ({
      ...{ version: '5.4.1', flags: {}, imagePath, imageData: null, imageHeight: 80, imageWidth: 100 },
      shapes: [
        {
          label,
          points: [
            [10, 10],
            [20, 10],
            [20, 20],
          ],
          group_id: null,
          shape_type: 'polygon',
          flags: {},
        },
      ],
    });
    const root = await tree({
      'labels/cam1/0001.json': labelme('..\\..\\images\\cam1\\0001.png', 'a'),
      'labels/cam2/0001.json': labelme('..\\..\\images\\cam2\\0001.png', 'b'),
      'images/cam1/0001.png': size,
      'images/cam2/0001.png': size,
    });
    const right = ['cam1/0001.png a', 'cam2/0001.png b'];
    expect(where(await takenFrom(root))).toEqual(right);
    expect(where(await takenFrom(path.join(root, 'labels/cam1/0001.json'), path.join(root, 'labels/cam2')))).toEqual(
      right,
    );
  });

  test('VOC of two years: each folder of annotations has its own folder of pictures', async () => {
    const voc = (name: string) => `<annotation><folder>JPEGImages</folder><filename>0001.png</filename>
      <size><width>100</width><height>80</height><depth>3</depth></size>
      <object><name>${name}</name><bndbox><xmin>11</xmin><ymin>11</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>`;
    const root = await tree({
      'VOC2007/Annotations/0001.xml': voc('a'),
      'VOC2007/JPEGImages/0001.png': size,
      'VOC2012/Annotations/0001.xml': voc('b'),
      'VOC2012/JPEGImages/0001.png': size,
    });
    const { rows } = await takenFrom(root);
    expect(rows.map(({ file, label }) => `${/VOC\d+/u.exec(file ?? '')?.[0]} ${label}`).sort()).toEqual([
      'VOC2007 a',
      'VOC2012 b',
    ]);
  });

  test('CVAT names subfolders', async () => {
    const image = (name: string, label: string, id: number) =>
      `<image id="${id}" name="${name}" width="100" height="80"><box label="${label}" xtl="10" ytl="10" xbr="20" ybr="20" occluded="0"/></image>`;
    const root = await tree({
      'annotations.xml': `<annotations>${image('cam1/0001.png', 'a', 0)}${image('cam2/0001.png', 'b', 1)}</annotations>`,
      'images/cam1/0001.png': size,
      'images/cam2/0001.png': size,
    });
    expect(where(await takenFrom(root))).toEqual(['cam1/0001.png a', 'cam2/0001.png b']);
  });

  test('Label Studio names local files and storages with their folders', async () => {
    const task = (image: string, label: string) => ({
      data: { image },
      annotations: [
        {
          result: [
            {
              ...{ id: 'r', type: 'rectanglelabels', original_width: 100, original_height: 80 },
              value: { x: 10, y: 10, width: 10, height: 10, rotation: 0, rectanglelabels: [label] },
            },
          ],
        },
      ],
    });
    const root = await tree({
      'export.json': [
        task('/data/local-files/?d=set/cam1/0001.png', 'a'),
        task('/data/local-files/?d=set%5Ccam2%5C0001.png', 'b'),
        task('s3://bucket/cam1/0002.png', 'c'),
        task('https://example.org/set/cam2/0002.png?token=1', 'd'),
      ],
      ...Object.fromEntries(['cam1', 'cam2'].flatMap((cam) => [1, 2].map((i) => [`${cam}/000${i}.png`, size]))),
    });
    const right = ['cam1/0001.png a', 'cam1/0002.png c', 'cam2/0001.png b', 'cam2/0002.png d'];
    expect(where(await takenFrom(root))).toEqual(right);
  });
});

describe('no guess', () => {
  test('two pictures that fit equally, and a folder that contradicts, are told and not taken', async () => {
    const root = await tree({
      'bare.json': one('0001.png', 'a'),
      'other.json': one('cam3/0001.png', 'b'),
      'cam1/0001.png': size,
      'cam2/0001.png': size,
    });
    for (const [file, why] of [
      ['bare.json', /0001\.png: 2 pictures have its name/u],
      ['other.json', /cam3\/0001\.png/u],
    ] as const) {
      const { out } = await loupe('import', fresh('.loupe'), path.join(root, file));
      expect(out).toMatch(why);
    }
    const { files } = await takenFrom(path.join(root, 'bare.json'));
    expect(files.filter((name) => name.includes('cam'))).toEqual([]);
  });

  test('a second import that matches nothing says why', async () => {
    const root = await tree({
      'one.json': one('cam1/0001.png', 'a'),
      'two.json': one('cam9/0001.png', 'b'),
      'cam1/0001.png': size,
    });
    const { reports, rows } = await takenFrom(path.join(root, 'one.json'), path.join(root, 'two.json'));
    expect(reports[1]).toMatch(/cam9\/0001\.png: .*cam1.0001\.png has its name, but lies in another folder/u);
    expect(rows.filter(({ file }) => file?.endsWith('cam1/0001.png'))).toHaveLength(1);
  });

  test('one stem with two endings: a YOLO file says nothing about which is meant', async () => {
    const root = await tree({
      'images/a.png': size,
      'images/a.jpg': size,
      'labels/a.txt': '0 0.5 0.5 0.2 0.2\n',
      'data.yaml': 'names: [cup]\n',
    });
    const { out } = await loupe('import', fresh('.loupe'), root);
    expect(out).toMatch(/picture/u);
    expect(out).toMatch(/Took 0 shapes|no file/u);
  });

  test('an id that three images share takes none of them, and the others stay', async () => {
    const images = [1, 1, 1, 2].map((id, i) => ({ id, file_name: `${'abcd'[i]}.png`, width: 100, height: 80 }));
    const shapes = [1, 2].map((image_id) => ({ image_id, segmentation: [squareAt(10, 10)] }));
    const root = await tree({
      'c.json': cocoOf(shapes, { images }),
      ...Object.fromEntries(images.map(({ file_name }) => [file_name, size])),
    });
    const { rows, report } = await takenFrom(path.join(root, 'c.json'));
    expect(rows.map(({ file }) => file?.split('/').at(-1))).toEqual(['d.png']);
    expect(report).toMatch(/a\.png, b\.png, c\.png: they share the id 1/u);
    expect(report).toMatch(/annotation 1: two images share its image_id 1/u);
  });
});
