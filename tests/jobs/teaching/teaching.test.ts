// Teaching a project in the process that trains: versions and split in the project, a kill in between, and roll back.
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainShape } from '../../../main/commands/bench/picturedProject.ts';
import { created } from '../../../main/contract/diff.ts';
import type { TeachProgress } from '../../../main/contract/learning.ts';
import { Meter } from '../../../main/jobs/queue/queue.ts';
import {
  promote,
  rollBack,
  stoppedWords,
  type Teaching,
  teachProject,
  versionInUse,
} from '../../../main/jobs/teaching/teaching.ts';
import { writePng } from '../../../main/pictures/image.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { teachingImages, untaughtWeights } from '../../learn/teaching.ts';

let root: string;
let weights: string;
const open: Project[] = [];
beforeAll(async () => {
  ({ root, weights } = await untaughtWeights());
});
afterAll(async () => {
  for (const project of open) project.close();
  await rm(root, { recursive: true });
});

/** A project of pictures whose shapes are labelled as they are. */
async function projectOf(name: string, count: number): Promise<Project> {
  const project = openProject(path.join(root, `${name}.loupe`), { create: true });
  open.push(project);
  const images = teachingImages(count);
  for (const { imageId, read } of images)
    await writePng(path.join(root, `${imageId}.png`), { ...(await read()), channels: 3 });
  const ids = project.addImages(images.map(({ path: file }) => ({ path: file })));
  const labels = ['cat', 'dog'].map((text, i) => {
    const id = project.reserve(1);
    return { id, name: text, colour: '#aa0000', digit: null, attributes: [], place: i };
  });
  const shapes = images.map(({ samples }, i) => {
    const object = samples[0]?.objects[0];
    const label = labels.find((each) => each.name === samples[0]?.prompt.text);
    if (!object || !label) throw new Error('unreachable');
    const id = project.reserve(1);
    return created('shape', {
      id,
      imageId: ids[i] ?? 0,
      labelId: label.id,
      mask: object.mask,
      box: object.box,
      ...plainShape,
    });
  });
  project.apply({ title: 'Draw', changes: [...labels.map((label) => created('label', label)), ...shapes] });
  return project;
}

const workOf = (project: Project, heard: Teaching['heard'] = () => {}) => ({
  ...{ project, weights, segmenter: null, tier: 'decoder' as const, minutes: 5, seed: 1, heard },
  fileOf: ({ path: file }: { path: string }) => path.join(root, file),
});
const meter = () => new Meter(new AbortController().signal, () => {});
const bytesOf = (folder: string) => readFile(path.join(folder, 'model.safetensors'));

