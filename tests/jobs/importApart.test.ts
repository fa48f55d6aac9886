// Files are read by a process of their own: bombs, kills and cancels reach neither the host nor what stands in the project.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { BadInput } from '../../main/contract/badInput.ts';
import { created } from '../../main/contract/diff.ts';
import { importAnnotations } from '../../main/jobs/importing/importing.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { freshFolder, saved } from '../formats/reads.ts';

const folder = freshFolder();
const open: Project[] = [];
afterEach(() => {
  for (const project of open.splice(0)) project.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const freshProject = (): Project => {
  const project = openProject(path.join(folder, `${++count}.loupe`), { create: true });
  open.push(project);
  return project;
};
const quiet = { signal: new AbortController().signal, step: () => {} };
/** A place of its own, as other tests import at the same time. */
const place = path.join(folder, 'tmp');
beforeAll(() => {
  mkdirSync(place);
  for (const name of ['TMPDIR', 'TEMP']) vi.stubEnv(name, place);
});
afterAll(() => vi.unstubAllEnvs());
const scratches = () => readdirSync(tmpdir()).filter((name) => name.startsWith('loupe-import-'));

const cocoOf = (side: number, segmentations: readonly unknown[]) => ({
  images: [{ id: 1, file_name: 'a.png', width: side, height: side }],
  categories: [{ id: 1, name: 'cup' }],
  annotations: segmentations.map((segmentation, i) => {
    return { id: i + 1, image_id: 1, category_id: 1, iscrowd: Number(!Array.isArray(segmentation)), segmentation };
  }),
});

/** Runs of a mask that changes so many times in every column. */
function dense(side: number, changes: number): number[] {
  const run = Math.floor(side / changes);
  const counts = Array.from({ length: changes * side - 1 }, () => run);
  return [...counts, side * side - run * counts.length];
}

/** A zigzag from edge to edge. */
const zigzag = (side: number, teeth: number): number[] =>
  Array.from({ length: teeth }, (_, i) => [i % 2 ? 0 : side, (side * i) / teeth]).flat();

/** How long the host computed at worst between two answers, and how much memory it took on. */
async function costOf(work: () => Promise<unknown>) {
  const before = process.memoryUsage().rss;
  let most = before;
  const cpu = { last: process.threadCpuUsage(), longest: 0 };
  const clock = setInterval(() => {
    const used = process.threadCpuUsage(cpu.last);
    cpu.last = process.threadCpuUsage();
    cpu.longest = Math.max(cpu.longest, (used.user + used.system) / 1000);
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const result = await work().catch((error: unknown) => error);
  clearInterval(clock);
  return { result, riseMB: (most - before) / 1e6, computedMs: cpu.longest };
}

describe('a bomb costs the host neither memory nor its answers', () => {
  beforeAll(async () => {
    // What the first import of all loads is no cost of a bomb.
    await importAnnotations(freshProject(), saved(folder, 'small.json', cocoOf(8, [[[1, 1, 5, 1, 5, 4]]])), {
      progress: quiet,
    });
  });

  test.each([
    [
      'three masks of 16,384 x 16,384',
      () =>
        cocoOf(
          16_384,
          [1, 2, 3].map(() => ({ size: [16_384, 16_384], counts: dense(16_384, 126) })),
        ),
    ],
    [
      '300 polygons on 8,192 x 8,192',
      () =>
        cocoOf(
          8192,
          Array.from({ length: 300 }, () => [zigzag(8192, 20)]),
        ),
    ],
  ])(
    '%s',
    async (_, make) => {
      const file = path.join(folder, `bomb-${++count}.json`);
      writeFileSync(file, JSON.stringify(make()));
      globalThis.gc?.();
      const project = freshProject();
      const { result, riseMB, computedMs } = await costOf(() => importAnnotations(project, file, { progress: quiet }));
      expect(result).toHaveProperty('format', 'COCO');
      expect(riseMB).toBeLessThan(150);
      // Of the host's own time: on a busy machine others take theirs in between.
      expect(computedMs).toBeLessThan(200);
    },
    400_000,
  );
});

describe('the project stays as it was, and says so', () => {
  const standing = () => {
    const project = freshProject();
    const label = project.reserve(1);
    project.apply({
      title: 'A label',
      changes: [
        created('label', { id: label, name: 'mine', colour: '#112233', digit: null, attributes: [], place: 1 }),
      ],
    });
    project.apply({
      title: 'Gone',
      changes: [{ kind: 'label', id: label, before: project.labels()[0] ?? null, after: null }],
    });
    project.undo();
    return project;
  };
  const state = (project: Project) => [project.info(), project.labels(), [...project.allImages()]];
  const long = () =>
    saved(
      folder,
      'long.json',
      cocoOf(
        4000,
        Array.from({ length: 400 }, () => [zigzag(4000, 500)]),
      ),
    );

  test('where the process that reads is killed', async () => {
    const project = standing();
    const was = state(project);
    let pid: number | undefined;
    const taken = importAnnotations(project, long(), {
      progress: { ...quiet, step: () => void (pid && process.kill(pid, 'SIGKILL')) },
      reading: (of) => {
        pid = of;
      },
    });
    await expect(taken).rejects.toThrow(
      /^long\.json: the program that reads it was stopped \(SIGKILL\); nothing of it was taken: try again$/,
    );
    await expect(taken).rejects.toBeInstanceOf(BadInput);
    expect(state(project)).toEqual(was);
    expect(scratches()).toEqual([]);
    // The journal goes on, what was undone before can still be made again.
    expect(project.redo()?.diff.title).toBe('Gone');
  });

  test('where it is cancelled while it is read', async () => {
    const project = standing();
    const was = state(project);
    const abort = new AbortController();
    const progress = { signal: abort.signal, step: () => abort.abort() };
    await expect(importAnnotations(project, long(), { progress })).rejects.toThrow(/abort/);
    expect(state(project)).toEqual(was);
    expect(scratches()).toEqual([]);
  });

  test('where the file is cut short after shapes that were good', async () => {
    const project = standing();
    const was = state(project);
    const whole = JSON.stringify(
      cocoOf(
        8,
        Array.from({ length: 2000 }, () => [[1, 1, 5, 1, 5, 4]]),
      ),
    );
    const file = path.join(folder, 'cut.json');
    writeFileSync(file, whole.slice(0, -100));
    await expect(importAnnotations(project, file, { progress: quiet })).rejects.toThrow(/^cut\.json: .*cut short/);
    expect(state(project)).toEqual(was);
  });
});

describe('a file that goes while it is read', () => {
  const gone = (name: string) => path.join(folder, 'gone', name);
  const put = (name: string) => saved(folder, `gone/${name}`, cocoOf(8, [[[1, 1, 5, 1, 5, 4]]]));

  test('is named, and nothing is taken', async () => {
    const project = freshProject();
    const taken = importAnnotations(project, put('a.json'), { progress: quiet, reading: () => rmSync(gone('a.json')) });
    await expect(taken).rejects.toThrow(/a\.json: (?:cannot be read \(ENOENT\)|is not there any more)$/);
    await expect(taken).rejects.toBeInstanceOf(BadInput);
    expect(project.info()).toMatchObject({ images: 0, undo: null });
  });
});

test('what is read is told as it goes, and then what is stored out of all', async () => {
  const file = saved(
    folder,
    'told.json',
    cocoOf(
      8,
      Array.from({ length: 1200 }, () => [[1, 1, 5, 1, 5, 4]]),
    ),
  );
  const said: string[] = [];
  let done = 0;
  await importAnnotations(freshProject(), file, {
    progress: {
      ...quiet,
      step: (more = 1) => {
        done += more;
      },
      resumeAt: (at) => void said.push(`${done} read, from ${at}`),
      total: (of) => void said.push(`of ${of}`),
    },
  });
  expect([said, done]).toEqual([['1200 read, from 0', 'of 1200'], 2400]);
});
