// Annotations out of zip and gzip files: as if they had been unpacked beside, and never more than there is room for.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { unpackGzip } from '../../main/formats/files/archive.ts';
import { importAnnotations } from '../../main/jobs/importing/importing.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { freshFolder, saved } from '../formats/reads.ts';
import { zip } from '../zip.ts';

const folder = freshFolder();
/** A place of its own, as other tests import at the same time. */
beforeAll(() => {
  const place = path.join(folder, 'tmp');
  mkdirSync(place);
  for (const name of ['TMPDIR', 'TEMP']) vi.stubEnv(name, place);
});
afterAll(() => vi.unstubAllEnvs());
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
async function take(place: string, images?: string) {
  const project = openProject(path.join(path.dirname(place), `${++count}.loupe`), { create: true });
  open.push(project);
  const quiet = { signal: new AbortController().signal, step: () => {} };
  return { project, report: await importAnnotations(project, place, { images, progress: quiet }) };
}
const picture = async (name: string) => {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  await sharp({ create: { width: 10, height: 6, channels: 3, background: '#888' } }).toFile(file);
};
const text = (content: string) => new TextEncoder().encode(content);
const coco = (file_name: string) =>
  JSON.stringify({
    images: [{ id: 1, file_name, width: 10, height: 6 }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation: [[1, 1, 5, 1, 5, 4, 1, 4]], iscrowd: 0 }],
    categories: [{ id: 1, name: 'cup' }],
  });

test('COCO in a zip finds the pictures beside it, and leaves nothing behind', async () => {
  await picture('one/images/a.png');
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('loupe-import-'));
  const file = saved(folder, 'one/coco.zip', zip({ 'annotations/instances_default.json': text(coco('a.png')) }));
  const { report, project } = await take(file);
  expect(report).toMatchObject({ format: 'COCO', images: 1, shapes: 1, unresolved: [], leftOut: [] });
  expect([...project.allImages()].map((image) => image.path)).toEqual(['images/a.png']);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('loupe-import-'))).toEqual(before);
});

test('YOLO in a zip with its class list; pictures that lie beside it unpacked are those', async () => {
  await picture('two/set/images/train/a.png');
  const bytes = new Uint8Array(readFileSync(path.join(folder, 'two/set/images/train/a.png')));
  const file = saved(
    folder,
    'two/set.zip',
    zip({
      'data.yaml': text('names: [cup, plate]\ntrain: images/train\n'),
      'labels/train/a.txt': text('1 0.5 0.5 0.4 0.4\n'),
      'images/train/a.png': bytes,
    }),
  );
  const { report, project } = await take(file);
  expect(report).toMatchObject({ images: 1, shapes: 1, unresolved: [] });
  expect(project.labels().map(({ name }) => name)).toContain('plate');
  expect(report.notes.join()).not.toMatch(/unpacked/u);
});

test('pictures that lie only in the zip are unpacked beside the project, once, and never over a file', async () => {
  const bytes = await sharp({ create: { width: 10, height: 6, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
  const entries = {
    'data.yaml': text('names: [cup, plate]'),
    'train/labels/a.txt': text('1 0.5 0.5 0.4 0.4'),
    'train/images/a.png': new Uint8Array(bytes),
    'train/images/b.png': new Uint8Array(bytes),
  };
  // Of the same name, and another picture.
  await sharp({ create: { width: 12, height: 9, channels: 3, background: '#111' } }).toFile(
    path.join(path.dirname(saved(folder, 'four/zips/x.txt', '')), 'a.png'),
  );
  const kept = saved(folder, 'four/set/train/images/b.png', 'somebody else wrote this');
  const file = saved(folder, 'four/zips/set.zip', zip(entries));
  const project = openProject(path.join(folder, 'four/p.loupe'), { create: true });
  open.push(project);
  const quiet = { signal: new AbortController().signal, step: () => {} };
  const report = await importAnnotations(project, file, { progress: quiet });
  expect(report).toMatchObject({ images: 1, shapes: 1, unresolved: [] });
  expect([...project.allImages()].map((image) => image.path)).toEqual(['set/train/images/a.png']);
  expect(report.notes.join()).toMatch(/2 of the pictures in set\.zip were unpacked to .*four.set/u);
  expect(readFileSync(kept, 'utf8')).toBe('somebody else wrote this');
  const again = await importAnnotations(project, file, { progress: quiet });
  expect([again.shapes, [...project.allImages()].length]).toEqual([0, 1]);
});

test('COCO in gzip', async () => {
  await picture('three/a.png');
  const file = saved(folder, 'three/instances.json.gz', gzipSync(coco('a.png')));
  expect((await take(file)).report).toMatchObject({ format: 'COCO', images: 1, shapes: 1 });
});

test.each([
  ['names that lead out of it', zip({ '../../evil.json': text('{}') }), /cannot be unpacked/],
  ['nothing that is read', zip({ 'readme.md': text('hello') }), /no file in it holds annotations/],
  ['damage', zip({ 'a.json': text(coco('a.png')) }).subarray(0, 200), /cannot be unpacked/],
])('a zip with %s is one sentence', async (_, bytes, why) => {
  const file = saved(folder, `bad${++count}/bad.zip`, bytes);
  await expect(take(file)).rejects.toThrow(why);
  await expect(take(file)).rejects.toThrow(/^bad\.zip: /);
  expect(existsSync(path.join(folder, 'evil.json'))).toBe(false);
});

test('what unpacks to more than there is room for ends', async () => {
  const file = saved(folder, 'bomb/big.json.gz', gzipSync(Buffer.alloc(1e6)));
  await expect(unpackGzip(file, `${file}.out`, 1e5)).rejects.toThrow(
    /^big\.json\.gz: unpacks to more than 100000 bytes;/,
  );
  await unpackGzip(file, `${file}.out`, 1e6);
  expect(statSync(`${file}.out`).size).toBe(1e6);
});
