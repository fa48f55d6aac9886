// A project to the files of each trainer, held against the published formats: paths, keys, numbers in the right frame, negatives.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { created } from '../../../main/contract/diff.ts';
import type { TrainerName } from '../../../main/contract/jobs.ts';
import { type Correction, packMask, type Shape, type StoredPrompt } from '../../../main/contract/project.ts';
import { maskBox } from '../../../main/contract/rle.ts';
import { readReasonSegSet } from '../../../main/evaluate/referringFiles.ts';
import { exportForTrainer, type TrainerReport } from '../../../main/jobs/exporting/trainerExport.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import { decodeImage, writePng } from '../../../main/pictures/image.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { temporary } from '../../hosting.ts';
import { disc, fromBox } from '../../pictures/disc.ts';

const { folder, remove } = temporary('trainers');
const at = (...names: string[]) => path.join(folder, ...names);
let project: Project;
afterAll(() => {
  project.close();
  remove();
});

const { truth } = disc(12);
const box = maskBox(truth);
const other = { x1: 2, y1: 2, x2: 12, y2: 10 };

/** Two discs and a box on the first picture; nothing on the second, as a person has said; no picture for the third. */
beforeAll(async () => {
  mkdirSync(at('pictures'));
  for (const name of ['one.png', 'two.png']) await writePng(at('pictures', name), { ...disc(12).image, channels: 3 });
  project = openProject(at('discs.loupe'), { create: true });
  const [one = 0, two = 0, gone = 0] = project.addImages(
    ['one', 'two', 'gone'].map((name) => ({ path: `pictures/${name}.png` })),
  );
  const ids = Array.from({ length: 4 }, () => project.reserve(1));
  const labels = ['red disc', 'crate', 'discs'].map((name, place) => ({
    ...{ id: project.reserve(1), name, colour: '#aa3300', digit: null, attributes: [], place },
  }));
  const shape = (id: number, imageId: number, label: number, fields: Partial<Shape>): Shape => ({
    ...{ id, imageId, labelId: labels[label]?.id ?? 0, mask: null, box: other, place: id, attributes: {} },
    ...{ crowd: false, hidden: false, locked: false, origin: { kind: 'drawn' } },
    ...fields,
  });
  const correction: Correction = {
    ...{ proposalId: 1, found: { value: 'nothing', verdict: 'right' }, reasoning: { text: '', verdict: null } },
    objects: [],
  };
  const prompt: StoredPrompt = {
    ...{ id: project.reserve(1), imageId: two, text: 'the cat', points: [], box: null, correction },
  };
  project.applyMany('Fill', [
    ...labels.map((label) => created('label', label)),
    created('shape', shape(ids[0] ?? 0, one, 0, { mask: packMask(truth), box })),
    created('shape', shape(ids[1] ?? 0, one, 1, {})),
    created('shape', shape(ids[2] ?? 0, one, 2, { mask: packMask(truth), box })),
    created('shape', shape(ids[3] ?? 0, one, 2, { mask: packMask(fromBox(other)) })),
    created('shape', shape(project.reserve(1), gone, 0, { mask: packMask(truth), box })),
    created('prompt', prompt),
  ]);
});

const exported = (trainer: TrainerName, name: string = trainer): Promise<TrainerReport> =>
  exportForTrainer(project, { folder: at(name), trainer }, new Meter(new AbortController().signal, () => {}));
