// Runs the engine program: forked by the host with `serialization: 'advanced'`, it computes what it is sent until the host is gone.
import { limitThreads } from '../flow/sessions/threads.ts';
import { CallServer } from './callServer.ts';
import type { FromEngine, ToEngine } from './protocol.ts';

limitThreads(process.env.LOUPE_THREADS);
const server = new CallServer((message: FromEngine) => {
  if (process.connected) process.send?.(message);
});
process.on('message', (message: ToEngine) => server.receive(message));
process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group: the host decides when the engine ends.
process.on('SIGINT', () => {});
