import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openProject } from '../../main/store/project.ts';
import { callerOf, temporary } from '../hosting.ts';

const cli = path.resolve(import.meta.dirname, '../../main/cli.ts');
const { folder, remove } = temporary('serve');
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  remove();
});

const env = { ...process.env, LOUPE_HOME: path.join(folder, 'home') };

interface Running {
  readonly child: ChildProcess;
  readonly base: string;
  readonly token: string;
  readonly line: string;
  ended(): Promise<{ code: number | null; stderr: string; stdout: string }>;
}

async function running(child: ChildProcess): Promise<Running> {
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      if (stdout.includes('\n')) resolve();
    });
    void end.then(() => resolve());
  });
  const [line = ''] = stdout.split('\n');
  const [base = '', token = ''] = line.split('#');
  return { ...{ child, base, token, line }, ended: async () => ({ code: await end, stderr, stdout }) };
}

const loupe = (...words: string[]) =>
  running(spawn(process.execPath, [cli, 'serve', ...words], { env, stdio: 'pipe' }));

const at = (name: string) => path.join(folder, name);

function made(name: string): string {
  openProject(at(name), { create: true }).close();
  return at(name);
}

function noProject(): string {
  writeFileSync(at('no.loupe'), 'x'.repeat(5000));
  return at('no.loupe');
}

describe('loupe serve', () => {
  test('says its address first, serves the project, and folds it up on SIGTERM', async () => {
    const file = made('a.loupe');
    const { base, token, line, child, ended } = await loupe(file);
    expect(line).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/u);
    const { client, socket } = await callerOf(base, token, false);
    const { first: id } = await client.project.reserve({ count: 1 });
    const label = { id, name: 'cup', colour: '#123456', digit: null, attributes: [], place: 1 };
    await client.edit.apply({ title: 'Add label', changes: [{ kind: 'label', id, before: null, after: label }] });
    expect(existsSync(`${file}-wal`)).toBe(true);
    child.kill('SIGTERM');
    expect(await ended()).toMatchObject({ code: 0, stderr: '' });
    socket.terminate();
    expect(existsSync(`${file}-wal`)).toBe(false);
    const project = openProject(file);
    expect(project.labels()).toEqual([label]);
    project.close();
  });

  test('takes the port that it is told, and ends on Ctrl-C', async () => {
    const first = await loupe('--json');
    const { address } = JSON.parse(first.line) as { address: string };
    first.child.kill('SIGINT');
    expect((await first.ended()).code).toBe(0);
    const { port } = new URL(address);
    const second = await loupe('--port', port);
    expect(second.base).toBe(`http://127.0.0.1:${port}/`);
    const third = await (await loupe('--port', port)).ended();
    expect(third).toMatchObject({ code: 2, stdout: '', stderr: `loupe: port ${port} is in use; name another one\n` });
    second.child.kill('SIGTERM');
    await second.ended();
  });

  test.skipIf(process.platform === 'win32')(
    'behind a socket file it ends with the program that started it',
    async () => {
      const { base, token, line, child, ended } = await loupe('--socket', at('s'));
      expect(line.startsWith(`${at('s')}#`)).toBe(true);
      const { client, socket } = await callerOf(base, token, true);
      expect(await client.jobs.list()).toEqual([]);
      socket.terminate();
      child.stdin?.end();
      expect((await ended()).code).toBe(0);
      expect(existsSync(at('s'))).toBe(false);
    },
  );

  test('a parent that lets go of it ends it', async () => {
    const { child } = await running(fork(cli, ['serve'], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }));
    // `close` never comes to one who has disconnected.
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    expect(await gone).toBe(0);
  });

  test.each([
    ['a project that is not there', () => [at('gone.loupe')], 'gone.loupe: no such project'],
    ['a file that is no project', () => [noProject()], 'is no Loupe project'],
    ['a port that is none', () => ['--port', '70000'], 'from 0 to 65535'],
  ])('%s is refused in one line', async (_, words, reason) => {
    const { code, stdout, stderr } = await (await loupe(...words())).ended();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^loupe: [^\n]+\n$/u);
    expect(stderr).toContain(reason);
  });

  test('a project that another one holds is refused', async () => {
    const file = made('held.loupe');
    const { child, ended } = await loupe(file);
    expect((await (await loupe(file)).ended()).stderr).toContain('is open in another Loupe');
    child.kill('SIGTERM');
    await ended();
  });
});
