import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { contentPolicy } from '../../main/contract/contentPolicy.ts';
import { buildParts } from '../../tools/build.mjs';
import { runProgram } from '../program.ts';

interface Entry {
  label?: string;
  role?: string;
  submenu?: Entry[];
  accelerator?: string;
  registerAccelerator?: boolean;
}

interface Result {
  calls: string[];
  schemes: unknown;
  preferences: Record<string, unknown>;
  windows: number;
  address: string;
  title: string;
  outside: string[];
  menu: Entry[];
  permissions: { asked: boolean[]; checked: boolean; device: boolean };
  opened: unknown;
  held: Record<string, boolean>;
  strangerHeard: unknown[];
  pageHeard: { kind: string }[];
  answers: Record<string, { status: number; policy: string | null }>;
}

const root = path.resolve(import.meta.dirname, '../..');
let seen: Result;
beforeAll(async () => {
  await buildParts(['electron', 'renderer'], { ifNeeded: true });
  seen = await runProgram<Result>(new URL('./runShell.ts', import.meta.url));
}, 120_000);

describe('the built shell', () => {
  it('gives the page a sandbox, a world of its own and no Node', () => {
    const { preload, ...rest } = seen.preferences;
    expect(rest).toEqual({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    });
    expect(preload).toMatch(/out[\\/]electron[\\/]preload\.cjs$/);
    expect(seen.calls.indexOf('enableSandbox')).toBeLessThan(seen.calls.indexOf('whenReady'));
  });

  it('registers its scheme before it is ready, and serves the page from it', () => {
    const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true };
    expect(seen.schemes).toEqual([{ scheme: 'app', privileges }]);
    expect(seen.calls.indexOf('registerSchemesAsPrivileged')).toBeLessThan(seen.calls.indexOf('whenReady'));
    expect(seen.address).toBe('app://loupe/');
    expect(seen.answers['/']).toEqual({ status: 200, policy: contentPolicy });
  });

  it('lets no address lead out of the page, and no script in', () => {
    const outer = Object.entries(seen.answers).filter(([address]) => address !== '/');
    expect(outer.map(([, { status }]) => status >= 400)).toEqual(outer.map(() => true));
    expect(contentPolicy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';");
    expect(contentPolicy).not.toMatch(/unsafe-eval'(?! ?;|; style)|\*|https?:/);
  });

  it('denies every permission', () =>
    expect(seen.permissions).toEqual({ asked: [false], checked: false, device: false }));

  it('keeps pages where they are and opens no windows', () => {
    expect(seen.opened).toEqual(Array(4).fill({ action: 'deny' }));
    expect(seen.held).toEqual({
      elsewhere: true,
      redirected: true,
      framed: true,
      lookalike: true,
      webview: true,
      home: false,
    });
  });

  it('opens outside only what is on its list', () => {
    expect(seen.outside).toEqual(['https://github.com/somebody', 'https://github.com/']);
  });

  it('hands ports to its own page alone', () => {
    expect(seen.strangerHeard).toEqual([]);
    expect(seen.pageHeard.length).toBeGreaterThan(0);
  });

  it('is there once: a second start hands its project to the first', () => {
    expect(seen.calls).toContain('requestSingleInstanceLock');
    expect(seen.windows).toBe(1);
    const opened = seen.pageHeard.filter(({ kind }) => kind === 'open');
    expect(opened).toEqual([
      { kind: 'open', file: path.resolve('first.loupe') },
      { kind: 'open', file: path.resolve('/pictures', 'second.loupe') },
    ]);
  });

  it('answers the page with the files of a dialog, and takes its title', () => {
    expect(seen.pageHeard).toContainEqual({ kind: 'chosen', call: 7, files: ['/pictures/one.loupe'] });
    expect(seen.title).toBe('Kitchen');
    expect(seen.calls).toContain(`recent ${path.normalize('/pictures/kitchen.loupe')}`);
  });

  it('shows a file in its folder, by an absolute path alone', () => {
    const shown = seen.calls.filter((call) => call.startsWith('reveal '));
    expect(shown).toEqual([`reveal ${path.normalize('/pictures/kitchen.json')}`]);
  });

  it('says how the host is', () => expect(seen.pageHeard.map(({ kind }) => kind)).toContain('host'));

  it('makes its menu from the command list and registers no key that the page hears', () => {
    const labels = seen.menu.map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining(['Project', 'Edit', 'Tool', 'View', 'Help']));
    const entries = seen.menu.flatMap(({ submenu = [] }) => submenu);
    expect(entries.map(({ label }) => label)).toEqual(expect.arrayContaining(['Undo', 'Export COCO…', 'Brush']));
    expect(entries.filter(({ accelerator }) => accelerator).every((one) => one.registerAccelerator === false)).toBe(
      true,
    );
  });

  it('stops the host before it goes', () => expect(seen.calls.slice(-2)).toEqual(['quit held back', 'quit']));

  it('reads no file by address and turns nothing off', () => {
    const text = readFileSync(path.join(root, 'out/electron/main.js'), 'utf8');
    expect(text).not.toMatch(
      /file:\/\/|loadFile|disable-web-security|no-sandbox|allowRunningInsecureContent|nodeIntegration: true/,
    );
    expect(text).not.toMatch(/executeJavaScript|webviewTag|enableRemoteModule/);
  });
});

describe('the built preload', () => {
  const text = () => readFileSync(path.join(root, 'out/electron/preload.cjs'), 'utf8');

  /** Runs it as Electron would: one function `require`, and nothing of Node. */
  function preloaded() {
    const sent: string[] = [];
    const posted: unknown[][] = [];
    const exposed: Record<string, Record<string, (file?: unknown) => unknown>> = {};
    let hear: (event: { ports: unknown[] }) => void = () => {};
    const electron = {
      contextBridge: {
        exposeInMainWorld: (name: string, bridge: (typeof exposed)[string]) => {
          exposed[name] = bridge;
        },
      },
      ipcRenderer: {
        on: (_channel: string, listener: typeof hear) => {
          hear = listener;
        },
        send: (channel: string) => void sent.push(channel),
      },
      webUtils: { getPathForFile: (file: { at: string }) => file.at },
    };
    const need = (name: string) => (name === 'electron' ? electron : undefined);
    runInNewContext(text(), {
      require: need,
      exports: {},
      module: { exports: {} },
      window: { postMessage: (...words: unknown[]) => void posted.push(words) },
      location: { origin: 'app://loupe' },
    });
    return { sent, posted, exposed, hear };
  }

  it('is CommonJS and needs Electron alone', () => {
    expect(text()).not.toMatch(/^\s*(import|export) /m);
    expect([...text().matchAll(/require\(["']([^"']+)["']\)/g)].map(([, name]) => name)).toEqual(['electron']);
  });

  it('exposes two functions and no part of IPC', () => {
    const { exposed } = preloaded();
    expect(Object.keys(exposed)).toEqual(['loupe']);
    expect(Object.keys(exposed.loupe ?? {}).sort()).toEqual(['connect', 'pathOf']);
  });

  it('asks for ports on its one channel and passes them to its own page', () => {
    const { exposed, sent, posted, hear } = preloaded();
    exposed.loupe?.connect?.();
    expect(sent).toEqual(['loupe:ports']);
    const ports = [{}, {}];
    hear({ ports });
    expect(posted).toEqual([['loupe:ports', 'app://loupe', ports]]);
  });

  it('tells the path of a dropped file', () => {
    expect(preloaded().exposed.loupe?.pathOf?.({ at: '/pictures/one.png' })).toBe('/pictures/one.png');
  });
});