describe('teaching a project', { timeout: 400_000 }, () => {
  it('is refused with a sentence where nothing or too little teaches', async () => {
    const empty = await projectOf('empty', 0);
    await expect(teachProject(workOf(empty), meter())).rejects.toThrow('no image of the project has a correction');
    const few = await projectOf('few', 3);
    const { gate } = await teachProject(workOf(few), meter());
    expect(gate.reason).toMatch(/^3 different images/u);
    expect([few.versions(), few.split()]).toEqual([[], { held: [], taught: [] }]);
  });

  it('is judged by cross-validation where images are too few, but not by images that were learnt or are held back', async () => {
    const project = await projectOf('six', 6);
    const offered = await teachProject(workOf(project), meter());
    expect(offered.crossValidates).toBe(true);
    const work = { ...workOf(project), folds: 2, minutes: 0.01 };
    const report = await teachProject(work, meter());
    expect(report).toMatchObject({ folds: 2, after: { prompts: 6 } });
    expect(project.split().held).toEqual([]);
    const run = project.startRun({ tier: 'decoder', seed: 1, minutes: 1, parent: null });
    const weightsOf = { name: 'toy', folder: path.relative(root, weights) };
    const promoted = { ...report, gate: { ...report.gate, promoted: true } };
    project.finishRun(run.id, { report: promoted, held: [], taught: [1], weights: weightsOf });
    await expect(teachProject(work, meter())).rejects.toThrow(/is in use and may have learnt .*; roll back first$/u);
    const held = await projectOf('held', 6);
    held.addToSplit('held', [2]);
    const asked = { ...workOf(held), folds: 2, minutes: 0.01 };
    await expect(teachProject(asked, meter())).rejects.toThrow(/^1 images of this project are held back/u);
  });

  it('lists what is gone, whether the project knows it or not, and learns from the others', async () => {
    const project = await projectOf('gone', 13);
    const [first] = project.allImages();
    if (!first) throw new Error('unreachable');
    project.setFile(first.id, { state: 'missing', problem: '1.png is not there; say where it is now' });
    const elsewhere = ({ path: file }: { path: string }) => path.join(root, file === '2.png' ? 'nowhere.png' : file);
    const work = { ...workOf(project), fileOf: elsewhere, minutes: 0.01 };
    const report = await teachProject(work, meter());
    expect(report.skipped?.map(({ reason }) => reason)).toEqual([
      '1.png is not there; say where it is now',
      `${path.join(root, 'nowhere.png')}: no such file`,
    ]);
    expect(report.after).not.toBeNull();
    expect(project.reports()[0]?.skipped).toEqual(report.skipped);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'stops on a full disk with a sentence, and goes on when there is room (skipped: no /dev/full)',
    async () => {
      const project = await projectOf('full', 12);
      const curves = () => path.join(`${project.file}-weights`, String(project.stoppedRun()?.id), 'curves.jsonl');
      // What is written there finds no room.
      const heard = ({ phase }: TeachProgress) => {
        if (phase === 'measuring' && !existsSync(curves())) symlinkSync('/dev/full', curves());
      };
      const work = { ...workOf(project, heard), minutes: 0.05 };
      await expect(teachProject(work, meter())).rejects.toThrow(
        'the disk is full (ENOSPC); make room and try again: the run goes on from its last checkpoint',
      );
      const stopped = project.stoppedRun();
      expect(stopped).not.toBeNull();
      rmSync(curves());
      const report = await teachProject({ ...workOf(project), minutes: 0.05 }, meter());
      expect(report.after).not.toBeNull();
      expect(project.stoppedRun()).toBeNull();
      expect(project.versions()[0]?.folder).toContain(`/${stopped?.id}/`);
    },
  );

  it('that was cancelled is gone on with, or given up with all that it left', async () => {
    const project = await projectOf('stopped', 12);
    const stopping = async () => {
      const abort = new AbortController();
      const heard = ({ phase }: TeachProgress) => phase === 'training' && abort.abort();
      const work = workOf(project, heard);
      await expect(teachProject(work, new Meter(abort.signal, () => {}))).rejects.toThrow();
      return project.stoppedRun()?.id ?? 0;
    };
    const first = await stopping();
    expect(await stopping()).toBe(first);
    const folder = path.join(`${project.file}-weights`, String(first));
    expect(existsSync(folder)).toBe(true);
    const words = await stoppedWords(project);
    expect(words).toContain(`teaches ${workOf(project).weights} (tier decoder, at most`);
    // On a disk that is away: the run waits for it.
    const away = `${workOf(project).weights}-away`;
    await rename(workOf(project).weights, away);
    await expect(teachProject(workOf(project), meter())).rejects.toThrow('put it back, or start anew');
    await rename(away, workOf(project).weights);
    expect(project.stoppedRun()?.id).toBe(first);
    const report = await teachProject({ ...workOf(project), anew: true, minutes: 0.02 }, meter());
    expect(await stoppedWords(project)).toBeNull();
    expect(existsSync(folder)).toBe(false);
    expect(report.after).not.toBeNull();
    expect(project.versions()[0]?.folder).not.toContain(`/${first}/`);
    expect(project.stoppedRun()).toBeNull();
  });

  it('goes on after its process was killed, to the same weights to the bit', async () => {
    const whole = await projectOf('whole', 12);
    const report = await teachProject(workOf(whole), meter());
    const killed = await projectOf('killed', 12);
    let kills = 0;
    const heard: Teaching['heard'] = ({ phase }, pid = 0) => {
      if (phase !== 'training' || kills > 0) return;
      kills++;
      process.kill(pid, 'SIGKILL');
    };
    const again = await teachProject(workOf(killed, heard), meter());
    expect(kills).toBe(1);
    expect(again.gate).toEqual(report.gate);
    const [one, other] = [whole, killed].map((project) => project.versions()[0]?.folder ?? '');
    expect((await bytesOf(path.join(root, one ?? ''))).equals(await bytesOf(path.join(root, other ?? '')))).toBe(true);
    expect(killed.split()).toEqual(whole.split());
    expect(whole.split().held).toHaveLength(5);
    expect(whole.versions()).toMatchObject([{ parent: null, inUse: report.gate.promoted }]);
  });

  it('goes on after its host ended, by the row of the project, to the same weights to the bit', async () => {
    const whole = open.find(({ file }) => file.endsWith('whole.loupe'));
    const first = await projectOf('ended', 12);
    if (!whole) throw new Error('the test before has failed');
    const abort = new AbortController();
    const heard = ({ phase }: TeachProgress) => void (phase === 'training' && abort.abort());
    const meterOf = new Meter(abort.signal, () => {});
    await expect(teachProject(workOf(first, heard), meterOf)).rejects.toMatchObject({ name: 'AbortError' });
    first.close();
    const again = openProject(first.file);
    open.push(again);
    expect(again.stoppedRun()).toMatchObject({ tier: 'decoder', seed: 1, minutes: 5, parent: null });
    await teachProject(workOf(again), meter());
    expect([again.stoppedRun(), again.split()]).toEqual([null, whole.split()]);
    const [one, other] = [whole, again].map((project) => project.versions()[0]?.folder ?? '');
    expect((await bytesOf(path.join(root, one ?? ''))).equals(await bytesOf(path.join(root, other ?? '')))).toBe(true);
  });
});

describe('versions', () => {
  it('are used by number and rolled back to what they learnt from, and refused where their files are gone', async () => {
    const project = open.find(({ file }) => file.endsWith('whole.loupe'));
    const id = project?.versions()[0]?.id ?? 0;
    if (!project) throw new Error('the test before has failed');
    expect(promote(project, id).id).toBe(id);
    expect(existsSync(versionInUse(project)?.path ?? '')).toBe(true);
    expect(rollBack(project)).toBeNull();
    expect(() => rollBack(project)).toThrow('nothing to go back to');
    expect(() => promote(project, 99)).toThrow('there are no weights 99');
  });
});
