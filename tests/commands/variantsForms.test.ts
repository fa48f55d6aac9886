// Forms of other tools and archives of them: read, or named with what to export instead.
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { zip } from '../zip.ts';
import { loupe } from './inProcess.ts';
import { cocoOf, fresh, squareAt, takenFrom, tree } from './taken.ts';

const size = [100, 80] as const;
const coco = (file_name = 'a.png') =>
  cocoOf([{ segmentation: [squareAt(10, 10)] }], { images: [{ id: 1, file_name, width: 100, height: 80 }] });
const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

describe('CVAT', () => {
  const image = (inner: string, name = 'a.png') =>
    `<image id="0" name="${name}" width="100" height="80">${inner}</image>`;

  test.each(['task', 'project', 'job'])('labels as a %s lists them, and every kind of shape', async (kind) => {
    const labels = ['cup', 'plate', 'unused'].map(
      (name) => `<label><name>${name}</name><color>#fa3253</color><type>any</type><attributes/></label>`,
    );
    const root = await tree({
      'a.png': size,
      'annotations.xml': `<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><${kind}><id>7</id><labels>${labels.join('')}</labels></${kind}><dumped>x</dumped></meta>
${image(`<polygon label="cup" source="manual" occluded="1" points="10.00,10.00;20.00,10.00;20.00,20.00;10.00,20.00" z_order="0"><attribute name="colour">red</attribute><attribute name="broken">false</attribute></polygon>
<box label="plate" source="auto" occluded="0" xtl="30.25" ytl="10.50" xbr="50.75" ybr="20.25" z_order="2"/>
<box label="plate" occluded="0" xtl="60" ytl="10" xbr="80" ybr="20" rotation="90"/>
<ellipse label="cup" occluded="0" cx="50" cy="50" rx="10" ry="5"/>
<mask label="cup" occluded="0" rle="0, 3, 1, 2" left="5" top="60" width="3" height="2"/>
<polyline label="cup" occluded="0" points="1,1;2,2"/><points label="cup" occluded="0" points="3,3"/><tag label="cup" source="manual"/>
<skeleton label="cup"><points label="nose" points="1,1"/></skeleton>`)}</annotations>`,
    });
    const { rows, coco: out, report } = await takenFrom(path.join(root, 'annotations.xml'));
    expect(out.categories.map(({ name }) => name)).toEqual(['cup', 'plate', 'unused']);
    expect(rows.map(({ label }) => label)).toEqual(['cup', 'plate', 'plate', 'cup', 'cup']);
    expect(rows[0]?.attributes).toMatchObject({ colour: 'red', broken: false, occluded: true });
    expect(rows[1]).toMatchObject({ bbox: [30.25, 10.5, 20.5, 9.75], attributes: { z_order: 2, source: 'auto' } });
    expect(rows[2]?.bbox).toEqual([65, 5, 10, 20]);
    expect(rows[4]).toMatchObject({ pixels: 5 });
    for (const why of [/polyline 6/u, /points 7/u, /tag 8/u, /skeleton 9/u]) expect(report).toMatch(why);
  });

  const track = '<track id="0" label="cup"><box frame="0" xtl="1" ytl="1" xbr="5" ybr="5"/></track>';

  test('tracks of a video lie on its frames, which CVAT exports beside them', async () => {
    const root = await tree({ 'images/frame_000000.png': size, 'v.xml': `<annotations>${track}</annotations>` });
    const { rows } = await takenFrom(path.join(root, 'v.xml'));
    expect(rows.map(({ file, bbox }) => [file, bbox])).toEqual([
      [expect.stringMatching(/images\/frame_000000\.png$/u), [1, 1, 4, 4]],
    ]);
  });

  test('tracks of a video without its frames are named with what to export', async () => {
    const root = await tree({ 'v.xml': `<annotations>${track}</annotations>` });
    const { line } = await loupe('import', fresh('.loupe'), path.join(root, 'v.xml'));
    expect(line).toMatch(/v\.xml: is CVAT's form for video \(tracks\), and no frame is here as a picture; export/u);
  });
});

describe('VIA', () => {
  const region = (shape: object, said: object = { class: 'cup' }) => ({
    shape_attributes: shape,
    region_attributes: said,
  });
  const polygon = { name: 'polygon', all_points_x: [10, 20, 20, 10], all_points_y: [10, 10, 20, 20] };

  test.each([
    [
      'VIA 1: regions by number',
      { 'a.png123': { filename: 'a.png', size: 123, regions: { 0: region(polygon) }, file_attributes: {} } },
    ],
    [
      'VIA 2: a list',
      { 'a.png123': { filename: 'a.png', size: 123, regions: [region(polygon)], file_attributes: {} } },
    ],
    [
      'VIA 2: a project with a choice',
      {
        _via_settings: {},
        _via_img_metadata: {
          'a.png123': {
            filename: 'a.png',
            size: 123,
            regions: [region(polygon, { kind: 'cup', note: 'x' })],
            file_attributes: {},
          },
        },
        _via_attributes: {
          region: { note: { type: 'text' }, kind: { type: 'radio', options: { cup: '' } } },
          file: {},
        },
        _via_data_format_version: '2.0.10',
      },
    ],
  ])('%s', async (_, content) => {
    const root = await tree({ 'a.png': size, 'via.json': content });
    const { rows } = await takenFrom(path.join(root, 'via.json'));
    expect(rows).toMatchObject([{ label: 'cup', pixels: 100 }]);
  });
});

describe('archives', () => {
  test('zip and gzip inside of an imported folder are opened, and what is in none of them is named', async () => {
    const root = await tree({
      'one/a.png': size,
      'one/annotations.zip': zip({ 'instances.json': bytes(coco()) }),
      'two/b.png': size,
      'two/more.json.gz': gzipSync(JSON.stringify(coco('b.png'))),
      'three/c.png': size,
      'three/c.json': coco('c.png'),
      'three/old.7z': Buffer.from('7z\xbc\xaf\x27\x1c0000', 'latin1'),
      'three/empty.zip': zip({ 'readme.md': bytes('hello') }),
      'three/images.zip': zip({ 'c.png': bytes('no matter') }),
      'three/weights.pt': zip({ 'data.pkl': bytes('no matter') }),
    });
    const { files, report } = await takenFrom(root);
    expect(files.map((file) => path.basename(file)).sort()).toEqual(['a.png', 'b.png', 'c.png']);
    expect(report).toMatch(/three.old\.7z: is an archive that Loupe does not open/u);
    expect(report).toMatch(/three.empty\.zip: no file in it holds annotations/u);
    expect(report).toMatch(/three.images\.zip: holds pictures alone; unpack it/u);
    expect(report).toMatch(/three.empty\.zip.readme\.md: holds no annotations/u);
    expect(report).toMatch(/three.weights\.pt: is an archive that Loupe does not open/u);
  });

  test('an archive in an archive is named, not opened', async () => {
    const inner = zip({ 'b.json': bytes(coco('b.png')) });
    const root = await tree({ 'a.png': size, 'set.zip': zip({ 'a.json': bytes(coco()), 'inner.zip': inner }) });
    const { files, report } = await takenFrom(path.join(root, 'set.zip'));
    expect(files.map((file) => path.basename(file))).toEqual(['a.png']);
    expect(report).toMatch(/inner\.zip: is an archive in an archive; unpack it/u);
  });

  test('YOLO in a zip with one folder around it', async () => {
    const root = await tree({
      'a.png': size,
      'set.zip': zip({
        'set/data.yaml': bytes('names: {0: cup, 3: plate}'),
        'set/labels/train/a.txt': bytes('3 0.5 0.5 0.2 0.2\n'),
        '__MACOSX/set/._data.yaml': bytes('\0\0'),
      }),
    });
    expect((await takenFrom(path.join(root, 'set.zip'))).labels).toEqual(['plate']);
  });

  test('a zip that unpacks to far more than it holds ends in one sentence', async () => {
    const bomb = Buffer.alloc(3e8, 0x20);
    const root = await tree({ 'big.json.gz': gzipSync(bomb) });
    const { line } = await loupe('import', fresh('.loupe'), path.join(root, 'big.json.gz'));
    expect(line).toMatch(/big\.json\.gz: unpacks to more than \d+ times its size/u);
  });
});

describe('names of pictures', () => {
  test('composed and decomposed letters are the same picture', async () => {
    const root = await tree({
      [`${'é'.normalize('NFD')}.png`]: size,
      'c.json': coco('é.png'.normalize('NFC')),
      [`${'ü'.normalize('NFC')}/a.png`]: size,
      'd.json': coco(`${'ü'.normalize('NFD')}/a.png`),
    });
    const { rows, report } = await takenFrom(root);
    expect(rows).toHaveLength(2);
    expect(report).not.toMatch(/not found/u);
  });
});

describe('forms that are not read', () => {
  test.each([
    [
      'Detectron2',
      [
        {
          file_name: 'a.png',
          image_id: 1,
          height: 80,
          width: 100,
          annotations: [{ bbox: [1, 1, 5, 5], bbox_mode: 0, category_id: 0 }],
        },
      ],
      /Detectron2/u,
    ],
    [
      'MMDetection',
      [{ filename: 'a.png', width: 100, height: 80, ann: { bboxes: [[1, 1, 5, 5]], labels: [0] } }],
      /MMDetection/u,
    ],
    ['COCO results', [{ image_id: 1, category_id: 1, bbox: [1, 1, 5, 5], score: 0.5 }], /results/u],
    [
      'Darwin 1',
      {
        dataset: 'x',
        image: { filename: 'a.png', width: 100, height: 80, url: 'x' },
        annotations: [{ name: 'cup', bounding_box: { x: 1, y: 1, w: 5, h: 5 } }],
      },
      /Darwin/u,
    ],
    [
      'Supervisely',
      {
        description: '',
        tags: [],
        size: { height: 80, width: 100 },
        objects: [
          {
            classTitle: 'cup',
            geometryType: 'rectangle',
            points: {
              exterior: [
                [1, 1],
                [5, 5],
              ],
              interior: [],
            },
          },
        ],
      },
      /Supervisely/u,
    ],
    [
      'CreateML',
      [{ image: 'a.png', annotations: [{ label: 'cup', coordinates: { x: 5, y: 5, width: 5, height: 5 } }] }],
      /CreateML/u,
    ],
    ['BDD', [{ name: 'a.png', labels: [{ category: 'car', box2d: { x1: 1, y1: 1, x2: 5, y2: 5 } }] }], /BDD/u],
    [
      'Cityscapes',
      {
        imgHeight: 80,
        imgWidth: 100,
        objects: [
          {
            label: 'car',
            polygon: [
              [1, 1],
              [5, 1],
              [5, 5],
            ],
          },
        ],
      },
      /Cityscapes/u,
    ],
    ['Labelbox', [{ 'Labeled Data': 'https://x/a.png', Label: { objects: [] }, 'External ID': 'a.png' }], /Labelbox/u],
    ['GeoJSON', { type: 'FeatureCollection', features: [] }, /GeoJSON/u],
  ])('%s says what it is', async (_, content, name) => {
    const root = await tree({ 'a.png': size, 'x.json': content });
    const { line, code } = await loupe('import', fresh('.loupe'), path.join(root, 'x.json'));
    expect([line, code]).toEqual([expect.stringMatching(name), 2]);
  });

  test('a folder of such files says so of each, and takes the others', async () => {
    const root = await tree({
      'a.png': size,
      'a.json': coco(),
      'b.json': { imgHeight: 80, imgWidth: 100, objects: [] },
      'c.csv': 'ImageID,LabelName,XMin\nx,y,1\n',
    });
    const { rows, report } = await takenFrom(root);
    expect(rows).toHaveLength(1);
    expect(report).toMatch(/b\.json: is a Cityscapes file/u);
    expect(report).toMatch(/c\.csv: is a table/u);
  });
});
