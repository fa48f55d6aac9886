// The cluster templates as their engines would call them: parts answered by scripts, a killed part that goes on, one gathering.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openProject } from '../../main/store/project.ts';
import { found, pictures, weightsSaying } from '../engine/weights.ts';

const root = mkdtempSync(path.join(tmpdir(), 'loupe-cluster-'));
/** What is on the path of a pod's image. */
const programs = path.join(root, 'bin');
const templates = path.resolve('resources/cluster');
let weights: string;
beforeAll(async () => {
  weights = await weightsSaying(root, [found]);
  await pictures(path.join(root, 'pictures'), 3);
});
afterAll(() => rmSync(root, { recursive: true }));

function project(name: string): string {
  const file = path.join(root, name);
  const made = openProject(file, { create: true });
  made.addImages([0, 1, 2].map((i) => ({ path: `pictures/disc-${i}.png` })));
  made.close();
  return file;
}

const answers = (file: string): number[] => {
  const opened = openProject(file);
  const counts = [...opened.allImages()].map(({ id }) => opened.detail(id)?.proposals.length ?? 0);
  opened.close();
  return counts;
};

const loupe = `${process.execPath} ${path.resolve('main/cli.ts')}`;
const bash = (words: readonly string[], env: Readonly<Record<string, string>>): string =>
  execFileSync('bash', words, { env: { ...process.env, LOUPE: loupe, ...env }, encoding: 'utf8', stdio: 'pipe' });

describe.skipIf(process.platform === 'win32')('Slurm’s scripts (skipped: Windows has no shell for them)', () => {
  it('answer every part once, however often a part is run, and gather all', () => {
    const file = project('slurm.loupe');
    const task = (id: number) =>
      bash([path.join(templates, 'slurm-prelabel.sh'), file, 'the dog', '--weights', weights], {
        ...{ SLURM_ARRAY_TASK_ID: `${id}`, SLURM_ARRAY_TASK_COUNT: '2', LOUPE_COPIES: path.join(root, 'copies') },
      });
    const images = [task(1), task(2), task(1)].map((text) => JSON.parse(text));
    expect(images.map((report) => [report.images, report.before])).toEqual([
      [1, 0],
      [2, 0],
      [1, 1],
    ]);
    const gather = () =>
      JSON.parse(bash([path.join(templates, 'slurm-gather.sh'), file], { LOUPE_COPIES: path.join(root, 'copies') }));
    expect(gather().copies.map((one: { answers: number }) => one.answers)).toEqual([1, 2]);
    expect(gather().copies.map((one: { answers: number }) => one.answers)).toEqual([0, 0]);
    expect(answers(file)).toEqual([1, 1, 1]);
  }, 120_000);

  it('compute with as many threads as a task was given processors', () => {
    const env = { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_COUNT: '1', LOUPE_COPIES: path.join(root, 'said') };
    const words = [path.join(templates, 'slurm-prelabel.sh'), project('threads.loupe'), 'the dog'];
    // In the place of Loupe, a program that prints what it is given.
    const said = (more: Readonly<Record<string, string>>) =>
      /^LOUPE_THREADS=(.*)$/mu.exec(bash(words, { ...env, LOUPE: 'eval env #', ...more }))?.[1];
    expect(said({ LOUPE_THREADS: '', SLURM_CPUS_PER_TASK: '3' })).toBe('3');
    expect(said({ LOUPE_THREADS: '2', SLURM_CPUS_PER_TASK: '3' })).toBe('2');
  });

  it('fail where Loupe does', () => {
    const nowhere = path.join(root, 'nowhere.loupe');
    const env = { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_COUNT: '1' };
    expect(() => bash([path.join(templates, 'slurm-prelabel.sh'), nowhere, 'the dog'], env)).toThrow(/nowhere\.loupe/);
  });
});

