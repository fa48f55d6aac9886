// A cancel in the middle of a step that takes long: the process is gone within seconds, nothing is lost, and the run goes on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturedProject } from '../../main/commands/bench/picturedProject.ts';
import type { TeachProgress, Tier } from '../../main/contract/learning.ts';
import { unpackMask } from '../../main/contract/project.ts';
import { Meter } from '../../main/jobs/queue/queue.ts';
import { teachProject } from '../../main/jobs/teaching/teaching.ts';
import { checkpointStep } from '../../main/learn/loop/checkpoint.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { teachingImages } from '../learn/teaching.ts';
import { toySamJson, writeToy } from '../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-teach-cancelled-'));
afterAll(() => rmSync(root, { recursive: true }));
const longRuns = path.join(root, 'long runs');
const manyRuns = path.join(root, 'many runs');
const cli = path.resolve(import.meta.dirname, '../../main/cli.ts');

beforeAll(async () => {
  const says = ['I do not know.', '[{"bbox_2d": [4, 5, 50, 52], "label": "cat"}]'];
  const toys = [
    { folder: longRuns, size: { layers: 24, inner: 8192 }, side: 560 },
    { folder: manyRuns, size: { layers: 4, inner: 4096 }, side: 448 },
  ];
  for (const { folder, size, side } of toys) {
    await writeToy(folder, { says, lens: true, size });
    writeFileSync(path.join(folder, 'segmenter.json'), JSON.stringify(toySamJson));
    const reasoner = { framing: { kind: 'square', side, filter: 'bilinear' }, answerTokens: 8 };
    writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: 'lens-released', reasoner }));
  }
}, 120_000);

/** What a run decides before its first step is there as a run that goes on finds it. */
async function projectOf(name: string): Promise<{ project: Project; run: string }> {
  const pictures = teachingImages(12).map(async ({ read, things }) => ({
    image: await read(),
    things: things.flatMap(({ name: label, box, mask }) =>
      mask ? [{ name: label, box, mask: unpackMask(mask) }] : [],
    ),
  }));
  const made = { folder: path.join(root, name), pictures: await Promise.all(pictures), names: ['cat', 'dog'], held: 5 };
  const project = await picturedProject(made);
  const run = path.join(`${project.file}-weights`, '1');
  mkdirSync(run, { recursive: true });
  for (const file of ['rewardSteps.json', 'adapterSteps.json']) writeFileSync(path.join(run, file), '4');
  const spread = { sampled: 12, useful: 12, answers: 96, unreadable: 0 };
  writeFileSync(path.join(run, 'spread.json'), JSON.stringify(spread));
  return { project, run };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

interface Cancelled {
  readonly heard: readonly TeachProgress[];
  /** From the cancel to the end, in seconds. */
  readonly seconds: number;
  readonly pid: number;
}

/** Cancels at the first report that `isTime`. */
async function cancelled(
  project: Project,
  tier: Tier,
  isTime: (progress: TeachProgress) => boolean,
): Promise<Cancelled> {
  const abort = new AbortController();
  const heard: TeachProgress[] = [];
  let [at, trains] = [0, 0];
  const hear = (progress: TeachProgress, pid = 0) => {
    heard.push(progress);
    trains = pid;
    if (at > 0 || !isTime(progress)) return;
    at = performance.now();
    abort.abort();
  };
  const work = {
    ...{ project, weights: manyRuns, segmenter: null, tier, minutes: 10, seed: 3, heard: hear },
    fileOf: ({ path: file }: { path: string }) => path.join(path.dirname(project.file), file),
  };
  const meter = new Meter(abort.signal, () => {});
  await expect(teachProject(work, meter)).rejects.toMatchObject({ name: 'AbortError' });
  return { heard, seconds: (performance.now() - at) / 1000, pid: trains };
}

/** The kill comes after two seconds; the system takes the process's memory back after it. */
const mostSeconds = 4;

describe('a cancel in a long step', { timeout: 300_000 }, () => {
  it('of many runs, of which is told which one is under way, ends between two of them', async () => {
    const { project, run } = await projectOf('rl');
    const learning = ({ part }: TeachProgress) => part?.name === 'learning' && part.done > 0;
    const { heard, seconds, pid } = await cancelled(project, 'rl', learning);
    expect(seconds).toBeLessThan(mostSeconds);
    expect(isAlive(pid)).toBe(false);
    const parts = heard.flatMap(({ phase, part }) => (phase === 'training' && part ? [part.name] : []));
    // Sampling and drawing take turns where answers teach nothing, and what is quick is not told.
    const later = ['comparing', 'reading', 'judging', 'learning'] as const;
    const told = parts.filter((one) => one !== 'sampling' && one !== 'drawing');
    expect([...new Set(told)]).toEqual(later.filter((one) => told.includes(one)));
    expect(new Set(parts)).toContain('reading');
    const done = heard.flatMap(({ phase, done: share }) => (phase === 'training' ? [share] : []));
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.every((share) => share > 0 && share < 1)).toBe(true);
    expect(readdirSync(run).some((name) => name.startsWith('rewards') && name.endsWith('.safetensors'))).toBe(false);
    expect(project.stoppedRun()).toMatchObject({ tier: 'rl' });
    project.close();
  });

  it('of which one run takes seconds, by Ctrl-C, ends the command and what it started, and keeps the steps before', async () => {
    const { project, run } = await projectOf('command');
    project.close();
    const words = ['teach', project.file, '--weights', longRuns, '--tier', 'supervised', '--seed', '3'];
    const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let [said, at, left] = ['', 0, 0];
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const told = /training 1\/4.* (?<left>\d+) s left/u.exec(said);
      if (at > 0 || !told) return;
      left = Number(told.groups?.left);
      at = performance.now() + 300;
      // Of the whole group, as a terminal sends it, when the next step is under way.
      setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGINT'), 300);
    });
    await once(child, 'close');
    expect((performance.now() - at) / 1000).toBeLessThan(mostSeconds);
    expect([child.exitCode, said.trim().split('\n').at(-1)]).toEqual([130, 'loupe: cancelled']);
    // Steps are long enough that the one under way, which is one run, must have been ended by a kill.
    expect(left / 3).toBeGreaterThan(mostSeconds);
    expect(() => process.kill(-(child.pid ?? 0), 0)).toThrow('ESRCH');
    expect(await checkpointStep(path.join(run, 'adapter.odd.safetensors'))).toBe(1);
    expect(readdirSync(run).filter((name) => /\.(part|tmp)$/u.test(name))).toEqual([]);
    const again = openProject(project.file);
    expect(again.stoppedRun()).toMatchObject({ tier: 'supervised' });
    again.close();
  });
});
