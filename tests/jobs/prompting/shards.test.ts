// Copies of a project for workers, and their answers gathered.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { created } from '../../../main/contract/diff.ts';
import { copyProject, gather, openCopy, unanswered } from '../../../main/jobs/prompting/shards.ts';
import { openProject, type Project } from '../../../main/store/project.ts';
import { proposalOf } from '../../store/records.ts';
import { bottomless } from '../bottomless.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-shards-'));
afterAll(() => rmSync(folder, { recursive: true }));

const quiet = new AbortController().signal;
let count = 0;

/** A closed project with images a.png, b.png and c.png. */
function made(fill: (project: Project) => void = () => {}): string {
  const file = path.join(folder, `${++count}.loupe`);
  const project = openProject(file, { create: true });
  project.addImages(['a.png', 'b.png', 'c.png'].map((name) => ({ path: name })));
  fill(project);
  project.close();
  return file;
}

/** Asks the image; with a weights' id it is answered. */
function ask(project: Project, imageId: number, text: string, weights: string | null): number {
  const id = project.reserve(1);
  project.apply({
    title: 'Ask',
    changes: [created('prompt', { id, imageId, text, points: [], box: null, correction: null })],
  });
  if (weights !== null) project.addProposals(id, [{ ...proposalOf('objects'), weights }], null);
  return id;
}

function within<T>(file: string, work: (project: Project) => T): T {
  const project = openProject(file);
  try {
    return work(project);
  } finally {
    project.close();
  }
}

async function gathered(file: string, copy: string) {
  const [project, other] = [openProject(file), openProject(copy)];
  try {
    return await gather(project, other, quiet);
  } finally {
    other.close();
    project.close();
  }
}

const answersOf = (file: string) =>
  within(file, (project) =>
    [...project.allImages()].flatMap(({ id, path: name }) => {
      const { prompts = [], proposals = [] } = project.detail(id) ?? {};
      return prompts.map((asked) => [
        name,
        asked.text,
        proposals.filter(({ promptId }) => promptId === asked.id).map(({ weights }) => weights),
      ]);
    }),
  );

