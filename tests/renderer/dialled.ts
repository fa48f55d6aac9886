// The window's own connection to a host of the tests', with a wire that can be cut.
import { RPCLink } from '@orpc/client/websocket';
import { temporaryMemory } from '../../renderer/state/actionContext.ts';
import { type Client, openClient } from '../../renderer/state/client.ts';
import { type Connection, connect, type Dial } from '../../renderer/state/connection.ts';
import { callerOf, type Hosted } from '../hosting.ts';

export interface Dialled {
  readonly dial: Dial;
  /** Breaks the connection that stands; the next attempt makes a new one. */
  cut(): void;
  /** While it is down no attempt succeeds. */
  setDown(down: boolean): void;
  /** How often a connection came about. */
  count(): number;
}

export function dialled({ base, token }: Pick<Hosted, 'base' | 'token'>): Dialled {
  let cut = () => {};
  let down = false;
  let count = 0;
  const dial: Dial = async () => {
    if (down) throw new Error('the line is down');
    const { socket } = await callerOf(base, token, false);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    cut = () => socket.terminate();
    count += 1;
    const isUp = () => socket.readyState === socket.OPEN;
    return { link: new RPCLink({ websocket: socket }), closed, isUp, close: () => socket.terminate() };
  };
  return {
    dial,
    cut: () => cut(),
    setDown: (value) => {
      down = value;
    },
    count: () => count,
  };
}

/** Short enough for tests, long enough for a busy machine. */
export const patience = { first: 20, longest: 100, call: 5000 };

export interface ConnectedEdits extends Dialled {
  readonly client: Client;
  readonly connection: Connection;
  close(): Promise<void>;
}

/** One more window on the host; what it opens ahead is written down. */
export function connectedEdits(host: Hosted, ahead: string[] = []): ConnectedEdits {
  const line = dialled(host);
  const connection = connect(line.dial, patience);
  const client = openClient(connection, {
    memory: temporaryMemory(),
    fetchAhead: (address) => void ahead.push(address),
  });
  const close = async () => {
    client.close();
    // The end of its stream is still to be sent.
    await new Promise((resolve) => setTimeout(resolve, 50));
    connection.close();
  };
  return { ...line, client, connection, close };
}
