// What is known of a run before it starts: counts, new words, the tier, its time by a question that is asked, and refusals.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturedProject } from '../../../main/commands/bench/picturedProject.ts';
import type { TeachReport } from '../../../main/contract/learning.ts';
import type { RunPlan } from '../../../main/contract/runPlan.ts';
import { Engine } from '../../../main/engine/supervisor.ts';
import { shiftedDomain } from '../../../main/evaluate/shiftedDomain.ts';
import { planRun } from '../../../main/jobs/teaching/planRun.ts';
import { learnerAt } from '../../../main/learn/canLearn.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { embeddedWeights } from '../../../main/weights/embedded.ts';
import { writeToy } from '../../weights/toyCheckpoint.ts';

let root: string;
let project: Project;
let engine: Engine;
let unknown: readonly string[];
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'loupe-plan-'));
  const domain = await shiftedDomain(1, 12);
  unknown = domain.new;
  const names = [...domain.known, ...domain.new];
  project = await picturedProject({ folder: path.join(root, 'p'), pictures: domain.pictures, names, held: 5 });
  engine = new Engine({ weights: null, device: 'cpu' });
}, 60_000);
afterAll(async () => {
  await engine.close();
  project.close();
  await rm(root, { recursive: true });
});

const plan = async (more: Partial<Parameters<typeof planRun>[0]> = {}): Promise<RunPlan> =>
  planRun({
    ...{ project, learner: await learnerAt(embeddedWeights, null), engine, tier: 'auto', minutes: 10, seed: 1 },
    ...more,
  });

