// What Loupe's page can stand in: a tab of Debian's Chromium with a host beside it, or Electron's window, which has its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { _electron, type Browser, chromium, type ElectronApplication, type Page } from 'playwright-core';
import { buildParts } from '../../tools/build.mjs';
import { electronHere } from '../../tools/start.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const program = '/usr/bin/chromium';
export const haveChromium = existsSync(program);
if (!haveChromium) console.warn(`skipped: no Chromium at ${program}`);

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
}

export interface AppShell {
  /** With nothing running: starts a host, or the whole app, on this project or on the start screen. */
  start(project?: string): Promise<void>;
  /** A page of what runs. */
  page(options: Required<PageOptions>): Promise<Page>;
  /** As a power cut would end it: nothing is told, nothing written. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** `folder`: where it may keep things; it is removed after the test. */
type MakeShell = (folder: string) => AppShell;

const environment = (folder: string) => ({ ...process.env, LOUPE_HOME: path.join(folder, 'home') });

/** Lets it work for a fifth of the time, in pieces, as on a busy machine: what does not wait for what it needs fails then. */
function slowDown(host: ChildProcess): void {
  const timer = setInterval(() => {
    host.kill('SIGSTOP');
    setTimeout(() => host.kill('SIGCONT'), 240);
  }, 300);
  host.once('close', () => clearInterval(timer));
}

class Browsing implements AppShell {
  readonly #folder: string;
  #host: ChildProcess | null = null;
  #browser: Browser | null = null;
  #address = '';

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(project?: string): Promise<void> {
    const words = ['--disable-warning=ExperimentalWarning', path.join(root, 'main/cli.ts'), 'serve'];
    const host = spawn(process.execPath, project ? [...words, project] : words, {
      env: environment(this.#folder),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#host = host;
    if (process.env.LOUPE_SLOW) slowDown(host);
    const [line] = await once(createInterface({ input: host.stdout }), 'line');
    this.#address = String(line);
  }

  async page({ width, height }: Required<PageOptions>): Promise<Page> {
    this.#browser ??= await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await this.#browser.newPage({
      viewport: { width, height },
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    // The port and the token are new ones with every host.
    await page.goto(this.#address);
    return page;
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const host = this.#host;
    if (host === null || host.exitCode !== null || host.signalCode !== null) return;
    const gone = once(host, 'close');
    host.kill(signal);
    await gone;
  }
}

class Desktop implements AppShell {
  readonly #folder: string;
  readonly #electron: string;
  #app: ElectronApplication | null = null;

  constructor(folder: string, electron: string) {
    this.#folder = folder;
    this.#electron = electron;
  }

  async start(project?: string): Promise<void> {
    await buildParts(['electron'], { ifNeeded: true });
    const words = [
      path.join(root, 'out/electron/main.js'),
      `--loupe-node=${process.execPath}`,
      `--user-data-dir=${path.join(this.#folder, 'electron')}`,
    ];
    this.#app = await _electron.launch({
      executablePath: this.#electron,
      args: project ? [...words, project] : words,
      env: environment(this.#folder),
    });
  }

  async page({ width, height }: Required<PageOptions>): Promise<Page> {
    const app = this.#running();
    const page = await app.firstWindow();
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const size = { width, height };
    await app.evaluate(({ BrowserWindow }, to) => {
      BrowserWindow.getAllWindows()[0]?.setContentSize(to.width, to.height);
    }, size);
    return page;
  }

  /** With its host, which it started: on other systems than Windows they are one process group. */
  async kill(): Promise<void> {
    const app = this.#running();
    const pid = app.process().pid ?? 0;
    const gone = app.waitForEvent('close');
    if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(pid), '/t', '/f']);
    else process.kill(-pid, 'SIGKILL');
    await gone;
    this.#app = null;
  }

  async stop(): Promise<void> {
    await this.#app?.close();
    this.#app = null;
  }

  #running(): ElectronApplication {
    if (this.#app === null) throw new Error('the desktop app does not run');
    return this.#app;
  }
}

const electron = electronHere();

/** Those that can run here, by name. */
export const shells: ReadonlyMap<string, MakeShell> = new Map<string, MakeShell>([
  ...(haveChromium ? ([['browser', (folder: string) => new Browsing(folder)]] as const) : []),
  ...(electron === null ? [] : ([['desktop', (folder: string) => new Desktop(folder, electron)]] as const)),
]);
