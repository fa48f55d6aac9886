// SAM 3 for words as a person uses it: `model import`, `segment`, `prelabel` over a project, and why it cannot be taught.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addModel } from '../../main/commands/model.ts';
import { addPrelabel } from '../../main/commands/prelabel.ts';
import { addSegment } from '../../main/commands/segment.ts';
import { learnerAt } from '../../main/learn/canLearn.ts';
import { openProject } from '../../main/store/project.ts';
import { discs, writeWordFiles } from '../flow/onnx/wordFiles.ts';
import { ran } from './inProcess.ts';

let root: string;
let weights: string;
let picture: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe words '));
  weights = await writeWordFiles(path.join(root, 'sam 3'), 'd');
  picture = path.join(root, 'discs.png');
  const { width, height, data } = discs();
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(picture);
});
afterAll(() => rm(root, { recursive: true }));

const loupe = (...words: string[]) => ran([addModel, addPrelabel, addSegment], words);

it('is imported and found among the models', async () => {
  const before = process.env.LOUPE_HOME;
  process.env.LOUPE_HOME = path.join(root, 'home');
  try {
    const { code, out } = await loupe('model', 'import', weights);
    expect([code, out]).toEqual([0, expect.stringContaining('ONNX text segmenter')]);
    expect((await loupe('model', 'list')).out).toContain('SAM 3 for words of samexporter');
  } finally {
    if (before === undefined) delete process.env.LOUPE_HOME;
    else process.env.LOUPE_HOME = before;
  }
});

it('segments by words, with a score for each object', async () => {
  const asked = ['segment', picture, '--weights', weights, '--out', path.join(root, 'out'), '--prompt'];
  const { out, code } = await loupe(...asked, 'red', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    answer: 'found',
    objects: [1, 2].map(() => ({ score: expect.any(Number) })),
  });
  expect((await loupe(...asked, 'red')).out).toMatch(/^\[\{"bbox_2d":\[.*\nbox 1 .*, score 0\.9\d\)/s);
  expect(await loupe(...asked, 'a dog')).toMatchObject({ code: 1, out: expect.stringContaining('nothing matches') });
});

it('prelabels a project: proposals with boxes, masks and scores, answered once', async () => {
  const file = path.join(root, 'all.loupe');
  await mkdir(path.join(root, 'more'));
  const project = openProject(file, { create: true });
  project.addImages([{ path: 'discs.png' }]);
  project.close();
  const words = ['prelabel', file, '--weights', weights, '--prompt', 'red', '--json'];
  const first = await loupe(...words);
  expect(JSON.parse(first.out)).toMatchObject({
    images: 1,
    before: 0,
    found: 1,
    weights: expect.stringMatching(/^sam 3 /),
  });
  expect(JSON.parse((await loupe(...words)).out)).toMatchObject({ images: 1, before: 1, found: 0 });
  const opened = openProject(file);
  const [image] = opened.allImages();
  const { proposals = [] } = opened.detail(image?.id ?? 0) ?? {};
  opened.close();
  expect(proposals).toHaveLength(1);
  expect(proposals[0]).toMatchObject({ found: 'objects', answer: { reasoning: '' }, objects: [{}, {}] });
  for (const { score, mask } of proposals[0]?.objects ?? []) {
    expect(score).toBeGreaterThan(0.9);
    expect(mask?.size).toEqual([40, 80]);
  }
});

it('is told before a run that it cannot be taught', async () => {
  await expect(learnerAt(weights, null)).rejects.toThrow(
    /is SAM 3 for words in ONNX files, which can be asked and not taught/,
  );
});
