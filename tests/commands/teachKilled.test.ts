// `loupe teach` on checkpoints of toy size, killed with -9 twice: command and engine go, the run goes on to the same bits.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { picturedProject } from '../../main/commands/bench/picturedProject.ts';
import type { TeachReport } from '../../main/contract/learning.ts';
import { unpackMask } from '../../main/contract/project.ts';
import { folderOf, promote, rollBack, versionInUse } from '../../main/jobs/teaching/teaching.ts';
import { exportVersion, importVersion } from '../../main/jobs/teaching/weightsExchange.ts';
import { openProject } from '../../main/store/project.ts';
import { openModel } from '../../main/weights/openCheckpoint.ts';
import { segmenterDigest } from '../../main/weights/taughtSegmenter.ts';
import { teachingImages } from '../learn/teaching.ts';
import { toySamJson, writeToy, writeToySam } from '../weights/toyCheckpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-teach-lens-'));
afterAll(() => rmSync(root, { recursive: true }));
const at = (...names: string[]) => path.join(root, ...names);
const cli = path.resolve(import.meta.dirname, '../../main/cli.ts');
const lens = at('LENS');
const byRewards = ['--weights', lens, '--tier', 'rl'];
const steps = 10;

beforeAll(async () => {
  const well = '[{"bbox_2d": [4, 5, 50, 52], "label": "cat"}]';
  await writeToy(lens, { says: ['I do not know.', well], lens: true });
  writeFileSync(path.join(lens, 'segmenter.json'), JSON.stringify(toySamJson));
  const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 8 };
  writeFileSync(path.join(lens, 'recipe.json'), JSON.stringify({ base: 'lens-released', reasoner }));
});

/** A project, and the folder of its first run, where a number of steps is planned as a run that goes on finds it. */
async function projectOf(name: string): Promise<{ file: string; run: string }> {
  const pictures = teachingImages(12).map(async ({ read, things }) => ({
    image: await read(),
    things: things.flatMap(({ name: label, box, mask }) =>
      mask ? [{ name: label, box, mask: unpackMask(mask) }] : [],
    ),
  }));
  const made = { folder: at(name), pictures: await Promise.all(pictures), names: ['cat', 'dog'], held: 5 };
  const project = await picturedProject(made);
  project.close();
  const run = path.join(`${project.file}-weights`, '1');
  mkdirSync(run, { recursive: true });
  for (const file of ['rewardSteps.json', 'adapterSteps.json']) writeFileSync(path.join(run, file), String(steps));
  return { file: project.file, run };
}

interface End {
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly said: string;
}

/** Killed with all that it started, once `isTime`. */
async function taught(file: string, isTime: () => boolean = () => false, how = byRewards): Promise<End> {
  const words = ['teach', file, ...how, '--seed', '3', '--json'];
  const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let [out, said] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    if (isTime()) process.kill(-(child.pid ?? 0), 'SIGKILL');
    await wait(10);
  }
  await closed;
  return { signal: child.signalCode, out, said };
}

const filesOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name)).toString('base64')]),
  );

describe('tier rl of a LENS checkpoint by the command', { timeout: 300_000 }, () => {
  it('goes on after a kill of all its processes, and again after another, to the same weights to the bit', async () => {
    const whole = await projectOf('whole');
    const through = await taught(whole.file);
    expect(through.said).toMatch(/\nThe run needs about \d+\.\d GB of memory\.\n/u);
    const report: TeachReport = JSON.parse(through.out);
    expect(report).toMatchObject({ tier: 'rl' });
    const cut = await projectOf('cut');
    const saved = (turn: string) => existsSync(path.join(cut.run, `rewards${turn}.safetensors`));
    const first = await taught(cut.file, () => saved('.odd'));
    const second = await taught(cut.file, () => saved(''));
    expect([first.signal, second.signal]).toEqual(['SIGKILL', 'SIGKILL']);
    expect(existsSync(path.join(cut.run, 'weights'))).toBe(false);
    expect(second.said).toContain('Goes on with the run that was stopped (tier rl');
    const last = await taught(cut.file);
    expect(last.signal).toBeNull();
    const again: TeachReport = JSON.parse(last.out);
    expect(again.gate).toEqual(report.gate);
    expect(filesOf(path.join(cut.run, 'weights'))).toEqual(filesOf(path.join(whole.run, 'weights')));
    const project = openProject(cut.file);
    expect([project.stoppedRun(), project.versions().length]).toEqual([null, 1]);
    project.close();
  });
});

describe('tier decoder of a SAM 2 beside Seg-Zero by the command', { timeout: 300_000 }, () => {
  const how = ['--weights', at('Seg-Zero'), '--segmenter', at('sam2'), '--tier', 'decoder'];
  beforeAll(async () => {
    await writeToySam(at('sam2'));
    await writeToy(at('Seg-Zero'), { says: '<think>Left.</think><answer>{"bbox": [20, 15, 40, 42]}</answer>' });
    const reasoner = { framing: { kind: 'square', side: 56, filter: 'bilinear' }, answerTokens: 8 };
    writeFileSync(at('Seg-Zero', 'recipe.json'), JSON.stringify({ base: 'seg-zero', reasoner }));
  });

  it('ends in the same decoder to the bit after a kill, as a version that rolls back', async () => {
    const [whole, cut] = [await projectOf('masks'), await projectOf('masks-cut')];
    for (const { run } of [whole, cut]) writeFileSync(path.join(run, 'steps.json'), '60');
    const through = await taught(whole.file, undefined, how);
    expect(through.said).toContain('tier decoder teaches the mask decoder of the segmenter sam2');
    const isSaved = () => existsSync(path.join(cut.run, 'decoder.odd.safetensors'));
    expect((await taught(cut.file, isSaved, how)).signal).toBe('SIGKILL');
    expect(existsSync(path.join(cut.run, 'weights'))).toBe(false);
    const report: TeachReport = JSON.parse((await taught(cut.file, undefined, how)).out);
    expect(report).toMatchObject({ tier: 'decoder', gate: JSON.parse(through.out).gate });
    expect(filesOf(path.join(cut.run, 'weights'))).toEqual(filesOf(path.join(whole.run, 'weights')));
    const project = openProject(cut.file);
    const [version] = project.versions();
    expect(version).toMatchObject({ parent: null, inUse: report.gate.promoted });
    promote(project, version?.id ?? 0);
    expect(versionInUse(project)?.path).toBe(path.join(cut.run, 'weights'));
    expect(rollBack(project)).toBeNull();
    project.close();
  });

  it.each(['out.zip', 'out'])('goes to another project as %s, its decoder with it', async (place) => {
    const project = openProject(at('masks-cut', 'pictured.loupe'));
    const [version] = project.versions();
    await exportVersion(project, at(place), { id: version?.id });
    project.close();
    const { file } = await projectOf(`taken-${place}`);
    const other = openProject(file);
    const taken = await importVersion(other, at(place));
    expect(taken).toMatchObject({ imported: true, inUse: false, name: version?.name });
    const folder = promote(other, taken.id).folder;
    const [was, is] = [
      path.join(`${at('masks-cut', 'pictured.loupe')}-weights`, '1', 'weights'),
      folderOf(other, { folder }),
    ];
    const decoder = 'loupe-segmenter.safetensors';
    expect(readFileSync(path.join(is, decoder)).equals(readFileSync(path.join(was, decoder)))).toBe(true);
    expect((await openModel(is)).beside).toMatchObject({ name: 'sam2-own', digest: await segmenterDigest(at('sam2')) });
    other.close();
  });
});
