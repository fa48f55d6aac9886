// Opens the window and the page's two ports: one is relayed to the host, on the other the page talks with the shell.
import path from 'node:path';
import { app, BrowserWindow, ipcMain, MessageChannelMain, type MessagePortMain } from 'electron';
import { type PageMessage, portsChannel, type ShellMessage, shellOrigin } from '../main/contract/shell.ts';
import { chooseFiles } from './dialogs.ts';
import type { HostLife } from './hostLife.ts';
import { relay } from './relay.ts';

interface WindowOptions {
  readonly preload: string;
  readonly icon: string;
  readonly host: Pick<HostLife, 'address' | 'state'>;
  /** The menu's part of what the page says. */
  heard(message: PageMessage): void;
}

export class LoupeWindow {
  readonly browser: BrowserWindow;
  private readonly options: WindowOptions;
  private shell: MessagePortMain | null = null;
  /** Messages that were sent before the page had its ports. */
  private readonly unsaid: ShellMessage[] = [];

  constructor(options: WindowOptions) {
    this.options = options;
    this.browser = new BrowserWindow({
      width: 1440,
      height: 900,
      minWidth: 960,
      minHeight: 600,
      show: false,
      backgroundColor: '#1a1b1e',
      icon: options.icon,
      webPreferences: {
        preload: options.preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
        spellcheck: false,
      },
    });
    this.browser.once('ready-to-show', () => this.browser.show());
    ipcMain.on(portsChannel, (event) => {
      const frame = event.senderFrame;
      if (frame === null || frame !== event.sender.mainFrame || frame.origin !== shellOrigin) return;
      const [rpc, shell] = [new MessageChannelMain(), new MessageChannelMain()];
      relay(rpc.port2, options.host.address);
      this.hear(shell.port2);
      frame.postMessage(portsChannel, null, [rpc.port1, shell.port1]);
    });
    void this.browser.loadURL(`${shellOrigin}/`);
  }

  say(message: ShellMessage): void {
    if (this.shell) this.shell.postMessage(message);
    else this.unsaid.push(message);
  }

  show(): void {
    if (this.browser.isMinimized()) this.browser.restore();
    this.browser.focus();
  }

  private hear(port: MessagePortMain): void {
    this.shell?.close();
    this.shell = port;
    port.on('message', ({ data }) => void this.answer(data as PageMessage));
    port.start();
    port.postMessage(this.options.host.state);
    for (const message of this.unsaid.splice(0)) port.postMessage(message);
  }

  private async answer(message: PageMessage): Promise<void> {
    if (message.kind === 'choose') {
      const files = await chooseFiles(this.browser, message.what, message.name);
      this.say({ kind: 'chosen', call: message.call, files });
    } else if (message.kind === 'title') {
      this.browser.setTitle(message.title);
      this.browser.setRepresentedFilename(message.file ?? '');
      if (message.file !== null) app.addRecentDocument(path.normalize(message.file));
    } else {
      this.options.heard(message);
    }
  }
}
