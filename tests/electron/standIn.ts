// What the shell's bundle uses of Electron's main process, recorded; ports are Node's, so that frames really travel.
import { EventEmitter } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

export interface Recorded {
  readonly calls: string[];
  readonly windows: BrowserWindow[];
  readonly menus: unknown[];
  readonly outside: string[];
  schemes: unknown;
  handle: ((request: Request) => Promise<Response>) | null;
}

export const recorded: Recorded = { calls: [], windows: [], menus: [], outside: [], schemes: null, handle: null };
const call = (name: string) => void recorded.calls.push(name);

class App extends EventEmitter {
  isPackaged = false;
  enableSandbox = () => call('enableSandbox');
  requestSingleInstanceLock = () => {
    call('requestSingleInstanceLock');
    return true;
  };
  whenReady = () => {
    call('whenReady');
    return Promise.resolve();
  };
  quit = () => {
    let held = false;
    const preventDefault = () => {
      held = true;
    };
    this.emit('before-quit', { preventDefault });
    call(held ? 'quit held back' : 'quit');
  };
  addRecentDocument = (file: string) => call(`recent ${file}`);
}
export const app = new App();

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown) => {
    call('registerSchemesAsPrivileged');
    recorded.schemes = schemes;
  },
  handle: (scheme: string, answer: (request: Request) => Promise<Response>) => {
    call(`handle ${scheme}`);
    recorded.handle = answer;
  },
};

export const permissions = {
  request: null as ((contents: null, permission: string, decide: (yes: boolean) => void) => void) | null,
  check: null as (() => boolean) | null,
  device: null as (() => boolean) | null,
};
export const session = {
  defaultSession: {
    setPermissionRequestHandler: (handler: typeof permissions.request) => {
      permissions.request = handler;
    },
    setPermissionCheckHandler: (handler: typeof permissions.check) => {
      permissions.check = handler;
    },
    setDevicePermissionHandler: (handler: typeof permissions.device) => {
      permissions.device = handler;
    },
  },
};

export class WebContents extends EventEmitter {
  windowOpen: ((details: { url: string }) => { action: string }) | null = null;
  setWindowOpenHandler = (handler: (details: { url: string }) => { action: string }) => {
    this.windowOpen = handler;
  };
}

export class BrowserWindow extends EventEmitter {
  readonly options: { webPreferences: Record<string, unknown> };
  readonly webContents = new WebContents();
  address = '';
  title = '';
  constructor(options: { webPreferences: Record<string, unknown> }) {
    super();
    this.options = options;
    recorded.windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL = (address: string) => {
    this.address = address;
    return Promise.resolve();
  };
  show = () => call('show');
  focus = () => call('focus');
  restore = () => call('restore');
  isMinimized = () => false;
  setTitle = (title: string) => {
    this.title = title;
  };
  setRepresentedFilename = (file: string) => call(`represents ${file}`);
}

/** Electron's ports hand over events, Node's the bare data. */
class PortMain extends EventEmitter {
  readonly port: MessagePort;
  constructor(port: MessagePort) {
    super();
    this.port = port;
    port.on('close', () => this.emit('close'));
  }
  start = () => void this.port.on('message', (data) => this.emit('message', { data, ports: [] }));
  postMessage = (data: unknown) => this.port.postMessage(data);
  close = () => this.port.close();
}

export class MessageChannelMain {
  readonly port1: PortMain;
  readonly port2: PortMain;
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = new PortMain(port1);
    this.port2 = new PortMain(port2);
  }
}

export const ipcMain = new EventEmitter();
export const shell = {
  openExternal: async (address: string) => void recorded.outside.push(address),
  showItemInFolder: (file: string) => call(`reveal ${file}`),
};
export const dialog = {
  showOpenDialog: async () => ({ canceled: false, filePaths: ['/pictures/one.loupe'] }),
  showSaveDialog: async () => ({ canceled: true, filePath: '' }),
};
export const Menu = {
  buildFromTemplate: (template: unknown) => template,
  setApplicationMenu: (menu: unknown) => void recorded.menus.push(menu),
};
