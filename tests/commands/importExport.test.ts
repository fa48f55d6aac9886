import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { freshFolder, saved } from '../formats/reads.ts';
import { loupe } from './inProcess.ts';

const folder = freshFolder();
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => path.join(folder, name);
const square = [1, 1, 5, 1, 5, 4, 1, 4];
const coco = {
  images: [{ id: 1, file_name: 'a.jpg', width: 10, height: 6 }],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, segmentation: [square], iscrowd: 0 },
    { id: 2, image_id: 9, category_id: 1, segmentation: [square], iscrowd: 0 },
  ],
  categories: [{ id: 1, name: 'cup' }],
};

describe('writing back', () => {
  test('changes nothing in the file that nobody touched, keeps it as a backup, and goes with no other form', async () => {
    const source = saved(folder, 'back/in.json', { ...coco, info: { year: 2017 }, licenses: [], extra: [1] });
    const project = at('back/p.loupe');
    await loupe('import', project, source);
    const before = JSON.parse(readFileSync(source, 'utf8'));
    const back = await loupe('export', project, source, '--write-back');
    expect([back.code, back.line]).toEqual([0, null]);
    const kept = /kept as (?<file>.*\.json)/u.exec(back.out)?.groups?.file ?? '';
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(before);
    const after = JSON.parse(readFileSync(source, 'utf8'));
    expect(after.annotations[0]).toMatchObject(before.annotations[0]);
    expect(after.annotations[1]).toEqual(before.annotations[1]);
    expect({ ...after, annotations: [] }).toEqual({ ...before, annotations: [] });
    const refused = await loupe('export', project, source, '--write-back', '--runs');
    expect(refused).toMatchObject({ code: 2, line: expect.stringMatching(/--write-back goes with neither/) });
    const elsewhere = await loupe('export', project, at('back/other.json'), '--write-back');
    expect(elsewhere).toMatchObject({ code: 2, line: expect.stringMatching(/nothing of this project came from it/) });
  });
});

describe('import, export and verify', () => {
  test('one after the other, in words', async () => {
    const source = saved(folder, 'in.json', coco);
    const taken = await loupe('import', at('new/p.loupe'), source);
    expect(taken).toMatchObject({ code: 0, line: null });
    expect(taken.out.split('\n')).toEqual([
      'Took 1 shape on 1 image and 1 new label (COCO). 1 thing left out. 1 picture not found.',
      'left out: annotation 2: its image_id 9 names no image of the file',
      'not found: a.jpg',
      '',
    ]);
    const written = await loupe('export', at('new/p.loupe'), at('out.json'));
    expect(written).toMatchObject({
      code: 0,
      out: 'Wrote 1 annotation on 1 image (1 polygon mask, 0 run-length masks) to out.json.\n',
    });
    const checked = await loupe('verify', at('out.json'), '--project', at('new/p.loupe'));
    expect(checked).toMatchObject({
      code: 0,
      out: "out.json: no rule is broken in 1 annotation on 1 image, and every mask is the project's.\n",
    });
  });

  test('as JSON, each one document', async () => {
    const source = saved(folder, 'in.json', coco);
    const [project, out] = [at('j.loupe'), at('j.json')];
    const [taken, written, checked] = [
      await loupe('import', project, source, '--json'),
      await loupe('export', project, out, '--runs', '--json'),
      await loupe('verify', out, '--json'),
    ].map(({ out }) => JSON.parse(out));
    expect(taken).toMatchObject({ format: 'COCO', images: 1, shapes: 1, labels: 1, unresolved: ['a.jpg'] });
    expect(written).toEqual({ images: 1, annotations: 1, polygons: 0, stated: [] });
    expect(checked).toMatchObject({ file: out, annotations: 1, problems: [], compared: false });
  });

  test('problems are told and end in 1', async () => {
    const wrong = saved(folder, 'wrong.json', { ...coco, info: {}, licenses: [] });
    const { code, out } = await loupe('verify', wrong);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^wrong\.json: 4 problems in 2 annotations on 1 image\.\nannotations\.0\.area: .*\nannotations\.0\.bbox: .*\n/u,
    );
  });

  test('an empty project exports to a file without annotations and ends in 1', async () => {
    const empty = saved(folder, 'empty.json', { ...coco, images: [], annotations: [] });
    expect((await loupe('import', at('e.loupe'), empty)).code).toBe(1);
    expect((await loupe('export', at('e.loupe'), at('e.json'))).code).toBe(1);
    expect(JSON.parse(readFileSync(at('e.json'), 'utf8'))).toMatchObject({
      images: [],
      annotations: [],
      categories: [{ name: 'cup' }],
    });
  });
});

describe('bad input ends in 2 and one line', () => {
  test.each([
    ['no annotations', ['import', 'b.loupe', 'nowhere.json'], /nowhere\.json: there is no such file or folder/],
    ['a broken file', ['import', 'b.loupe', 'broken.json'], /broken\.json: is cut short/],
    [
      'no pictures',
      ['import', 'b.loupe', 'in.json', '--images', 'nowhere'],
      /nowhere: there is no such file or folder/,
    ],
    [
      'a file for pictures',
      ['import', 'b.loupe', 'in.json', '--images', 'in.json'],
      /is a file; --images takes the folder/,
    ],
    ['no project to export', ['export', 'nowhere.loupe', 'x.json'], /no project/],
    ['both ways at once', ['export', 'nowhere.loupe', 'x.json', '--polygons', '--runs'], /exclude each other/],
    ['a folder to verify', ['verify', 'nowhere/..'], /is no ordinary file|cannot be read/],
    ['a place for the project below a file', ['import', 'in.json/b.loupe', 'in.json'], /cannot be written to/],
    ['no file to verify', ['verify', 'nowhere.json'], /nowhere\.json: cannot be read/],
    ['no project to verify against', ['verify', 'in.json', '--project', 'nowhere.loupe'], /no project/],
  ])('%s', async (_, words, message) => {
    saved(folder, 'in.json', coco);
    saved(folder, 'broken.json', '{"images": [');
    const named = words.map((word) => (/\.|nowhere/u.test(word) ? at(word) : word));
    const { code, line } = await loupe(...named);
    expect([code, line]).toEqual([2, expect.stringMatching(message)]);
    expect(line).not.toContain('\n');
    expect(existsSync(at('b.loupe'))).toBe(false);
  });
});

describe('export --for', () => {
  test('writes the files of a trainer, and goes with no option of COCO', async () => {
    const refused = await loupe('export', 'any.loupe', 'set', '--for', 'qwen', '--polygons');
    expect([refused.code, refused.line]).toEqual([2, expect.stringMatching(/--for goes with neither --polygons/)]);
    const unknown = await loupe('export', 'any.loupe', 'set', '--for', 'gpt');
    expect(unknown.line).toMatch(/Allowed choices are lens, seg-zero, vlm-r1, qwen/);
  });
});
