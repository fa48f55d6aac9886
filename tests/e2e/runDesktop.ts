// Runs the built shell on the stand-in for Electron with a real page and host: exports, shows the file, prints what was asked.
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import type * as StandIn from '../electron/standIn.ts';

type Port = InstanceType<typeof StandIn.MessageChannelMain>['port1'];
/** What of a port's frame travels between Chromium and this process. */
type Frame = string | number[] | object;

const root = path.resolve(import.meta.dirname, '../..');
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'loupe-desk-')));
process.env.LOUPE_HOME = path.join(folder, 'home');
/** The person's own folder, where the sample's exports go. */
process.env.HOME = folder;
process.env.USERPROFILE = folder;
const standIn = pathToFileURL(path.join(root, 'tests/electron/standIn.ts')).href;
registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context)),
});
const { app, ipcMain, recorded }: typeof StandIn = await import(standIn);

process.argv = [process.execPath, 'main.js', `--loupe-node=${process.execPath}`];
await import(pathToFileURL(path.join(root, 'out/electron/main.js')).href);

/** Chromium knows no `app:`; its page asks here, and the shell's own handler answers. */
const origin = 'http://loupe.invalid';

async function servePage(page: Page): Promise<void> {
  await page.route(`${origin}/**`, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const answer = await recorded.handle?.(new Request(`app://loupe${pathname}${search}`));
    if (!answer) return route.abort();
    const body = Buffer.from(await answer.arrayBuffer());
    return route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body });
  });
}

/** Electron's side of `electron/preload.ts`: ports of the page and ports of the main process, joined frame by frame. */
async function joinPorts(page: Page): Promise<void> {
  const ports: Port[] = [];
  const toPage = (id: number, data: unknown) => {
    const frame = (data instanceof Uint8Array ? [...data] : data) as Frame;
    const hand = (one: { id: number; frame: Frame }) =>
      (globalThis as typeof globalThis & PageGlobals).handFrame(one.id, one.frame);
    void page.evaluate(hand, { id, frame }).catch(() => {});
  };
  await page.exposeFunction('sendFrame', (id: number, frame: Frame) =>
    ports[id]?.postMessage(Array.isArray(frame) ? Uint8Array.from(frame) : frame),
  );
  await page.exposeFunction('askPorts', async (channel: string): Promise<number[]> => {
    const frame = {
      origin: 'app://loupe',
      postMessage: (_channel: string, _data: null, made: Port[]) => {
        for (const port of made) {
          const id = ports.push(port) - 1;
          port.on('message', ({ data }: { data: unknown }) => toPage(id, data));
        }
      },
    };
    const before = ports.length;
    ipcMain.emit(channel, { senderFrame: frame, sender: { mainFrame: frame } });
    return ports.slice(before).map((_, i) => before + i);
  });
  await page.exposeFunction('startPort', (id: number) => ports[id]?.start());
  await page.addInitScript(electronOfThePage);
  await page.addInitScript(`{
    const require = () => electronOfThePreload;
    const [exports, module] = [{}, { exports: {} }];
    ${readFileSync(path.join(root, 'out/electron/preload.cjs'), 'utf8')}
  }`);
}

/** What stands in the page beside its own globals. */
interface PageGlobals {
  askPorts(channel: string): Promise<number[]>;
  startPort(id: number): Promise<void>;
  sendFrame(id: number, frame: unknown): Promise<void>;
  handFrame(id: number, frame: unknown): void;
  electronOfThePreload: unknown;
}

/** Runs in the page before anything of Loupe: what `require('electron')` gives a preload. */
function electronOfThePage(): void {
  const here = globalThis as typeof globalThis & PageGlobals;
  const outer = new Map<number, MessagePort>();
  here.handFrame = (id, frame) => outer.get(id)?.postMessage(Array.isArray(frame) ? Uint8Array.from(frame) : frame);
  const listeners: ((event: { ports: MessagePort[] }) => void)[] = [];
  const portOf = (id: number): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    outer.set(id, port1);
    port1.onmessage = ({ data }) => {
      const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
      void here.sendFrame(id, bytes instanceof Uint8Array ? [...bytes] : bytes);
    };
    void here.startPort(id);
    return port2;
  };
  here.electronOfThePreload = {
    contextBridge: { exposeInMainWorld: (name: string, bridge: unknown) => Object.assign(here, { [name]: bridge }) },
    ipcRenderer: {
      on: (_channel: string, listener: (typeof listeners)[number]) => listeners.push(listener),
      send: async (channel: string) => {
        const made = (await here.askPorts(channel)).map(portOf);
        for (const listener of listeners) listener({ ports: made });
      },
    },
    webUtils: { getPathForFile: () => '' },
  };
}

const revealed = () => recorded.calls.filter((call) => call.startsWith('reveal '));

/** Exports under this name, or the one that the dialog has; gives the files that the shell was then asked to show. */
async function exportAndShow(page: Page, name: string | null): Promise<{ named: string; shown: string[] }> {
  await page.keyboard.press('Control+e');
  const field = page.getByLabel('File', { exact: true });
  await field.waitFor();
  if (name !== null) await field.fill(path.join(folder, name));
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const button = page.getByRole('button', { name: 'Show in folder' });
  await button.waitFor();
  const named = await page.locator('.written-file').innerText();
  const before = revealed().length;
  await button.click();
  for (let i = 0; i < 200 && revealed().length === before; i++) await sleep(50);
  await page.getByRole('button', { name: 'Done' }).click();
  return { named, shown: revealed().slice(before) };
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const errors: string[] = [];
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => errors.push(error.message));
  await servePage(page);
  await joinPorts(page);
  await page.goto(`${origin}/`);
  await page.getByRole('button', { name: /Try the sample/u }).click();
  await page.locator('.image-name').getByText('scene-01.jpg').waitFor();
  const usual = await exportAndShow(page, null);
  const odd = await exportAndShow(page, 'my cars, 100% Größe #2.json');
  const written = [usual, odd].map(({ named }) => existsSync(named));
  process.stdout.write(JSON.stringify({ folder, usual, odd, written, errors, shownInAll: revealed().length }));
} finally {
  await browser.close();
  app.quit();
  for (let i = 0; i < 100 && !recorded.calls.includes('quit'); i++) await sleep(50);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
