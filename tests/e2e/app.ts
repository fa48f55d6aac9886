// Loupe as a person meets it: a host of its own with an empty home, and a page in Debian's Chromium that opens it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { openProject, type Project } from '../../main/store/project.ts';
import { buildParts } from '../../tools/build.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const program = '/usr/bin/chromium';
export const haveChromium = existsSync(program);
if (!haveChromium) console.warn(`skipped: no Chromium at ${program}`);

/** On a machine that trains beside the tests everything takes its time. */
export const PATIENCE = 60_000;

/** A place in image pixels. */
type Place = readonly [x: number, y: number];

interface AppOptions {
  /** Makes the project that the host is to open; without one it shows the start screen. */
  readonly prepare?: (app: App) => string;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

export class App {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'loupe-e2e-'));
  /** What the page complained of. */
  readonly errors: string[] = [];
  address = '';
  /** When the host was asked to start, after whatever had to be built. */
  started = 0;
  private host: ChildProcess | null = null;
  private browser: Browser | null = null;
  private opened: Page | null = null;

  /** A started host and a page that shows it. */
  static async start(options: AppOptions = {}): Promise<App> {
    const app = new App();
    await buildParts(['renderer'], { ifNeeded: true });
    const project = options.prepare?.(app);
    app.started = Date.now();
    await app.serve(project);
    await app.openPage(options);
    return app;
  }

  get page(): Page {
    if (!this.opened) throw new Error('no page is open');
    return this.opened;
  }

  file(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** A project of the scenes that ship, in a folder of the person's own; the coarse masks lie beside them. */
  project(name: string, folderName: string, fill: (project: Project) => void = () => {}): string {
    const folder = this.file(folderName);
    mkdirSync(folder, { recursive: true });
    cpSync(path.join(root, 'resources/sample'), folder, { recursive: true });
    const project = openProject(path.join(folder, name), { create: true });
    const pictures = readdirSync(folder).filter((file) => file.endsWith('.jpg'));
    project.addImages(pictures.sort().map((file) => ({ path: file })));
    fill(project);
    project.close();
    return project.file;
  }

  async serve(project?: string): Promise<void> {
    const words = ['--disable-warning=ExperimentalWarning', path.join(root, 'main/cli.ts'), 'serve'];
    const host = spawn(process.execPath, project ? [...words, project] : words, {
      env: { ...process.env, LOUPE_HOME: this.file('home') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.host = host;
    const [line] = await once(createInterface({ input: host.stdout }), 'line');
    this.address = String(line);
  }

  async openPage({ width = 1280, height = 800, dark = false }: AppOptions = {}): Promise<void> {
    this.browser ??= await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
    const page = await this.browser.newPage({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} ${message.location().url}`);
    });
    this.opened = page;
    await page.goto(this.address);
  }

  /** As a power cut would end it: nothing is told, nothing written. */
  async kill(): Promise<void> {
    const { host } = this;
    if (!host) return;
    const gone = once(host, 'close');
    host.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.browser?.close();
    if (this.host && this.host.exitCode === null && this.host.signalCode === null) {
      const gone = once(this.host, 'close');
      this.host.kill('SIGTERM');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The scene on screen. */
  get canvas(): Locator {
    return this.page.locator('.konvajs-content').first();
  }

  /** What the status bar says of the pointer, in image pixels. */
  private async pointer(): Promise<Place> {
    const words = await this.page.locator('.status-bar').innerText();
    const [, x, y] = /x (-?\d+)\s+y (-?\d+)/u.exec(words) ?? [];
    if (x === undefined || y === undefined) throw new Error(`the status bar names no place: ${words}`);
    return [Number(x), Number(y)];
  }

  /** Image pixels to page pixels, learnt by pointing at two places and reading what the status bar says. */
  async mapping(): Promise<(place: Place) => Place> {
    const box = await this.canvas.boundingBox();
    if (!box) throw new Error('there is no canvas');
    const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
    const reach = Math.min(box.width, box.height) / 4;
    const read = async (x: number, y: number): Promise<Place> => {
      await this.page.mouse.move(x, y);
      await this.page.waitForFunction(() => /x -?\d+/u.test(document.querySelector('.status-bar')?.textContent ?? ''));
      await this.page.waitForTimeout(60);
      return this.pointer();
    };
    const [ax, ay] = await read(cx - reach, cy - reach);
    const [bx, by] = await read(cx + reach, cy + reach);
    const [sx, sy] = [(2 * reach) / (bx - ax), (2 * reach) / (by - ay)];
    return ([x, y]) => [cx - reach + (x - ax) * sx, cy - reach + (y - ay) * sy];
  }

  /** Presses at the first place, moves through the others and lets go at the last. */
  async drag(...places: readonly Place[]): Promise<void> {
    const to = await this.mapping();
    const [first, ...rest] = places.map(to);
    if (!first) return;
    await this.page.mouse.move(...first);
    await this.page.mouse.down();
    for (const place of rest) await this.page.mouse.move(...place, { steps: 6 });
    await this.page.mouse.up();
  }

  /** Waits until what was done is stored. */
  async saved(): Promise<void> {
    await this.page
      .locator('.status-bar')
      .getByText(/^Saved |^All saved/u)
      .waitFor();
  }

  /** From the start screen, with one click; waits until the first scene is on the canvas. */
  async openSample(): Promise<void> {
    await this.page.getByRole('button', { name: /Try the sample/u }).click();
    await this.scene('scene-01.jpg');
  }

  /** Waits until this image is the open one. */
  async scene(name: string): Promise<void> {
    await this.page.locator('.image-name').getByText(name).waitFor();
    await this.canvas.waitFor();
  }

  get promptField(): Locator {
    return this.page.getByLabel('What to segment');
  }

  /** Asks as a person does by keyboard, and waits for the whole answer. Every outcome is an answer. */
  async ask(text: string): Promise<void> {
    await this.page.keyboard.press('/');
    await this.page.keyboard.type(text);
    await this.page.getByRole('button', { name: 'Ask', exact: true, disabled: false }).waitFor();
    await this.promptField.press('Enter');
    await this.page.getByRole('button', { name: 'Accept, next image' }).waitFor();
    await this.page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
  }

  /** Where the model found nothing, the person draws a box between two image pixels and says that this is it. */
  async settleAnswer(from: Place, to: Place): Promise<void> {
    if (await this.page.getByRole('region', { name: 'Mask' }).isVisible()) return;
    await this.tool('Freehand');
    await this.drag(from, [to[0], from[1]], to, [from[0], to[1]], from);
    await this.page.getByRole('button', { name: 'The selected shape is it' }).click();
    await this.page.getByRole('region', { name: 'Mask' }).waitFor();
  }

  async tool(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Tools' }).getByRole('button', { name, exact: true }).click();
  }

  get shapes(): Locator {
    return this.page.getByRole('tree', { name: 'Shapes' }).getByRole('treeitem');
  }

  /** What the panel's head says; rows beyond the panel are not on the page. */
  async shapeCount(): Promise<number> {
    const head = await this.page.getByRole('region', { name: 'Objects' }).getByRole('heading').innerText();
    return Number(head.replaceAll(/\D/gu, ''));
  }

  async exportTo(file: string): Promise<void> {
    await this.page.keyboard.press('Control+e');
    await this.page.getByLabel('File', { exact: true }).fill(file);
    await this.page.getByRole('button', { name: 'Export', exact: true }).click();
    await this.page.getByRole('button', { name: 'Verify' }).waitFor();
  }

  async importFrom(file: string): Promise<void> {
    await this.page.keyboard.press('Control+i');
    await this.page.getByLabel('File or folder', { exact: true }).fill(file);
    await this.page.getByRole('button', { name: 'Import', exact: true }).click();
    await this.page.getByRole('button', { name: 'Import another' }).waitFor();
    await this.page.getByRole('button', { name: 'Done' }).click();
  }

  json<T>(...parts: string[]): T {
    return JSON.parse(readFileSync(this.file(...parts), 'utf8')) as T;
  }
}
