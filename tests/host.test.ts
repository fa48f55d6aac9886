import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { BadInput } from '../main/contract/badInput.ts';
import { Host } from '../main/host.ts';
import { foldersBelow } from '../main/settings.ts';
import { openProject } from '../main/store/project.ts';
import { paint, temporary, until } from './hosting.ts';

const { folder, remove } = temporary('host');
const hosts: Host[] = [];
afterAll(async () => {
  for (const host of hosts) await host.stop();
  remove();
});

let count = 0;
let host: Host;
let at = (name: string) => name;
beforeEach(() => {
  const home = path.join(folder, `${++count}`);
  mkdirSync(home);
  at = (name) => path.join(home, name);
  host = new Host(foldersBelow(at('home')));
  hosts.push(host);
});

const label = (id: number) => ({ id, name: 'cup', colour: '#123456', digit: null, attributes: [], place: 1 });
const adding = (id: number) => ({
  title: 'Add label',
  changes: [{ kind: 'label' as const, id, before: null, after: label(id) }],
});

describe('the open project', () => {
  test('without one everything that needs one is refused', () => {
    expect(() => host.project()).toThrow('No project is open.');
    expect(() => host.files()).toThrow('No project is open.');
    expect(host.state()).toMatchObject([{ kind: 'project', project: null }, { kind: 'engine' }]);
  });

  test('opening tells every window and is remembered', async () => {
    const stream = host.events.watch([]);
    await host.open(at('a.loupe'), { create: true });
    expect(await until(stream, 'project')).toMatchObject({ project: { name: 'a', images: 0 } });
    expect(host.settings.recent()).toMatchObject([{ file: at('a.loupe'), name: 'a' }]);
    await host.close();
    expect(await until(stream, 'project')).toEqual({ kind: 'project', project: null });
    await stream.return?.();
  });

  test('another one takes its place, and lets go of its file', async () => {
    await host.open(at('a.loupe'), { create: true });
    await host.open(at('b.loupe'), { create: true });
    expect(host.project().info().name).toBe('b');
    openProject(at('a.loupe')).close();
  });

  test('the same one again stays as it is', async () => {
    await host.open(at('a.loupe'), { create: true });
    const project = host.project();
    await host.open(`${path.dirname(at('x'))}/./a.loupe`);
    expect(host.project()).toBe(project);
  });

  test('one that cannot be opened leaves the one that is', async () => {
    await host.open(at('a.loupe'), { create: true });
    writeFileSync(at('no.loupe'), 'no project');
    await expect(host.open(at('no.loupe'))).rejects.toThrow(BadInput);
    await expect(host.open(at('nowhere.loupe'))).rejects.toThrow(BadInput);
    expect(host.project().info().name).toBe('a');
  });

  test('leaves the segmenter that was chosen for clicks', async () => {
    host.settings.write({ segmenter: at('no-such-segmenter') });
    await host.open(at('a.loupe'), { create: true });
    await expect(host.engine.weights()).rejects.toThrow(/no-such-segmenter/);
  }, 30_000);

  test('many who open at a time come one after the other, and the last one stays', async () => {
    const names = ['a', 'b', 'a', 'c', 'b'];
    await Promise.all(names.map((name) => host.open(at(`${name}.loupe`), { create: true })));
    expect(host.project().info().name).toBe('b');
    for (const name of ['a', 'c']) openProject(at(`${name}.loupe`)).close();
  });

  test('closing cancels its jobs first', async () => {
    await host.open(at('a.loupe'), { create: true });
    const { id } = host.jobs.start({
      ...{ kind: 'import', title: '', lane: 'disk' },
      run: async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        host.project().reserve(1);
        signal.throwIfAborted();
        return null;
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await host.close();
    expect((await host.jobs.finished(id)).state).toBe('cancelled');
  });
});

describe('news', () => {
  test('a recorded change goes out at once, the counts soon after, once for many', async () => {
    await host.open(at('a.loupe'), { create: true });
    const stream = host.events.watch([]);
    const heard: string[] = [];
    const listening = (async () => {
      for await (const { kind } of stream) heard.push(kind);
    })();
    for (let i = 0; i < 20; i++) host.changed();
    host.recorded(host.project().apply(adding(host.project().reserve(1))));
    await new Promise((resolve) => setTimeout(resolve, 250));
    host.events.stop();
    await listening;
    expect(heard).toEqual(['recorded', 'project']);
  });

  test('images that changed are gathered', async () => {
    await host.open(at('a.loupe'), { create: true });
    mkdirSync(at('in'));
    for (const name of ['1', '2']) await paint(at(`in/${name}.png`));
    const stream = host.events.watch([]);
    await host.files().add([at('in')], {
      ...{
        signal: new AbortController().signal,
        total: () => {},
        step: () => {},
        resumeAt: () => {},
        at: () => {},
        note: () => {},
      },
    });
    const { ids } = await until(stream, 'images');
    expect(ids.length).toBeGreaterThan(0);
    await until(stream, 'project', ({ project }) => project?.images === 2);
    await stream.return?.();
  });
});

test('stopping folds the log into the file, ends the engine and every stream, and can be done twice', async () => {
  await host.open(at('a.loupe'), { create: true });
  host.recorded(host.project().apply(adding(host.project().reserve(1))));
  host.engine.start();
  expect(host.engine.pid).toBeGreaterThan(0);
  const waiting = host.events.watch([]).next();
  await host.stop();
  expect(await waiting).toMatchObject({ done: true });
  expect(existsSync(`${at('a.loupe')}-wal`)).toBe(false);
  expect(host.engine.pid).toBeUndefined();
  await host.stop();
  const project = openProject(at('a.loupe'));
  expect(project.labels()).toHaveLength(1);
  project.close();
});
