// Loupe as a person meets it: an app of its own with an empty home, and what a person does at its page.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterEach } from 'vitest';
import { openProject, type Project } from '../../main/store/project.ts';
import { buildParts } from '../../tools/build.mjs';
import { type AppShell, type PageOptions, shells } from './shells.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** On a machine that trains beside the tests everything takes its time. */
export const PATIENCE = 60_000;

/** Gives the milliseconds that the page's own thread has worked since, however busy the machine is with other things. */
export async function workOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
  };
}

/** Nobody can write there any more, not even root where the file system knows the attribute; null where that cannot be had. */
export function locked(folder: string, file: string): (() => void) | null {
  if (process.getuid?.() === 0) {
    const mark = (sign: string) => spawnSync('chattr', [`${sign}i`, file, folder]).status === 0;
    return mark('+') ? () => void mark('-') : null;
  }
  const modes = (ofFile: number, ofFolder: number) => {
    chmodSync(folder, ofFolder);
    chmodSync(file, ofFile);
  };
  modes(0o444, 0o555);
  return () => {
    chmodSync(folder, 0o755);
    modes(0o644, 0o755);
  };
}

/** A place in image pixels. */
type Place = readonly [x: number, y: number];

interface AppOptions extends PageOptions {
  /** Makes the project that the host is to open; without one it shows the start screen. */
  readonly prepare?: (app: App) => string;
  /** Default: the browser. */
  readonly shell?: string;
}

interface Start {
  readonly shell: string;
  start(options?: AppOptions): Promise<App>;
}

export const haveShell = shells.size > 0;

/** The same script runs in every shell that is here. */
export const starts: readonly Start[] = (haveShell ? [...shells.keys()] : ['browser']).map((shell) => ({
  shell,
  start: (options) => App.start({ ...options, shell }),
}));

const running = new Set<App>();

/** What a person would see there: most of what makes a test fail on a busy machine cannot be seen anywhere else. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const app of running) console.error(`The page when "${task.name}" failed:\n${await app.description()}`);
});

export class App {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'loupe-e2e-'));
  /** What the page complained of. */
  readonly errors: string[] = [];
  /** When the app was asked to start, after whatever had to be built. */
  started = 0;
  readonly #shell: AppShell;
  #opened: Page | null = null;

  private constructor(name: string) {
    const make = shells.get(name);
    if (make === undefined) throw new Error(`no ${name} can run here`);
    this.#shell = make(this.folder);
  }

  /** A started app and its page. */
  static async start({ prepare, shell = 'browser', ...options }: AppOptions = {}): Promise<App> {
    await buildParts(['renderer'], { ifNeeded: true });
    const app = new App(shell);
    try {
      const project = prepare?.(app);
      app.started = Date.now();
      await app.#shell.start(project);
      await app.#show(options);
    } catch (error) {
      // A host that is left would keep the tests' process.
      await app.stop();
      throw error;
    }
    running.add(app);
    return app;
  }

  /** The page as a screen reader reads it, where the keys go, and what it complained of. */
  async description(): Promise<string> {
    const page = this.#opened;
    if (page === null || page.isClosed()) return 'none is open';
    const keys = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
    return [await page.locator('body').ariaSnapshot(), `keys go to ${keys}`, ...this.errors].join('\n');
  }

  get page(): Page {
    if (this.#opened === null) throw new Error('no page is open');
    return this.#opened;
  }

  async #show({ width = 1280, height = 800 }: PageOptions = {}): Promise<void> {
    const page = await this.#shell.page({ width, height });
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} ${message.location().url}`);
    });
    this.#opened = page;
  }

  /** As a power cut would end it: nothing is told, nothing written. A browser's page stays, without its host. */
  kill(): Promise<void> {
    return this.#shell.kill();
  }

  /** After a kill: the app as it starts anew, on this project or on the start screen. */
  async restart(project?: string): Promise<void> {
    if (!this.page.isClosed()) await this.page.close();
    await this.#shell.start(project);
    await this.#show();
  }

  async stop(): Promise<void> {
    running.delete(this);
    await this.#shell.stop();
    rmSync(this.folder, { recursive: true, force: true });
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

  /** By its name in the list of all commands. */
  async command(name: string): Promise<void> {
    await this.page.keyboard.press('Control+k');
    const list = this.page.getByRole('dialog', { name: 'All commands' });
    // A person types when they see the field.
    await list.locator('input:focus').waitFor();
    await this.page.keyboard.type(name);
    await list
      .locator('[data-selected]')
      .filter({ hasText: new RegExp(name, 'iu') })
      .waitFor();
    await this.page.keyboard.press('Enter');
    await list.waitFor({ state: 'detached' });
  }

  /** Presses what closes the dialog on top; it gives the keys back to the page a moment before it is gone. */
  async leave(button: string): Promise<void> {
    const dialog = this.page.getByRole('dialog').last();
    await dialog.getByRole('button', { name: button, exact: true }).last().click();
    await dialog.waitFor({ state: 'detached' });
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
    await this.answered();
  }

  async answered(): Promise<void> {
    await this.page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
    await this.page.getByRole('button', { name: 'Accept, next image' }).waitFor();
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
    const head = await this.page.getByRole('region', { name: 'Shapes' }).getByRole('heading').innerText();
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
    await this.leave('Done');
  }

  json<T>(...parts: string[]): T {
    return JSON.parse(readFileSync(this.file(...parts), 'utf8')) as T;
  }
}
