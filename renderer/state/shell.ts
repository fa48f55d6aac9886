// The desktop shell as the page sees it: a port to the host, the system's dialogs, menu commands and files to open.
import {
  type DialogKind,
  type PageMessage,
  portsChannel,
  type ShellBridge,
  type ShellMessage,
} from '../../main/contract/shell.ts';

/** A chosen menu entry, a project to open, or news of the host. */
type News = Exclude<ShellMessage, { kind: 'chosen' }>;

export interface Shell {
  /** For `portDial`: every call gets a new one. */
  port(): Promise<MessagePort>;
  /** Paths chosen in the system's dialog; none where the person closed it. */
  choose(what: DialogKind, name?: string): Promise<readonly string[]>;
  onNews(listener: (news: News) => void): () => void;
  tell(message: Exclude<PageMessage, { kind: 'choose' }>): void;
  /** Absolute path of a dropped file. */
  pathOf(file: File): string;
}

/** The page's globals that the shell takes part in; tests bring their own. */
interface Page {
  readonly bridge: ShellBridge;
  onMessage(listener: (event: MessageEvent) => void): void;
}

/** Null in a browser. */
export function shellHere(): Shell | null {
  const { loupe: bridge } = globalThis as { loupe?: ShellBridge };
  if (!bridge) return null;
  return shellOf({ bridge, onMessage: (listener) => globalThis.addEventListener('message', listener) });
}

export function shellOf({ bridge, onMessage }: Page): Shell {
  const listeners = new Set<(news: News) => void>();
  const calls = new Map<number, (files: readonly string[]) => void>();
  const unsaid: PageMessage[] = [];
  let waiting: ((port: MessagePort) => void)[] = [];
  let out: MessagePort | null = null;
  let count = 0;

  const say = (message: PageMessage) => {
    if (out) out.postMessage(message);
    else unsaid.push(message);
  };
  const heard = (message: ShellMessage) => {
    if (message.kind === 'chosen') {
      calls.get(message.call)?.(message.files);
      calls.delete(message.call);
    } else for (const listener of listeners) listener(message);
  };
  onMessage(({ data, ports: [rpc, shell] }) => {
    if (data !== portsChannel || !rpc || !shell) return;
    shell.onmessage = (event: MessageEvent<ShellMessage>) => heard(event.data);
    out = shell;
    for (const message of unsaid.splice(0)) say(message);
    const takers = waiting;
    waiting = [];
    for (const take of takers) take(rpc);
  });

  return {
    port: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        bridge.connect();
      }),
    choose: (what, name) =>
      new Promise((resolve) => {
        count += 1;
        calls.set(count, resolve);
        say({ kind: 'choose', call: count, what, name });
      }),
    onNews: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: say,
    pathOf: (file) => bridge.pathOf(file),
  };
}
