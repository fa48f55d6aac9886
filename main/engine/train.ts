// Runs the training program: forked by the host as `serve` is, it makes the runs that it is sent until the host is gone.
import { constants, setPriority } from 'node:os';
import type { TeachProgress } from '../contract/learning.ts';
import { limitThreads } from '../flow/sessions/threads.ts';
import { failureOf } from './failures.ts';
import type { FromEngine, ToEngine } from './protocol.ts';
import { teachFrom } from './teachFrom.ts';

limitThreads(process.env.LOUPE_THREADS);
// A click of the person who goes on annotating comes first; on an idle machine a run is as fast as ever.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const send = (message: FromEngine): void => {
  if (process.connected) process.send?.(message);
};
const underWay = new Map<number, AbortController>();

type CallMessage = Extract<ToEngine, { kind: 'call' }>;

async function answer({ id, request }: CallMessage): Promise<void> {
  const abort = new AbortController();
  underWay.set(id, abort);
  try {
    if (request.name !== 'teach') throw new Error(`The program that trains does not know “${request.name}”.`);
    const report = (event: TeachProgress) => send({ kind: 'event', id, event });
    const result = await teachFrom(request.arguments.folder, { signal: abort.signal, report });
    send({ kind: 'done', id, result });
  } catch (error) {
    send({ kind: 'failed', id, failure: failureOf(error, abort.signal) });
  } finally {
    underWay.delete(id);
  }
}

process.on('message', (message: ToEngine) => {
  // Weights are named by each run, so nothing is opened ahead.
  if (message.kind === 'call') void answer(message);
  else if (message.kind === 'cancel') underWay.get(message.id)?.abort();
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group: the host decides when the program ends.
process.on('SIGINT', () => {});
