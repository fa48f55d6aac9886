// Connects the window to the host: one client that outlives broken connections, over a WebSocket or over a port of the shell.
import { type ClientLink, createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import type { api } from '../../main/contract/api.ts';

/** Everything that can be asked of the host. Calls made while it is away wait for it. */
export type HostClient = ContractRouterClient<typeof api>;

type Link = ClientLink<Record<never, never>>;

/** One connection while it stands. */
interface Wire {
  readonly link: Link;
  readonly closed: Promise<void>;
  isUp(): boolean;
  close(): void;
}

/** Makes one connection, or throws; `AccessRefused` where trying again is useless. */
export type Dial = () => Promise<Wire>;

export interface Connection {
  readonly host: HostClient;
  /** Called at once and whenever the connection comes or goes. */
  onState(listener: (up: boolean, refused: string | null) => void): () => void;
  close(): void;
}

/** The host knows no such token, and none is at hand that it would know. */
export class AccessRefused extends Error {
  override readonly name = 'NotLetIn';
}

/** The host was not there for as long as a call waits. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

/** Whether the host itself refused; otherwise the connection broke and nobody knows what became of the call. */
export const isRefusal = (error: unknown): error is ORPCError<string, unknown> => error instanceof ORPCError;

/** What is shown of any failure. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface RetryDelays {
  /** Milliseconds before the first new attempt; doubled after each, up to `longest`. */
  readonly first: number;
  readonly longest: number;
  /** How long a call waits for a connection. */
  readonly call: number;
}

const usualPatience: RetryDelays = { first: 100, longest: 3000, call: 20_000 };

export function connect(dial: Dial, patience: RetryDelays = usualPatience): Connection {
  const line = new Line(patience);
  void line.keep(dial);
  const link: Link = {
    call: async (path, input, options) => {
      const wire = await line.ready();
      return wire.link.call(path, input, { ...options, signal: whileUp(options.signal, wire) });
    },
  };
  return {
    host: createORPCClient(link),
    onState: (listener) => line.listen(listener),
    close: () => line.stop(),
  };
}

/** An abort is sent over the wire; where the wire is down no abort can be sent, and the call ends by itself. */
function whileUp(signal: AbortSignal | undefined, wire: Wire): AbortSignal | undefined {
  if (!signal) return undefined;
  const stop = new AbortController();
  const pass = () => wire.isUp() && stop.abort(signal.reason);
  signal.addEventListener('abort', pass, { once: true });
  void wire.closed.then(() => signal.removeEventListener('abort', pass));
  if (signal.aborted) stop.abort(signal.reason);
  return stop.signal;
}

type StateListener = (up: boolean, refused: string | null) => void;

/** Keeps one wire up for as long as it is wanted. */
class Line {
  private wire: Wire | null = null;
  private refused: string | null = null;
  private stopped = false;
  private readonly listeners = new Set<StateListener>();
  private readonly patience: RetryDelays;

  constructor(patience: RetryDelays) {
    this.patience = patience;
  }

  async keep(dial: Dial): Promise<void> {
    let pause = this.patience.first;
    while (!this.stopped) {
      const lived = await this.once(dial);
      pause = lived ? this.patience.first : Math.min(pause * 2, this.patience.longest);
      if (!this.stopped) await sleep(pause);
    }
  }

  /** True when a connection came about; it is over when this resolves. */
  private async once(dial: Dial): Promise<boolean> {
    try {
      const wire = await dial();
      if (this.stopped) wire.close();
      else this.change(wire, null);
      await wire.closed;
      this.change(null, null);
      return true;
    } catch (error) {
      this.change(null, error instanceof AccessRefused ? error.message : null);
      return false;
    }
  }

  private change(wire: Wire | null, refused: string | null): void {
    if (wire === this.wire && refused === this.refused) return;
    this.wire = wire;
    this.refused = refused;
    for (const listener of this.listeners) listener(wire !== null, refused);
  }

  listen(listener: StateListener): () => void {
    this.listeners.add(listener);
    listener(this.wire !== null, this.refused);
    return () => this.listeners.delete(listener);
  }

  async ready(): Promise<Wire> {
    const until = Date.now() + this.patience.call;
    while (!this.stopped && Date.now() < until) {
      if (this.wire) return this.wire;
      await new Promise<void>((resolve) => {
        const over = setTimeout(done, Math.max(0, until - Date.now()));
        const forget = this.listen((up) => up && done());
        function done() {
          clearTimeout(over);
          queueMicrotask(() => forget());
          resolve();
        }
      });
    }
    throw new NotConnected('The host does not answer.');
  }

  stop(): void {
    this.stopped = true;
    this.wire?.close();
  }
}

/** Connects over a WebSocket, as browsers do it; `enter` first makes the session that the socket needs. */
export const socketDial =
  (address: string, enter: () => Promise<void>): Dial =>
  async () => {
    await enter();
    const websocket = new WebSocket(address);
    const closed = new Promise<void>((resolve) => websocket.addEventListener('close', () => resolve(), { once: true }));
    await new Promise<void>((resolve, reject) => {
      websocket.addEventListener('open', () => resolve(), { once: true });
      void closed.then(() => reject(new NotConnected('The host does not answer.')));
    });
    const isUp = () => websocket.readyState === WebSocket.OPEN;
    return { link: new SocketLink({ websocket }), closed, isUp, close: () => websocket.close() };
  };

/** Connects over a port that the shell hands out, a new one for every attempt. */
export const portDial =
  (fetchPort: () => Promise<MessagePort>): Dial =>
  async () => {
    const port = await fetchPort();
    let up = true;
    const closed = new Promise<void>((resolve) => {
      const over = () => {
        up = false;
        resolve();
      };
      port.addEventListener('close', over, { once: true });
    });
    port.start();
    return { link: new PortLink({ port }), closed, isUp: () => up, close: () => port.close() };
  };

/**
 * Exchanges the token of the address for a session cookie. The token is kept, so that a host that was started
 * again with the same one lets this page in; without one the cookie of an earlier visit must do. An address that was
 * handed to a browser holds a code in its place, which is good once: the host answers it with the token.
 */
export const sessionOf = (given: string | null) => {
  let shown = given;
  return async (): Promise<void> => {
    if (shown === null) return;
    const answer = await fetch('/session', { method: 'POST', headers: { Authorization: `Bearer ${shown}` } });
    if (answer.status === 401 || answer.status === 403) {
      throw new AccessRefused('Loupe was started anew. Open the address that it printed.');
    }
    if (!answer.ok) throw new NotConnected(`The host answers with status ${answer.status}.`);
    if (answer.status === 200) shown = (await answer.text()).trim();
  };
};
