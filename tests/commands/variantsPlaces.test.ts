// Files that say in keys of their own where a picture lay, and names without a picture: no two pictures become one.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cocoOf, squareAt, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
type Found = Awaited<ReturnType<typeof takenFrom>>;
const where = ({ rows }: Found) =>
  rows.map(({ file, label }) => `${file?.split('/').slice(-2).join('/')} ${label}`).sort();

const voc = (label: string, head: string) =>
  `<annotation>${head}<size><width>100</width><height>80</height></size><object><name>${label}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>`;
const isat = (category: string, folder: string) => ({
  info: { description: 'ISAT', folder, name: '0001.png', width: 100, height: 80, depth: 3, note: '' },
  objects: [
    {
      ...{ category, group: 1, layer: 1, iscrowd: false, note: '' },
      segmentation: [
        [1, 1],
        [20, 1],
        [20, 20],
      ],
    },
  ],
});
const twoCameras = { 'images/cam1/0001.png': size, 'images/cam2/0001.png': size };

describe('where a picture lay', () => {
  test('VOC says it by a path or by a folder', async () => {
    const root = await tree({
      ...twoCameras,
      'xml/a.xml': voc('two', '<filename>0001.png</filename><path>D:\\set\\cam2\\0001.png</path>'),
      'xml/b.xml': voc('one', '<folder>cam1</folder><filename>0001.png</filename>'),
      'xml/c.xml': voc(
        'stale path',
        '<folder>cam1</folder><filename>0001.png</filename><path>/set/cam2/0009.png</path>',
      ),
    });
    expect(where(await takenFrom(root))).toEqual([
      'cam1/0001.png one',
      'cam1/0001.png stale path',
      'cam2/0001.png two',
    ]);
  });

  test('ISAT says it by a folder', async () => {
    const root = await tree({
      ...twoCameras,
      'json/a.json': isat('two', 'D:\\set\\cam2'),
      'json/b.json': isat('one', '/set/cam1'),
    });
    expect(where(await takenFrom(root))).toEqual(['cam1/0001.png one', 'cam2/0001.png two']);
  });

  test('a folder that is not here does not keep the only picture away', async () => {
    const root = await tree({
      'shots/0001.png': size,
      'xml/a.xml': voc('cup', '<folder>Untitled</folder><filename>0001.png</filename>'),
    });
    expect(where(await takenFrom(root))).toEqual(['shots/0001.png cup']);
  });
});

describe('without a picture', () => {
  test('files that may mean different pictures by one name do not share an image', async () => {
    const root = await tree({
      ...twoCameras,
      'xml/a.xml': voc('first', '<filename>0001.png</filename>'),
      'xml/b.xml': voc('second', '<filename>0001.png</filename>'),
    });
    const { rows, report } = await takenFrom(root);
    expect(rows.map(({ label }) => label)).toEqual(['first']);
    expect(report).toMatch(
      /image 0001\.png: 2 pictures have its name, and another file may mean another picture by it/u,
    );
    expect(report).toMatch(/1 shape of 0001\.png: their image was left out/u);
  });

  test('files beside each other that name one picture with its folder do', async () => {
    const images = [{ id: 1, file_name: 'cam1/0001.png', width: 100, height: 80 }];
    const root = await tree({
      'a/things.json': cocoOf([{ segmentation: [squareAt(10, 10)] }], { images }),
      'b/stuff.json': cocoOf([{ segmentation: [squareAt(40, 40)] }], { images }),
    });
    const { rows, files } = await takenFrom(root);
    expect([rows.length, files.length]).toEqual([2, 1]);
  });
});

describe('paths of another machine', () => {
  const at = (...cameras: number[]) =>
    cocoOf(
      cameras.map((image_id) => ({ image_id, segmentation: [squareAt(10 * image_id, 10)] })),
      {
        images: cameras.map((id) => ({ id, file_name: `/srv/me/set/cam${id}/0001.png`, width: 100, height: 80 })),
      },
    );

  test('a picture is that of the name with its folder, and the other name gets none', async () => {
    const root = await tree({ 'cam1/0001.png': size, 'c.json': at(1, 4) });
    const found = await takenFrom(path.join(root, 'c.json'));
    expect(where(found)).toEqual(['cam1/0001.png cup']);
    expect(found.report).toMatch(
      /image .srv.me.set.cam4.0001\.png: the picture that fits.*fits .*cam1.0001\.png as well/u,
    );
  });

  test('the only picture of a name is taken from another folder with a word on it', async () => {
    const root = await tree({ 'cam1/0001.png': size, 'c.json': at(4) });
    const found = await takenFrom(path.join(root, 'c.json'));
    expect(where(found)).toEqual(['cam1/0001.png cup']);
    expect(found.report).toMatch(/the folder of .*cam4.0001\.png is not here; .*cam1.0001\.png.* was taken for it/u);
  });
});
