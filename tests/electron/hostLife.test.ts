import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { HostLife, type HostState } from '../../electron/hostLife.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'loupe-host-life-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lives: HostLife[] = [];
afterEach(async () => {
  for (const life of lives.splice(0)) await life.stop();
});

/** A life of a program of the test's own; `text` is its source. */
function lifeOf(text: string): { life: HostLife; states: HostState[] } {
  const file = path.join(folder, `${lives.length}-${Date.now()}.mjs`);
  writeFileSync(file, text);
  const states: HostState[] = [];
  const life = new HostLife({ node: process.execPath, arguments: [file], folder }, (state) => states.push(state));
  lives.push(life);
  life.start();
  return { life, states };
}

const listening = `console.log('http://127.0.0.1/#secret'); setInterval(() => {}, 1000);`;

describe('the life of the host', () => {
  it('is told where to listen, and its first line holds the token', async () => {
    const words = path.join(folder, 'words.json');
    const { life, states } = lifeOf(
      `import { writeFileSync } from 'node:fs';
       writeFileSync(${JSON.stringify(words)}, JSON.stringify(process.argv.slice(2)));
       ${listening}`,
    );
    const { socket, token } = await life.address;
    expect(token).toBe('secret');
    expect(JSON.parse(readFileSync(words, 'utf8'))).toEqual(['serve', '--socket', socket]);
    expect(states.map(({ state }) => state)).toEqual(['starting', 'running']);
  });

  it('begins again after an end, on another socket, and says why it ended', async () => {
    const { life, states } = lifeOf(
      `${listening} setTimeout(() => { console.error('out of paper'); process.exit(3); }, 200);`,
    );
    const first = await life.address;
    await vi.waitFor(() => expect(states.map(({ state }) => state)).toContain('stopped'), 60_000);
    const second = await life.address;
    expect(second.socket).not.toBe(first.socket);
    const stopped = states.find(({ state }) => state === 'stopped');
    expect(stopped?.problem).toBe("Loupe's host stopped (code 3): out of paper; it is started again.");
  });

  it('lets those wait who asked before it came up', async () => {
    const mark = path.join(folder, 'second-try');
    const { life, states } = lifeOf(
      `import { existsSync, writeFileSync } from 'node:fs';
       if (!existsSync(${JSON.stringify(mark)})) { writeFileSync(${JSON.stringify(mark)}, ''); process.exit(1); }
       ${listening}`,
    );
    expect((await life.address).token).toBe('secret');
    expect(states.map(({ state }) => state)).toEqual(['starting', 'stopped', 'starting', 'running']);
  });

  it('waits longer after every failure', async () => {
    const { states } = lifeOf('process.exit(1)');
    const starts: number[] = [];
    let known = 0;
    await vi.waitFor(
      () => {
        const count = states.filter(({ state }) => state === 'starting').length;
        if (count > known) starts.push(Date.now());
        known = count;
        expect(count).toBeGreaterThanOrEqual(4);
      },
      { timeout: 60_000, interval: 5 },
    );
    // First against third: on a busy machine the start of a process itself takes as long as one doubling.
    const [a = 0, b = 0, c = 0, d = 0] = starts;
    expect(d - c).toBeGreaterThan(b - a);
  });

  it('says what is wrong where there is no such program', async () => {
    const states: HostState[] = [];
    const life = new HostLife({ node: path.join(folder, 'no-node'), arguments: [], folder }, (one) => states.push(one));
    lives.push(life);
    life.start();
    await vi.waitFor(() => expect(states.at(1)?.problem).toMatch(/no-node/), 60_000);
  });

  it('keeps the last lines of its log', async () => {
    const { life } = lifeOf(`for (let i = 0; i < 500; i++) console.error('line ' + i); ${listening}`);
    await vi.waitFor(() => expect(life.log.at(-1)).toBe('line 499'), 60_000);
    expect(life.log).toHaveLength(200);
  });

  it('ends a host that does not want to end, and lets nobody wait for it', async () => {
    const { life } = lifeOf(`process.on('SIGTERM', () => {}); ${listening}`);
    const { socket } = await life.address;
    await life.stop();
    await expect(life.address).resolves.toBeDefined();
    expect(existsSync(path.dirname(socket))).toBe(false);
  }, 60_000);
});
