// JSON of tools that Loupe does not read: each is called by its name and told what to export instead.
import { rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { detect } from '../../../main/formats/detect.ts';
import { freshFolder, saved } from '../reads.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['Darwin', { version: '2.0', item: { name: 'a.png' }, annotations: [{ name: 'car', polygon: { paths: [] } }] }],
  ['Darwin', { dataset: 'd', image: { width: 1, height: 1, filename: 'a.png', url: '' }, annotations: [] }],
  ['Darwin', { image: { original_filename: 'a.png' }, annotations: [{ name: 'car' }] }],
  ['Datumaro', { dm_format_version: '1.0', info: {}, categories: { label: {} }, items: [{ id: 'a' }] }],
  ['Datumaro', { info: {}, categories: { label: { labels: [] } }, items: [] }],
  ['Supervisely', { description: '', tags: [], size: { height: 1, width: 1 }, objects: [] }],
  ['Supervisely', { classes: [{ title: 'car', shape: 'polygon' }], tags: [] }],
  ['Cityscapes', { imgHeight: 80, imgWidth: 100, objects: [{ label: 'car', polygon: [] }] }],
  ['BDD100K', [{ name: 'a.jpg', labels: [{ category: 'car', box2d: {} }] }]],
  ['BDD100K', { name: 'a', frames: [{ timestamp: 1, objects: [] }] }],
  ['BDD100K', { frames: [{ name: 'a.jpg', labels: [] }], config: {} }],
  ['CreateML', [{ image: 'a.png', annotations: [{ label: 'car', coordinates: {} }] }]],
  ['CreateML', [{ imagefilename: 'a.png', annotation: [] }]],
  ['Labelbox', [{ 'DataRow ID': 'x', Label: {} }]],
  ['Labelbox', [{ ID: 'x', 'Labeled Data': 'https://x', Label: {} }]],
  ['Labelbox', '{"data_row": {"id": "x"}, "projects": {}}\n{"data_row": {"id": "y"}}\n'],
  ['Labelbox', '{"data_row": {"id": "x"}, "projects": {}}'],
  ['SuperAnnotate', { metadata: { name: 'a' }, instances: [], tags: [] }],
  ['Encord', [{ data_hash: 'x', data_units: {} }]],
  ['SageMaker Ground Truth', '{"source-ref": "s3://a", "x": {}}\n{"source-ref": "s3://b"}'],
  ['Hasty', { project_name: 'x', export_format_version: '1.1', images: [] }],
  ['answer of a Roboflow model', { predictions: [], image: { width: 1 } }],
  ['Scale AI', [{ task_id: 'x', response: {} }]],
  ['GeoJSON', { type: 'FeatureCollection', features: [] }],
  ['GeoJSON', [{ type: 'Feature', geometry: {}, properties: {} }]],
])('%s', (name, content) => {
  const found = detect(saved(folder, 'x.json', content));
  expect(found).toEqual({
    reason: expect.stringMatching(
      new RegExp(`^is an? ${name}.*, which Loupe does not read; .*(?:export|convert)`, 'u'),
    ),
  });
});

test.each([
  ['Segment Anything', { image: { file_name: 'a.jpg', width: 1, height: 1 }, annotations: [] }],
  ['ISAT', { info: { name: 'a' }, objects: [] }],
  ['COCO', { images: [], annotations: [], categories: [] }],
])('%s is read, and not taken for another', (_, content) => {
  expect(detect(saved(folder, 'x.json', content))).toMatchObject({ reader: expect.any(Function) });
});

test('what nobody knows is told by its keys', () => {
  expect(detect(saved(folder, 'x.json', { a: 1 }))).toEqual({ reason: expect.stringMatching(/its keys are a/u) });
});
