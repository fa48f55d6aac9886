import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, ended, type Hosted, hosted, paint, refusal, until } from '../hosting.ts';

let one: Hosted;
let client: Client;

beforeAll(async () => {
  one = await hosted('handlers-exchange');
  ({ client } = await one.call());
  await client.project.create({ file: path.join(one.folder, 'p.loupe') });
});
afterAll(() => one.stop());

const coco = (count: number) => ({
  images: [{ id: 1, file_name: 'a.jpg', width: 10, height: 6 }],
  annotations: Array.from({ length: count }, (_, i) => ({
    ...{ id: i + 1, image_id: 1, category_id: 1, iscrowd: 0 },
    segmentation: [[1, 1, 5 + (i % 4), 1, 5, 4, 1, 4]],
  })),
  categories: [{ id: 1, name: 'cup' }],
});
const file = (name: string) => path.join(one.folder, name);
const saved = (name: string, value: unknown) => {
  writeFileSync(file(name), JSON.stringify(value));
  return file(name);
};

describe('annotations through the host', () => {
  test('come in as a job that ends with a sentence and lines, as one recorded step', async () => {
    const { client: other } = await one.call();
    const stream = await other.watch();
    await stream.next();
    const job = await client.jobs.importFile({ file: saved('in.json', coco(3)) });
    expect(job).toMatchObject({ kind: 'import', title: 'Importing in.json' });
    expect(await ended(client, job.id)).toMatchObject({
      ...{ state: 'done', done: 3, notes: ['not found: a.jpg'] },
      message: 'Took 3 shapes on 1 image and 1 new label (COCO). 1 picture not found.',
    });
    const { recorded } = await until(stream, 'recorded');
    expect(recorded).toMatchObject({ undo: 'Import in.json', diff: { title: 'Import in.json' } });
    expect(await until(stream, 'project', ({ project }) => project?.images === 1)).toBeDefined();
    expect(await client.project.labels()).toMatchObject([{ name: 'cup', digit: '1' }]);
    await stream.return?.();
  });

  test('go out as a job, and the verifier holds the file against the project', async () => {
    const job = await client.jobs.exportCoco({
      file: file('out.json'),
      settings: { masks: 'auto', onlyAccepted: false },
    });
    expect(await ended(client, job.id)).toMatchObject({
      kind: 'export',
      state: 'done',
      done: 3,
      total: 3,
      message: expect.stringMatching(/^Wrote 3 annotations/),
    });
    expect(await client.jobs.verify({ file: file('out.json') })).toMatchObject({
      annotations: 3,
      problems: [],
      compared: true,
    });
    const damaged = JSON.parse(readFileSync(file('out.json'), 'utf8'));
    damaged.annotations[0].area = 1;
    expect((await client.jobs.verify({ file: saved('damaged.json', damaged) })).problems).toEqual([
      expect.stringMatching(/area 1 is not/),
    ]);
  });

  test('go back into the file that they came from; it is offered by name', async () => {
    const { sources } = await client.jobs.exportName();
    expect(sources).toEqual([file('in.json')]);
    const before = JSON.parse(readFileSync(file('in.json'), 'utf8'));
    const settings = { masks: 'auto', onlyAccepted: false } as const;
    const job = await client.jobs.exportCoco({ file: file('in.json'), settings, back: true });
    const { state, notes } = await ended(client, job.id);
    expect([state, notes.join('')]).toEqual([
      'done',
      expect.stringMatching(/what stood there is kept as .*in\.backup-/),
    ]);
    const after = JSON.parse(readFileSync(file('in.json'), 'utf8'));
    expect(after.annotations.map(({ id }: { id: number }) => id)).toEqual(
      before.annotations.map(({ id }: { id: number }) => id),
    );
  });

  test('never replace a file unasked; one that is replaced is kept beside it', async () => {
    const { file: free } = await client.jobs.exportName();
    expect(existsSync(free)).toBe(false);
    writeFileSync(free, 'a file of somebody');
    expect((await client.jobs.exportName()).file).not.toBe(free);
    const settings = { masks: 'auto', onlyAccepted: false } as const;
    const refused = await refusal(client.jobs.exportCoco({ file: free, settings }));
    expect(refused).toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/is there already; choose another name/),
    });
    expect(readFileSync(free, 'utf8')).toBe('a file of somebody');
    const job = await client.jobs.exportCoco({ file: free, settings, replace: true });
    const { state, notes } = await ended(client, job.id);
    expect(state).toBe('done');
    const backup = notes.join('').match(/kept as (?<file>.*\.json)$/u)?.groups?.file ?? '';
    expect(readFileSync(backup, 'utf8')).toBe('a file of somebody');
    expect(JSON.parse(readFileSync(free, 'utf8')).annotations).toHaveLength(3);
  });

  test('of no use fail in one sentence, and the project stays as it was', async () => {
    const before = await client.project.labels();
    const job = await client.jobs.importFile({ file: saved('list.json', [{ image_id: 1 }]) });
    expect(await ended(client, job.id)).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/^list\.json: is a list of COCO results/),
    });
    expect(await client.project.labels()).toEqual(before);
    const nowhere = await client.jobs.exportCoco({
      file: file('no/out.json'),
      settings: { masks: 'auto', onlyAccepted: false },
    });
    expect(await ended(client, nowhere.id)).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/cannot be written/),
    });
  });

  test('a cancelled import is one step that undo takes back', async () => {
    const shapes = async () => (await client.images.list({ offset: 0, limit: 1 })).rows[0]?.shapes;
    const before = await shapes();
    const job = await client.jobs.importFile({ file: saved('many.json', coco(20_000)) });
    await client.jobs.cancel({ id: job.id });
    const { state } = await ended(client, job.id);
    expect(state).toBe('cancelled');
    if ((await shapes()) !== before) await client.edit.undo();
    expect(await shapes()).toBe(before);
  });

  test('relative paths and missing files are refused', async () => {
    const refused = [
      client.jobs.importFile({ file: 'in.json' }),
      client.jobs.importFile({ file: file('in.json'), images: 'pictures' }),
      client.jobs.exportCoco({ file: 'out.json', settings: { masks: 'auto', onlyAccepted: false } }),
      client.jobs.verify({ file: file('nowhere.json') }),
    ];
    for (const each of refused) expect(await refusal(each)).toMatchObject({ code: 'BAD_INPUT' });
  });

  test('of the sample are offered a place in the person’s own folder, not where Loupe keeps the sample', async () => {
    await client.project.sample();
    const { file: offered } = await client.jobs.exportName();
    expect(path.dirname(offered)).toBe(homedir());
    expect(path.basename(offered)).toMatch(/\.json$/u);
  });
});

