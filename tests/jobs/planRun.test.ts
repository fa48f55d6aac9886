// What is known of a run before it starts: counts, new words, the tier, its time by a question that is asked, and refusals.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturedProject } from '../../main/commands/picturedProject.ts';
import type { RunPlan } from '../../main/contract/runPlan.ts';
import { Engine } from '../../main/engine/supervisor.ts';
import { shiftedDomain } from '../../main/evaluate/shiftedDomain.ts';
import { planRun } from '../../main/jobs/planRun.ts';
import { learnerAt } from '../../main/learn/canLearn.ts';
import { openProject, type Project } from '../../main/store/project.ts';
import { embeddedWeights } from '../../main/weights/embedded.ts';
import { writeToy } from '../weights/toyCheckpoint.ts';

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
    fileOf: (image) => path.join(root, 'p', image.path),
    ...more,
  });

describe('the plan of a run', { timeout: 60_000 }, () => {
  it('counts what teaches and what is new, and takes the tier that teaches unknown words', async () => {
    const made = await plan();
    expect(made).toMatchObject({ images: 12, tier: 'supervised', training: 10, memoryMB: 1300, refusal: null });
    expect(made.prompts).toBeGreaterThan(made.fresh);
    expect(made.fresh).toBeGreaterThan(7);
    expect(made.why).toMatch(/^Tier supervised fits: the model does not know /u);
    expect(unknown.some((word) => made.why.includes(word))).toBe(true);
    expect(made.rare.length).toBeGreaterThan(0);
    for (const { word, pictures } of made.rare) {
      expect(unknown).toContain(word);
      expect(pictures).toBeLessThan(5);
    }
    expect(made.freeMB).toBeGreaterThan(0);
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
});