describe('the plan of a run', { timeout: 60_000 }, () => {
  it('counts what teaches and what is new, and takes the tier that teaches unknown words', async () => {
    // So few minutes hold no rewards on any machine.
    const made = await plan({ minutes: 0.1 });
    expect(made).toMatchObject({ images: 12, tier: 'supervised', training: 0.1, memoryMB: 1300, refusal: null });
    expect(made.prompts).toBeGreaterThan(made.fresh);
    expect(made.fresh).toBeGreaterThan(7);
    expect(made.why).toMatch(/^Tier supervised fits: the model does not know .*; .*\.$/u);
    expect(unknown.some((word) => made.why.includes(word))).toBe(true);
    expect(made.rare.length).toBeGreaterThan(0);
    for (const { word, pictures } of made.rare) {
      expect(unknown).toContain(word);
      expect(pictures).toBeLessThan(5);
    }
    expect(made.freeMB).toBeGreaterThan(0);
  });

  it('takes rewards where the minutes hold them at the speed that was measured, and foretells their second choice', async () => {
    const [short, long] = [await plan({ minutes: 0.1 }), await plan({ minutes: 1440 })];
    if (long.freeMB < 1600) return expect(long.why).toContain('of memory and');
    expect(long).toMatchObject({ tier: 'rl', memoryMB: 1600 });
    expect(long.why).toMatch(/; 1440 minutes hold about \d+ steps that teach words before rewards begin\.$/u);
    expect((long.minutes ?? 0) - 1440).toBeGreaterThan(0);
    expect(short.minutes).toBeGreaterThan(0.1);
  });

  it('knows no speed where the model cannot be asked', async () => {
    const made = await plan({ engine: { call: () => Promise.reject(new Error('no model')) } });
    expect(made).toMatchObject({ tier: 'supervised', minutes: null });
    expect(made.why).toMatch(/; nothing says yet how fast this machine is\.$/u);
  });

  it('adds the answers that are measured, by how long one takes here', async () => {
    const [all, masks] = [await plan({ minutes: 3 }), await plan({ minutes: 3, tier: 'decoder' })];
    expect(all.minutes).toBeGreaterThan(3 + 0.1);
    expect(masks).toMatchObject({ tier: 'decoder', why: 'Tier decoder was asked for.', rare: [], memoryMB: 800 });
    expect(masks.minutes).toBeGreaterThan(3);
    expect(masks.minutes).toBeLessThan(all.minutes ?? 0);
  });

  it('says the reason where nothing would be learnt, and asks no model then', async () => {
    const empty = openProject(path.join(root, 'empty.loupe'), { create: true });
    try {
      const asks = { call: () => Promise.reject(new Error('asked')) };
      const made = await plan({ project: empty, engine: asks });
      expect(made).toMatchObject({ images: 0, prompts: 0, minutes: null });
      expect(made.refusal).toMatch(/^0 different images with 0 prompts teach; 10 are needed/u);
    } finally {
      empty.close();
    }
  });

  it('knows no time of a checkpoint, whose answers are dear, and what stays as it is', async () => {
    const segZero = await writeToy(path.join(root, 'Seg-Zero'), { says: 'a' });
    const learner = await learnerAt(segZero, path.join(root, 'sam'));
    expect(await plan({ learner })).toMatchObject({ tier: 'supervised', minutes: null, memoryMB: null, rare: [] });
    expect((await plan({ learner, tier: 'decoder' })).refusal).toContain('has no mask decoder of its own');
  });

  it('takes the tier that the last run speaks for where every word is known, and its memory', async () => {
    const known = await knownProject();
    try {
      const before = await plan({ project: known });
      expect(before).toMatchObject({ tier: null, rare: [], memoryMB: 1300 });
      expect(before.why).toMatch(/^What is measured first chooses the tier/u);
      const cases = [
        [0.3, 'supervised', 'far below masks under true boxes', 4321],
        [0.85, 'decoder', 'as good as masks under true boxes', 987],
      ] as const;
      for (const [answers, tier, why, peakMB] of cases) {
        ended(known, { tier, answers, peakMB });
        const after = await plan({ project: known, minutes: 0.1 });
        expect(after).toMatchObject({ tier, memoryMB: peakMB });
        expect(after.why).toContain(why);
      }
      // A run that was refused measured nothing and says nothing.
      const { id } = known.startRun({ tier: 'rl', seed: 1, minutes: 1, parent: null });
      known.endRun(id, 'done', { ...reportOf({ tier: 'rl', answers: 0, peakMB: 5 }), before: null, after: null });
      expect(await plan({ project: known })).toMatchObject({ tier: 'decoder', memoryMB: 987 });
      expect(await plan({ project: known, tier: 'rl' })).toMatchObject({ tier: 'rl', memoryMB: 1600 });
    } finally {
      known.close();
    }
  });

  it('counts as new what no run has learnt from or measured on', async () => {
    const { held, taught } = project.split();
    const images = [...project.allImages()];
    const free = images.filter(({ id }) => !held.includes(id) && !taught.includes(id));
    const asks = { call: () => Promise.reject(new Error('not asked')) };
    const before = await plan({ engine: asks });
    expect(before.minutes).toBeNull();
    project.addToSplit(
      'taught',
      free.slice(1).map(({ id }) => id),
    );
    const after = await plan({ engine: asks });
    expect(after.prompts).toBe(before.prompts);
    expect(after.fresh).toBeLessThan(before.fresh);
    expect(after.fresh).toBeGreaterThan(0);
    project.addToSplit(
      'taught',
      free.slice(0, 1).map(({ id }) => id),
    );
    expect((await plan({ engine: asks })).fresh).toBe(0);
  });

  it('leaves out images that are gone', async () => {
    const [first] = project.allImages();
    if (!first) throw new Error('unreachable');
    project.setFile(first.id, { state: 'missing', problem: 'it is not there' });
    const made = await plan({ engine: { call: () => Promise.reject(new Error('not asked')) } });
    expect(made.images).toBe(11);
    project.setFile(first.id, { state: 'present', problem: null });
  });
});

/** Pictures whose names loupe-nano all knows. */
async function knownProject(): Promise<Project> {
  const { known, pictures } = await shiftedDomain(1, 12);
  const renamed = pictures.map(({ image, things }) => ({
    image,
    things: things.map((thing, i) => ({ ...thing, name: known[i % known.length] ?? thing.name })),
  }));
  return picturedProject({ folder: path.join(root, 'known'), pictures: renamed, names: known, held: 5 });
}

interface Ended {
  readonly tier: TeachReport['tier'];
  /** gIoU of answers to words; that of masks under true boxes is 0.9. */
  readonly answers: number;
  readonly peakMB: number;
}

function reportOf({ tier, answers, peakMB }: Ended): TeachReport {
  const words = { prompts: 9, gIoU: answers, cIoU: answers, box50: answers };
  const figures = { prompts: 9, objects: 9, gIoU: 0.9, cIoU: 0.9, words };
  const unmeasured = { otherLabels: null, nothing: null, base: null };
  return {
    ...{ tier, samples: 9, before: figures, after: figures, minutes: 1, peakMB, prompts: [] },
    gate: { promoted: false, reason: 'It did not gain.', gain: 0, low: 0, high: 0, ...unmeasured },
  };
}

function ended(project: Project, run: Ended): void {
  const { id } = project.startRun({ tier: run.tier, seed: 1, minutes: 1, parent: null });
  project.finishRun(id, { report: reportOf(run), held: [], taught: [], weights: null });
}