test('nothing is taken in or out without a project', async () => {
  await client.project.close();
  expect(await refusal(client.jobs.importFile({ file: file('in.json') }))).toMatchObject({ code: 'NO_PROJECT' });
  expect(await refusal(client.jobs.verify({ file: file('in.json') }))).toMatchObject({ code: 'NO_PROJECT' });
});

test('annotations go out for a trainer into a folder of its own, and one that holds files is refused', async () => {
  await client.project.create({ file: file('trained.loupe') });
  await paint(file('cup.png'));
  const { id } = await client.images.add({ paths: [file('cup.png')] });
  await ended(client, id);
  const images = [{ id: 1, file_name: 'cup.png', width: 40, height: 30 }];
  const added = await client.jobs.importFile({ file: saved('cup.json', { ...coco(2), images }) });
  await ended(client, added.id);
  const job = await client.jobs.exportForTrainer({ folder: file('for qwen'), trainer: 'qwen' });
  expect(await ended(client, job.id)).toMatchObject({
    ...{ kind: 'export', state: 'done', title: 'Exporting for qwen' },
    message: expect.stringMatching(/^1 samples on 1 pictures in .*for qwen: .*README\.md there says how to start\.$/u),
  });
  expect(existsSync(path.join(file('for qwen'), 'README.md'))).toBe(true);
  const again = await client.jobs.exportForTrainer({ folder: file('for qwen'), trainer: 'lens' });
  expect(await ended(client, again.id)).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('is not empty; a training set is written into a folder of its own'),
  });
});
