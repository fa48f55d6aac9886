// Runs the built shell on the stand-in for Electron, plays a page, a second start and the end; prints what came of it.
import { registerHooks } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type * as StandIn from './standIn.ts';

const root = path.resolve(import.meta.dirname, '../..');
const standIn = pathToFileURL(path.join(import.meta.dirname, 'standIn.ts')).href;
registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: standIn, shortCircuit: true } : next(name, context)),
});
const { app, BrowserWindow, ipcMain, permissions, recorded, WebContents }: typeof StandIn = await import(standIn);

process.argv = [process.execPath, 'main.js', `--loupe-node=${process.execPath}`, 'first.loupe'];
await import(pathToFileURL(path.join(root, 'out/electron/main.js')).href);
await sleep(50);

const [window] = recorded.windows;
if (!window) throw new Error('no window was made');

/** Whether an event of this name was held back. */
function heldBack(contents: InstanceType<typeof WebContents>, name: string, url: string): boolean {
  let held = false;
  contents.emit(name, {
    url,
    preventDefault: () => {
      held = true;
    },
  });
  return held;
}

/** What the page hears on its shell port, having asked from this origin. */
async function heardFrom(origin: string, act: (say: (message: unknown) => void) => void): Promise<unknown[]> {
  const heard: unknown[] = [];
  const frame = {
    origin,
    postMessage: (
      _channel: string,
      _data: null,
      [, shell]: InstanceType<typeof StandIn.MessageChannelMain>['port1'][],
    ) => {
      shell?.on('message', ({ data }: { data: unknown }) => heard.push(data));
      shell?.start();
      act((message) => shell?.postMessage(message));
    },
  };
  ipcMain.emit('loupe:ports', { senderFrame: frame, sender: { mainFrame: frame } });
  await sleep(100);
  return heard;
}

const decided: boolean[] = [];
permissions.request?.(null, 'media', (yes) => decided.push(yes));
const contents = new WebContents();
app.emit('web-contents-created', {}, contents);

const outside = ['https://github.com/somebody', 'https://example.org/', 'file:///etc/passwd', 'https://github.com/'];
const opened = outside.map((url) => contents.windowOpen?.({ url }));

const strangerHeard = await heardFrom('https://example.org', () => {});
const pageHeard = await heardFrom('app://loupe', (say) => {
  say({ kind: 'choose', call: 7, what: 'open project' });
  say({ kind: 'reveal', file: '/pictures/kitchen.json' });
  say({ kind: 'reveal', file: 'kitchen.json' });
  say({ kind: 'title', title: 'Kitchen', file: '/pictures/kitchen.loupe' });
});
app.emit('second-instance', {}, ['loupe', 'second.loupe'], '/pictures');
await sleep(50);

const answers: Record<string, unknown> = {};
for (const address of [
  '/',
  '/../../package.json',
  '/%2e%2e/%2e%2e/package.json',
  '/nothing.js',
  '/..%2fpackage.json',
]) {
  const answer = await recorded.handle?.(new Request(`app://loupe${address}`));
  answers[address] = { status: answer?.status, policy: answer?.headers.get('content-security-policy') };
}

app.quit();
for (let i = 0; i < 100 && !recorded.calls.includes('quit'); i++) await sleep(50);

const result = {
  calls: recorded.calls,
  schemes: recorded.schemes,
  preferences: window.options.webPreferences,
  windows: recorded.windows.length,
  address: window.address,
  title: window.title,
  outside: recorded.outside,
  menu: recorded.menus.at(-1),
  permissions: { asked: decided, checked: permissions.check?.(), device: permissions.device?.() },
  opened,
  held: {
    elsewhere: heldBack(contents, 'will-navigate', 'https://example.org/'),
    redirected: heldBack(contents, 'will-redirect', 'https://example.org/'),
    framed: heldBack(contents, 'will-frame-navigate', 'file:///etc/passwd'),
    lookalike: heldBack(contents, 'will-navigate', 'app://loupe.example.org/'),
    webview: heldBack(contents, 'will-attach-webview', 'app://loupe/'),
    home: heldBack(contents, 'will-navigate', 'app://loupe/'),
  },
  strangerHeard,
  pageHeard,
  answers,
  isWindow: window instanceof BrowserWindow,
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
