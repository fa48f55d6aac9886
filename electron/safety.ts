// Forbids what no page may do, whatever it is: ask for devices, open windows, leave the app, embed others.
import { app, type Session, session, shell, type WebContents } from 'electron';
import { shellOrigin } from '../main/contract/shell.ts';

/** Addresses that may be opened in the person's browser. */
const outside = new Set(['github.com', 'huggingface.co']);

function openOutside(address: string): void {
  const url = URL.parse(address);
  if (url?.protocol === 'https:' && outside.has(url.hostname)) void shell.openExternal(url.href);
}

/** Every session denies every permission. */
export function denyPermissions(one: Session = session.defaultSession): void {
  one.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  one.setPermissionCheckHandler(() => false);
  one.setDevicePermissionHandler(() => false);
}

/** Every page, before it loads anything. */
export function confinePages(): void {
  app.on('web-contents-created', (_event, contents) => confine(contents));
}

function confine(contents: WebContents): void {
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
  const stay = (event: { preventDefault(): void }, address: string) => {
    if (!address.startsWith(`${shellOrigin}/`)) event.preventDefault();
  };
  contents.on('will-navigate', (event) => stay(event, event.url));
  contents.on('will-redirect', (event) => stay(event, event.url));
  contents.on('will-frame-navigate', (event) => stay(event, event.url));
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
