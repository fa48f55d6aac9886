// Passes frames between the page's port and the host's socket unread: both ends speak oRPC, this one does not.
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { HostAddress } from './hostLife.ts';

/** What is used of Electron's MessagePortMain. */
export interface FramePort {
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  postMessage(data: unknown): void;
  start(): void;
  close(): void;
}

/** Lasts until one end closes, and then closes the other. Frames sent before the host is there wait for it. */
export function relay(port: FramePort, host: Promise<HostAddress>): void {
  const waiting: Frame[] = [];
  let send = (frame: Frame): void => void waiting.push(frame);
  let hangUp = (): void => {};
  let closed = false;
  port.on('message', ({ data }) => send(toFrame(data)));
  port.on('close', () => {
    closed = true;
    hangUp();
  });
  port.start();
  const join = (address: HostAddress): void => {
    if (closed) return;
    const socket = openSocket(address);
    socket.on('open', () => {
      for (const frame of waiting.splice(0)) socket.send(frame);
      send = (frame) => socket.send(frame);
    });
    socket.on('message', (data: Buffer, binary) => port.postMessage(binary ? Uint8Array.from(data) : data.toString()));
    // `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => port.close());
    hangUp = () => socket.terminate();
  };
  host.then(join, () => port.close());
}

type Frame = string | Buffer;

/** Keeps the encoding: text stays text, bytes stay bytes. */
function toFrame(data: unknown): Frame {
  if (typeof data === 'string') return data;
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  throw new TypeError('A frame is text or bytes.');
}

const openSocket = ({ socket, token }: HostAddress): WebSocket =>
  new WebSocket('ws://loupe/rpc', {
    createConnection: () => connect(socket),
    headers: { authorization: `Bearer ${token}` },
    maxPayload: 2 ** 30,
    perMessageDeflate: false,
  });
