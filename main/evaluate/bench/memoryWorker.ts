// Reads the process's memory again and again in a worker thread: a session's run blocks the thread that asked for it.
import { parentPort, workerData } from 'node:worker_threads';
import { privateBytes } from './machineLimits.ts';

const most = new Float64Array(workerData);
const everyMs = 20;
setInterval(() => {
  most[0] = Math.max(most[0] ?? 0, privateBytes());
}, everyMs);
parentPort?.postMessage('watching');