describe('Kubernetes’ files', () => {
  it.each(['kubernetes.yaml', 'kubernetes-gather.yaml'])('%s is a job whose shell is well formed', (name) => {
    const job = parse(readFileSync(path.join(templates, name), 'utf8'));
    expect([job.apiVersion, job.kind]).toEqual(['batch/v1', 'Job']);
    const [container] = job.spec.template.spec.containers;
    expect(container.command).toEqual(['bash', '-euo', 'pipefail', '-c']);
    execFileSync('bash', ['-n', '-c', container.args[0]]);
  });

  it('answer every image once where pods are killed and tried again with their index', async () => {
    const file = project('project.loupe');
    mkdirSync(programs);
    // "loupe" on the path of the image; its weights are the toy's.
    const script = `#!/bin/bash\n[ "$1" = prelabel ] && set -- "$@" --weights ${weights}\nexec ${loupe} "$@"\n`;
    writeFileSync(path.join(programs, 'loupe'), script, { mode: 0o755 });
    const job = (name: string) => parse(readFileSync(path.join(templates, name), 'utf8'));
    const [asked, taken] = ['kubernetes.yaml', 'kubernetes-gather.yaml'].map((name) => container(job(name)));
    const pod = (index: number, kill: boolean) => runPod(asked, { JOB_COMPLETION_INDEX: `${index}` }, kill);
    expect(await Promise.all([0, 1, 2].map((index) => pod(index, index === 1)))).toEqual([0, null, 0]);
    expect(await pod(1, false)).toBe(0);
    for (let time = 0; time < 2; time++) expect(await runPod(taken, {}, false)).toBe(0);
    expect(answers(file)).toEqual([1, 1, 1]);
  }, 120_000);

  it('have as many parts as pods, and as many threads as processors', () => {
    const { spec } = parse(readFileSync(path.join(templates, 'kubernetes.yaml'), 'utf8'));
    const [{ env, resources }] = spec.template.spec.containers;
    const given = (name: string) => env.find((one: { name: string }) => one.name === name).value;
    expect([spec.completionMode, String(spec.completions)]).toEqual(['Indexed', given('PARTS')]);
    expect(given('LOUPE_THREADS')).toBe(resources.requests.cpu);
  });
});

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

const container = (job: { spec: { template: { spec: { containers: Container[] } } } }) =>
  job.spec.template.spec.containers[0];

/** The command line of a pod with its variables, its volume /data being the test's folder; null: it was killed. */
async function runPod(pod: Container | undefined, env: Readonly<Record<string, string>>, kill: boolean) {
  const local = (text: string) => text.replaceAll('/data/', `${root}/`);
  const [shell = '', ...words] = [...(pod?.command ?? []), ...(pod?.args ?? [])].map(local);
  const given = Object.fromEntries((pod?.env ?? []).map(({ name, value }) => [name, local(value)]));
  const all = { ...process.env, ...given, PARTS: '3', ...env, PATH: `${programs}:${process.env.PATH}` };
  const child = spawn(shell, words, { env: all, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const ended = once(child, 'exit');
  // The first word of its progress says that it has begun; a pod dies with all its processes.
  if (kill) child.stderr.once('data', () => process.kill(-(child.pid ?? 0), 'SIGKILL'));
  const [code] = await ended;
  return code as number | null;
}

const python = spawnSync('python3', ['--version']).status === 0;

/** As much of Ray as the driver calls, within its own process. */
const rayWithin = `
class Task:
    def __init__(self, work): self.work = work
    def options(self, **_): return self
    def remote(self, *given): return self.work(*given)
def remote(**_): return Task
def init(**_): pass
def get(made): return made
`;

describe.skipIf(!python)('Ray’s driver (skipped: no python3)', () => {
  it('hands each part its words and options, and gathers all copies', () => {
    const [library, log] = [path.join(root, 'library'), path.join(root, 'ray.log')];
    mkdirSync(library);
    writeFileSync(path.join(library, 'ray.py'), rayWithin);
    writeFileSync(path.join(library, 'loupe.sh'), `printf '%s|' "$@" >> ${log}; echo >> ${log}`);
    const driver = path.join(templates, 'ray_prelabel.py');
    execFileSync('python3', [driver, path.join(root, 'r.loupe'), 'the dog', '--parts', '2', '--', '--weights', 'W'], {
      env: { ...process.env, PYTHONPATH: library, LOUPE: `bash ${path.join(library, 'loupe.sh')}` },
    });
    const [first, second, last] = readFileSync(log, 'utf8').split('\n');
    expect(first).toMatch(
      /^prelabel\|.*r\.loupe\|--prompt\|the dog\|--shard\|1\/2\|--into\|.*part-1-of-2\.loupe\|--json\|--weights\|W\|$/,
    );
    expect(second).toContain('--shard|2/2|');
    expect(last).toMatch(/^gather\|.*r\.loupe\|.*part-1-of-2\.loupe\|.*part-2-of-2\.loupe\|--json\|$/);
  });
});