describe('copyProject', () => {
  it('copies the file as it is, and leaves a copy that is there', async () => {
    const file = made();
    const copy = path.join(folder, 'copy.loupe');
    await copyProject(file, copy);
    expect(readFileSync(copy).equals(readFileSync(file))).toBe(true);
    within(copy, (project) => project.addImages([{ path: 'd.png' }]));
    await copyProject(file, copy);
    expect(within(copy, (project) => project.info().images)).toBe(4);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('takes in what a killed Loupe left in its log', async () => {
    const [file, killed] = [made(), path.join(folder, 'killed.loupe')];
    const project = openProject(file);
    project.addImages([{ path: 'late.png' }]);
    for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${killed}${end}`);
    project.close();
    const copy = path.join(folder, 'after.loupe');
    await copyProject(killed, copy);
    expect(within(copy, ({ info }) => info().images)).toBe(4);
  });

  it('refuses a project that is open, that is not there, and itself', async () => {
    const file = made();
    const copy = path.join(folder, 'never.loupe');
    const project = openProject(file);
    project.addImages([{ path: 'd.png' }]);
    // Held by another process this would be the same refusal.
    await expect(copyProject(file, copy)).rejects.toThrow('is open in another Loupe');
    project.close();
    await expect(copyProject(path.join(folder, 'nowhere.loupe'), copy)).rejects.toThrow('there is no project');
    await expect(copyProject(file, path.join(folder, 'no', 'copy.loupe'))).rejects.toThrow('there is no folder');
    await expect(copyProject(file, file)).rejects.toThrow('is the project itself');
    expect(existsSync(copy)).toBe(false);
  });
});

describe('openCopy', () => {
  it('goes on with its copy, also where the copy has more images than the project', async () => {
    const file = made();
    const copy = path.join(folder, 'on.loupe');
    const first = await openCopy(file, copy);
    first.addImages([{ path: 'd.png' }]);
    ask(first, 1, 'x', 'theirs');
    first.close();
    const again = await openCopy(file, copy);
    expect(again.promptsOf('x')).toMatchObject([{ imageId: 1, answered: true }]);
    again.close();
  });

  it('refuses a copy of another project, and one that lacks images that came later', async () => {
    const [file, other] = [
      made(),
      made((project) => void project.addImages([{ path: 'late.png' }, { path: 'e.png' }])),
    ];
    const copy = path.join(folder, 'old.loupe');
    (await openCopy(file, copy)).close();
    await expect(openCopy(other, copy)).rejects.toThrow(
      /^old\.loupe is no copy of \d+\.loupe as it is now: it lacks 2 of its images, such as late\.png; gather it and remove it/,
    );
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
    // The refusal lets the copy go.
    within(copy, ({ info }) => expect(info().images).toBe(3));
  });

  it('goes on while a person has the project open', async () => {
    const file = made();
    const copy = path.join(folder, 'meanwhile.loupe');
    (await openCopy(file, copy)).close();
    const project = openProject(file);
    project.addImages([{ path: 'd.png' }]);
    (await openCopy(file, copy)).close();
    project.close();
  });
});

it('a project that would be read for ever is given up, also where a log lies beside it', async () => {
  const [file, copy] = [made(), path.join(folder, 'endless.loupe')];
  bottomless(file);
  writeFileSync(`${file}-wal`, 'noise');
  await expect(copyProject(file, copy, { ms: 2000 })).rejects.toThrow('could not be checked in 2 s');
  expect(existsSync(copy)).toBe(false);
});

describe('gather', () => {
  it('takes the answers that are missing, into a prompt that waits for one where there is one', async () => {
    const file = made((project) => {
      ask(project, 1, 'the dog', null);
      ask(project, 2, 'the dog', 'mine');
    });
    const copy = path.join(folder, 'answered.loupe');
    await copyProject(file, copy);
    within(copy, (project) => {
      const [waiting] = project.promptsOf('the dog');
      project.addProposals(waiting?.promptId ?? 0, [{ ...proposalOf('objects'), weights: 'theirs' }], null);
      ask(project, 2, 'the dog', 'theirs');
      ask(project, 3, ' the dog ', 'theirs');
      ask(project, 3, 'the cat', null);
    });
    expect(await gathered(file, copy)).toMatchObject({ answers: 2, before: 2, strangers: [] });
    expect(answersOf(file)).toEqual([
      ['a.png', 'the dog', ['theirs']],
      ['b.png', 'the dog', ['mine']],
      ['c.png', 'the dog', ['theirs']],
    ]);
    expect(await gathered(file, copy)).toMatchObject({ answers: 0 });
  });

  it('finds images by their path where ids differ, and names those that the project does not have', async () => {
    const file = made();
    const other = path.join(folder, 'other.loupe');
    const project = openProject(other, { create: true });
    const [stranger = 0, c = 0] = project.addImages([{ path: 'z.png' }, { path: 'c.png' }]);
    ask(project, stranger, 'x', 'theirs');
    ask(project, c, 'x', 'theirs');
    project.close();
    expect(await gathered(file, other)).toEqual({ answers: 1, before: 0, strangers: ['z.png'], texts: ['x'] });
    expect(answersOf(file)).toEqual([['c.png', 'x', ['theirs']]]);
  });

  it('tells of which prompts answers came, and how many images have none yet', async () => {
    const file = made((project) => void ask(project, 2, 'the cat', 'mine'));
    const copy = path.join(folder, 'partly.loupe');
    await copyProject(file, copy);
    within(copy, (project) => ask(project, 1, 'the dog', 'theirs'));
    expect(await gathered(file, copy)).toMatchObject({ answers: 1, texts: ['the dog'] });
    expect(within(file, (project) => [unanswered(project, 'the dog'), unanswered(project, 'the cat')])).toEqual([2, 2]);
  });

  it('makes its prompts in one step that undo takes back, and no step where there is nothing', async () => {
    const file = made();
    const copy = path.join(folder, 'step.loupe');
    await copyProject(file, copy);
    await gathered(file, copy);
    expect(within(file, ({ info }) => info().undo)).toBeNull();
    within(copy, (project) => {
      for (const id of [1, 2, 3]) ask(project, id, 'x', 'theirs');
    });
    await gathered(file, copy);
    within(file, (project) => {
      expect(project.info().undo).toBe('Gather answers');
      project.undo();
      expect(project.promptsOf('x')).toEqual([]);
    });
  });

  it('stops when the signal says so', async () => {
    const [file, copy] = [made(), made((project) => void ask(project, 1, 'x', 'theirs'))];
    const [project, other] = [openProject(file), openProject(copy)];
    await expect(gather(project, other, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    project.close();
    other.close();
  });
});

it('a file that is no project is refused in one sentence', async () => {
  const text = path.join(folder, 'text.loupe');
  writeFileSync(text, 'no project');
  const copy = path.join(folder, 'of-text.loupe');
  await copyProject(text, copy);
  expect(() => openProject(copy)).toThrow('is no Loupe project');
});

describe.runIf(process.platform === 'linux')('a copy that cannot be written where it lies', () => {
  /** Root may write everything: then it is done as nobody. */
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

  it('is read from a copy of it, with what was not folded into it yet, and nothing is left beside it', () => {
    const project = made();
    const [locked, free] = ['locked', 'free'].map((name) => mkdtempSync(path.join(folder, name))) as [string, string];
    const part = path.join(locked, 'part.loupe');
    copyFileSync(project, part);
    const open = openProject(part);
    ask(open, open.imageByPath('b.png')?.id ?? 0, 'the dog', 'toy');
    // As a killed worker leaves it: file and log.
    const left = path.join(free, 'left');
    for (const end of ['', '-wal']) copyFileSync(`${part}${end}`, `${left}${end}`);
    open.close();
    for (const end of ['', '-wal']) copyFileSync(`${left}${end}`, `${part}${end}`);
    const names = readdirSync(locked);
    const own = path.join(free, 'project.loupe');
    copyFileSync(project, own);
    for (const each of [own, free]) chmodSync(each, 0o777);
    for (const name of names) chmodSync(path.join(locked, name), 0o444);
    chmodSync(locked, 0o555);
    chmodSync(folder, 0o755);
    const program = fileURLToPath(new URL('../gatherReadOnly.ts', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, [program, own, part], { ...asNobody, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ code: 0, answers: 1, temporary: 0, read: true, kept: 0 });
    expect(readdirSync(locked)).toEqual(names);
    expect(names).toEqual(['part.loupe', 'part.loupe-wal']);
  });
});
