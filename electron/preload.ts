// The only code that both sides reach: hands the page its ports, and tells it the path of a file it was given.
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { portsChannel, type ShellBridge } from '../main/contract/shell.ts';

/** What is used of the page's globals; the shell is checked without a browser's types. */
declare const window: { postMessage(data: unknown, origin: string, ports: readonly unknown[]): void };
declare const location: { readonly origin: string };

ipcRenderer.on(portsChannel, (event) => window.postMessage(portsChannel, location.origin, event.ports));

const bridge: ShellBridge = {
  connect: () => ipcRenderer.send(portsChannel),
  pathOf: (file) => webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]),
};
contextBridge.exposeInMainWorld('loupe', bridge);
