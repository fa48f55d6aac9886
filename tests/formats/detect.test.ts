import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { readCoco } from '../../main/formats/coco/cocoRead.ts';
import { readPanoptic } from '../../main/formats/coco/panoptic.ts';
import { readCvat } from '../../main/formats/cvat.ts';
import { type Detected, detect } from '../../main/formats/detect.ts';
import { readGroundingSuite } from '../../main/formats/groundingSuite.ts';
import { readIsat } from '../../main/formats/isat.ts';
import { readLabelme } from '../../main/formats/labelme.ts';
import { readLabelStudio } from '../../main/formats/labelStudio.ts';
import { readReasonSeg } from '../../main/formats/reasonSeg.ts';
import { readSegmentAnything } from '../../main/formats/segmentAnything.ts';
import { readVia, readViaTable } from '../../main/formats/via.ts';
import { readVia3 } from '../../main/formats/via3.ts';
import { readVoc } from '../../main/formats/voc.ts';
import { readYolo } from '../../main/formats/yolo.ts';
import { freshFolder, outcomeOf, saved } from './reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const of = (content: unknown, name = 'file.dat'): Detected => detect(saved(folder, name, content));

test.each([
  ['COCO', { info: {}, images: [], annotations: [{ image_id: 1 }] }, readCoco],
  ['COCO without annotations', { images: [], categories: [] }, readCoco],
  ['COCO without images', { annotations: [{ image_id: 1 }], categories: [] }, readCoco],
  ['COCO panoptic', { images: [], annotations: [{ segments_info: [], image_id: 1 }] }, readPanoptic],
  ['LabelMe', { version: '5', shapes: [], imagePath: 'a.jpg', imageData: 'x' }, readLabelme],
  ['ReasonSeg', { shapes: [], text: ['x'], is_sentence: true }, readReasonSeg],
  ['ISAT', { info: { name: 'a' }, objects: [] }, readIsat],
  ['Segment Anything', { image: { file_name: 'a.jpg', width: 1 }, annotations: [] }, readSegmentAnything],
  ['VIA 2', { _via_settings: {}, _via_img_metadata: {}, _via_attributes: {} }, readVia],
  ['VIA 2 without its project', { 'a.png12': { filename: 'a.png', size: 12, regions: [] } }, readVia],
  [
    'VIA as a table',
    'filename,file_attributes,region_count,region_shape_attributes,region_attributes\na.jpg,"{}",0,"{}","{}"\n',
    readViaTable,
  ],
  ['VIA 3', { project: {}, config: {}, attribute: {}, file: {}, metadata: {}, view: {} }, readVia3],
  ['CVAT', '<?xml version="1.0"?>\n<annotations><version>1.1</version></annotations>', readCvat],
  ['Label Studio', [{ data: {}, annotations: [] }], readLabelStudio],
  ['VOC', '<?xml version="1.0"?>\n<annotation></annotation>', readVoc],
  ['GroundingSuite', '{"image_path": "a", "segmentation": {}}\n{"image_path": "b"}\n', readGroundingSuite],
])('%s', (_, content, reader) => {
  expect(of(content)).toEqual({ reader });
});

test('YOLO is told by its lines; text alone may be anything', () => {
  expect(of('0 0.5 0.5 0.1 0.1\r\n1 0 0 1 0 1 1\n', 'a.txt')).toEqual({ reader: readYolo });
  expect(of('', 'a.txt')).toEqual({ reader: readYolo });
  expect(of('cup\nplate\n', 'a.txt')).toMatchObject({ reason: expect.stringMatching(/no annotations/) });
});

test.each([
  ['results', [{ image_id: 1, score: 1 }], /COCO results/],
  ['a COCO file in a key', { gt: { images: [], annotations: [] } }, /inside its key "gt"/],
  ['other keys', { a: 1, b: [2] }, /its keys are a, b/],
  ['other entries', [{ a: 1 }], /entries have the keys a/],
  ['other lines', '{"a": 1}\n{"a": 2}', /entries have the keys a/],
  ['other XML', '<svg/>', /is XML, but neither a VOC annotation nor one of CVAT/],
  ['a tar archive', Buffer.concat([Buffer.alloc(257), Buffer.from('ustar'), Buffer.alloc(250)]), /unpack it/],
  ['a RAR archive', Buffer.from('Rar!\x1a\x07'), /unpack it/],
  ['a picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), /is a picture/],
])('%s: no reader, and why', (_, content, reason) => {
  expect(of(content)).toEqual({ reason: expect.stringMatching(reason) });
});

test('damaged JSON is refused with its place, a missing file by name', () => {
  expect(() => of('{"images": [1, 2')).toThrow(/cut short/);
  expect(() => detect('nowhere.json')).toThrow(/nowhere\.json: cannot be read/);
});

test('no file of any kind ends in a fault: readers of whatever was detected read, leave out or refuse', async () => {
  const key = fc.constantFrom(
    ...[
      'images',
      'annotations',
      'categories',
      'shapes',
      'objects',
      'info',
      'image',
      'imagePath',
      'imageWidth',
      'imageHeight',
    ],
    ...[
      'id',
      'image_id',
      'segmentation',
      'points',
      'label',
      'data',
      'result',
      'value',
      'file_name',
      'width',
      'height',
      'name',
    ],
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, 1, 7, -3.5, 1e300, '', 'a.jpg', '1'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.dictionary(key, value), fc.array(value)), async (content) => {
      try {
        const found = of(content);
        if ('reader' in found) await outcomeOf(found.reader, saved(folder, 'file.dat', content), { 'a.jpg': [8, 8] });
      } catch (error) {
        expect(error, JSON.stringify(content)).toBeInstanceOf(BadInput);
      }
    }),
    { numRuns: 300 },
  );
});
