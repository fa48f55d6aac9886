// Starts the desktop app: one window around a host that is a program of its own. Holds no logic of the tool.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { app, protocol, shell } from 'electron';
import { HostLife } from './hostLife.ts';
import { showMenu } from './menu.ts';
import { hostProgram, projectIn } from './places.ts';
import { confinePages, denyPermissions } from './safety.ts';
import { answer } from './scheme.ts';
import { LoupeWindow } from './window.ts';

/** The bundle lies in out/electron, of the checkout or of the packed archive. */
const root = path.resolve(import.meta.dirname, '../..');
const page = path.join(root, 'out/renderer');

app.enableSandbox();
confinePages();
protocol.registerSchemesAsPrivileged([
  {
    scheme: 'app',
    privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true },
  },
]);

if (app.requestSingleInstanceLock()) void run();
else app.quit();

async function run(): Promise<void> {
  let window: LoupeWindow | null = null;
  let wanted = projectIn(process.argv);
  const menu = { chords: {} as Readonly<Record<string, string>>, recent: [] as readonly string[] };
  const open = (file: string | null) => {
    wanted = file ?? wanted;
    if (window && wanted !== null) window.say({ kind: 'open', file: wanted });
    if (window) wanted = null;
    window?.show();
  };
  const redraw = () => showMenu({ ...menu, open, run: (id) => window?.say({ kind: 'command', id }) });
  const host = new HostLife(hostProgram(root, process, app.isPackaged), (state) => window?.say(state));

  app.on('open-file', (event, file) => {
    event.preventDefault();
    open(file);
  });
  app.on('second-instance', (_event, argv, folder) => open(projectIn(argv, folder)));
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (ended) return;
    event.preventDefault();
    void host.stop().finally(() => {
      ended = true;
      app.quit();
    });
  });
  let ended = false;

  host.start();
  await app.whenReady();
  denyPermissions();
  protocol.handle('app', (request) => answer(request, page, () => host.address));
  redraw();
  window = new LoupeWindow({
    preload: path.join(root, 'out/electron/preload.cjs'),
    icon: path.join(root, 'resources/icon.png'),
    host,
    heard: (message) => {
      if (message.kind === 'keys') menu.chords = message.chords;
      if (message.kind === 'recent') menu.recent = message.files.filter((file) => existsSync(file));
      if (message.kind === 'reveal' && path.isAbsolute(message.file))
        shell.showItemInFolder(path.normalize(message.file));
      redraw();
    },
  });
  open(wanted);
}
