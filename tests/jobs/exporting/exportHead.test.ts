// Several COCO files into one project and out of it as one file: what only one of them may say is told, licences keep their images.
import { expect, test } from 'vitest';
import { byId, exported, type Fields, fresh, imported, named } from '../cocoTrips.ts';

const file = (name: string, others: Fields) => ({
  ...{ info: { description: name }, licenses: [{ id: 1, name: `licence of ${name}` }] },
  images: [{ id: 1, file_name: `${name}.png`, width: 100, height: 80, license: 1 }],
  annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 5, 5], area: 25, iscrowd: 0, segmentation: [] }],
  categories: [{ id: 1, name: 'cup' }],
  ...others,
});

async function together(...contents: readonly (readonly [name: string, others: Fields])[]) {
  const project = fresh();
  for (const [name, others] of contents) await imported(named(`${name}.json`, file(name, others)), project);
  const { coco, stated, problems } = await exported(project);
  expect(problems).toEqual([]);
  return { coco, stated };
}

test('the first info counts, and the others are named', async () => {
  const { coco, stated } = await together(['one', {}], ['two', {}], ['three', {}]);
  expect(coco.info).toEqual({ description: 'one' });
  expect(stated).toContain(
    '"info" of two.json, three.json is left out: the file has one, and one.json came first with another',
  );
});

test('the info of a later file is taken where the first has none, and equal ones need no word', async () => {
  const { coco, stated } = await together(
    ['one', { info: undefined }],
    ['two', {}],
    ['three', { info: { description: 'two' } }],
  );
  expect(coco.info).toEqual({ description: 'two' });
  expect(stated.filter((line) => line.includes('"info"'))).toEqual([]);
});

test('licences of all files are there, and each image names its own', async () => {
  const shared = { licenses: [{ id: 7, name: 'CC' }] };
  const { coco, stated } = await together(
    ['one', {}],
    ['two', {}],
    ['three', { ...shared, images: [{ id: 1, file_name: 'three.png', width: 100, height: 80, license: 7 }] }],
    ['four', { licenses: [{ id: 1, name: 'licence of two' }] }],
  );
  expect(coco.licenses).toEqual([
    { id: 1, name: 'licence of one' },
    { id: 2, name: 'licence of two' },
    { id: 7, name: 'CC' },
  ]);
  expect(byId(coco.images).map(({ license }) => license)).toEqual([1, 2, 7, 2]);
  expect(stated).toContain('licence 1 of two.json has the id 2: another file gave 1 before');
});

test('an annotation of the id 0 keeps it, with a word on what evaluation makes of it', async () => {
  const { images, annotations, ...others } = file('zero', {});
  const zero = { ...annotations[0], id: 0 };
  const { coco, stated } = await together(['zero', { ...others, images, annotations: [zero] }]);
  expect(coco.annotations).toEqual([zero]);
  expect(stated).toContainEqual(expect.stringMatching(/^annotation 0 keeps the id of its file; pycocotools /u));
});

test('other keys that two files have are named, those of one file alone are kept', async () => {
  const { coco, stated } = await together(['one', { videos: [1] }], ['two', { videos: [2], splits: { a: 1 } }]);
  expect([coco.videos, coco.splits]).toEqual([[1], { a: 1 }]);
  expect(stated).toContain('"videos" of two.json is left out: the file has one, and one.json came first with another');
});
