import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { buildParts } from '../../tools/build.mjs';
import { root } from '../../tools/node.mjs';
import { readWish } from '../../tools/start.mjs';

const home = mkdtempSync(path.join(tmpdir(), 'loupe-start-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('what npm start is told', () => {
  it('is the desktop unless asked for the browser', () => {
    expect(readWish([])).toEqual({ browser: false, open: true, port: null, project: null });
    expect(readWish(['--browser', '--port', '7000', '--no-open'])).toEqual({
      browser: true,
      open: false,
      port: '7000',
      project: null,
    });
  });

  it('may name a project', () => {
    expect(readWish(['--browser', 'a.loupe']).project).toBe(path.resolve('a.loupe'));
  });

  it('is refused in one sentence where it is unknown', () => {
    expect(() => readWish(['--brwser'])).toThrow('npm start knows --browser, --port N and --no-open, not --brwser.');
  });
});

describe('npm start', () => {
  it.runIf(process.platform === 'linux')(
    'without a display says so, opens the browser instead, and ends on a signal',
    async () => {
      await buildParts(['renderer'], { ifNeeded: true });
      const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
      const words = [path.join(root, 'tools/with-node.mjs'), path.join(root, 'tools/start.mjs')];
      const started = spawn(process.execPath, words, {
        env: { ...env, LOUPE_HOME: home },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines: string[] = [];
      const closed = once(started, 'close');
      try {
        for await (const line of createInterface({ input: started.stdout })) {
          lines.push(line);
          if (line.includes('http://')) break;
        }
        expect(lines).toContain('No desktop window: there is no display. The same app opens in the browser.');
        const [address = ''] = lines.at(-1)?.match(/http:\S+/u) ?? [];
        expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]+$/u);
        const page = await fetch(address);
        expect(page.status).toBe(200);
        expect(await page.text()).toContain('<div id="root">');
        expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
      } finally {
        started.kill('SIGTERM');
      }
      await closed;
      const [, port] = lines.at(-1)?.match(/:(\d+)\//u) ?? [];
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    },
  );
});

describe('the build', () => {
  it('does nothing where nothing changed', async () => {
    await buildParts(['electron'], { ifNeeded: true });
    const said: string[] = [];
    await buildParts(['electron'], { ifNeeded: true, say: (line) => said.push(line) });
    expect(said).toEqual([]);
  });

  it('is the one for people, also where tests ask for it', async () => {
    expect(process.env.NODE_ENV).toBe('test');
    await buildParts(['renderer'], { ifNeeded: true });
    expect(process.env.NODE_ENV).toBe('test');
    const folder = path.join(root, 'out', 'renderer', 'assets');
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
    expect(scripts).not.toEqual([]);
    // The name of what React's build for its developers makes elements with.
    for (const name of scripts) expect(readFileSync(path.join(folder, name), 'utf8')).not.toContain('jsxDEV');
  });

  it('knows its parts', async () => {
    await expect(buildParts(['kitchen'])).rejects.toThrow(
      'There is nothing called kitchen to build: renderer, electron, host.',
    );
  });
});