const json = (...names: string[]) => JSON.parse(readFileSync(at(...names), 'utf8'));
const lines = (...names: string[]) =>
  readFileSync(at(...names), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('lens', () => {
  it('gets ReasonSeg’s folders, which its loader paints as the very masks; a question of nothing has no shape', async () => {
    const report = await exported('lens');
    expect(report).toMatchObject({ samples: 3, negatives: 1, held: 0, pictures: 3 });
    expect(report.leftOut).toEqual([
      expect.stringMatching(/^"crate" on pictures\/one\.png: not every object has a mask/),
      expect.stringMatching(/^pictures\/gone\.png: /),
    ]);
    const names = readdirSync(at('lens', 'reason_seg', 'ReasonSeg', 'train')).sort();
    expect(names.map((name) => path.extname(name))).toEqual(['.jpg', '.json', '.jpg', '.json', '.jpg', '.json']);
    const source = {
      set: 'reasonseg',
      data: at('lens', 'reason_seg', 'ReasonSeg'),
      split: 'train',
      images: null,
      sentences: null,
    } as const;
    const { expressions: found } = await readReasonSegSet(source);
    expect(found.map(({ text }) => text.papers).sort()).toEqual(['discs', 'red disc', 'the cat']);
    for (const { text, picture, truth: meant } of found) {
      const image = await decodeImage(picture);
      expect([image.width, image.height]).toEqual([72, 60]);
      if (text.papers === 'red disc') expect(meant(image)).toMatchObject({ papers: truth, box });
      if (text.papers === 'the cat') expect(meant(image).box).toBeNull();
    }
    const record = json('lens', 'reason_seg', 'ReasonSeg', 'train', names[1] ?? '');
    expect(Object.keys(record)).toEqual(['text', 'is_sentence', 'shapes']);
  });
});

describe('seg-zero', () => {
  it('gets an image folder of 840 x 840 with solutions that its rewards parse', async () => {
    expect(await exported('seg-zero')).toMatchObject({ samples: 3, negatives: 1, pictures: 2 });
    const rows = lines('seg-zero', 'train', 'metadata.jsonl');
    const row = rows.find(({ problem }) => problem === 'red disc');
    expect(Object.keys(row)).toEqual(['id', 'file_name', 'problem', 'solution', 'single', 'img_height', 'img_width']);
    const image = await decodeImage(at('seg-zero', 'train', row.file_name));
    expect([image.width, image.height, row.img_height, row.img_width]).toEqual([840, 840, 60, 72]);
    const [thing] = JSON.parse(row.solution);
    // The last pixel counts as inside; x by 840 / 72, y by 840 / 60.
    const x = (value: number) => Math.round((value * 840) / 72);
    const y = (value: number) => Math.round((value * 840) / 60);
    expect(thing.bbox_2d).toEqual([x(box.x1), y(box.y1), x(box.x2 - 1), y(box.y2 - 1)]);
    expect(thing.point_2d).toEqual([x(36), y(28)]);
    expect(row.single).toMatch(/^<box>\(\d+,\d+\),\(\d+,\d+\)<\/box><points>\(420,392\),\(\d+,\d+\)<\/points>$/);
    expect(JSON.parse(rows.find(({ problem }) => problem === 'discs').solution)).toHaveLength(2);
    expect(rows.find(({ problem }) => problem === 'the cat')).toMatchObject({ solution: '[]', single: null });
  });
});

describe('vlm-r1', () => {
  it('gets one box a line, and beside it lists in which there may be none', async () => {
    expect(await exported('vlm-r1')).toMatchObject({ samples: 4, negatives: 1 });
    const single = lines('vlm-r1', 'rec_train.jsonl');
    expect(new Set(single.map(({ conversations }) => conversations[1].value))).toEqual(
      new Set([
        [other.x1, other.y1, other.x2, other.y2],
        [box.x1, box.y1, box.x2, box.y2],
      ]),
    );
    const listed = lines('vlm-r1', 'ovd_train.jsonl');
    expect(listed).toHaveLength(4);
    for (const { image, conversations, accu_reward_method } of listed) {
      expect([accu_reward_method, conversations[0].from, conversations[1].from]).toEqual([
        'weighted_sum',
        'human',
        'gpt',
      ]);
      expect(conversations[0].value.startsWith('<image>')).toBe(true);
      expect(readdirSync(at('vlm-r1', 'images'))).toContain(image);
    }
    const answers = listed.map(({ conversations }) => conversations[1].value);
    expect(answers).toContain('None');
    const list = answers.find((value: string) => value.includes('"label":"discs"'));
    expect(JSON.parse(/```json\n(.*)\n```/s.exec(list)?.[1] ?? '')).toHaveLength(2);
  });
});

describe('qwen', () => {
  it('gets one list, pictures of the size that the processor gives them, and boxes in that', async () => {
    await exported('qwen');
    const rows: { image: string; conversations: { value: string }[] }[] = json('qwen', 'train.json');
    const answerTo = (text: string) => rows.find(({ conversations }) => conversations[0]?.value.includes(text));
    const row = answerTo('Locate red disc in this image');
    const image = await decodeImage(at('qwen', row?.image ?? ''));
    expect([image.width % 28, image.height % 28]).toEqual([0, 0]);
    const scaled = [box.x1, box.y1, box.x2, box.y2].map((value, i) =>
      Math.round(i % 2 === 0 ? (value * image.width) / 72 : (value * image.height) / 60),
    );
    expect(row?.conversations[1]?.value).toBe(`{\n"bbox_2d": [${scaled.join(', ')}]\n}`);
    expect(answerTo('Locate the cat in this image')?.conversations[1]?.value).toBe('[]');
    expect(JSON.parse(answerTo('Locate discs')?.conversations[1]?.value ?? '')).toHaveLength(2);
    expect(Object.keys(row ?? {})).toEqual(['image', 'conversations']);
  });
});

describe('no training set', () => {
  it('is written over anything', async () => {
    mkdirSync(at('mine'));
    writeFileSync(at('mine', 'notes.txt'), 'mine');
    await expect(exported('qwen', 'mine')).rejects.toThrow(/mine: is not empty/);
    expect(readdirSync(at('mine'))).toEqual(['notes.txt']);
  });

  it('is made of a project in which nothing is labelled', async () => {
    const empty = openProject(at('empty.loupe'), { create: true });
    const progress = new Meter(new AbortController().signal, () => {});
    await expect(exportForTrainer(empty, { folder: at('none'), trainer: 'lens' }, progress)).rejects.toThrow(
      /empty\.loupe: there is nothing to learn yet/,
    );
    empty.close();
  });
});
