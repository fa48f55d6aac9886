// Bounds the threads that this program computes with, as LOUPE_THREADS says.
import { setThreads } from '../../../models/runtime/threads.ts';
import { BadInput } from '../../contract/badInput.ts';

/** A cluster gives a task some cores of a machine, and ONNX Runtime would take them all. Nothing said: all. */
export function limitThreads(said: string | undefined): void {
  const count = said === undefined || said === '' ? undefined : Number(said);
  if (count !== undefined && (!Number.isInteger(count) || count < 1 || count > 1024))
    throw new BadInput(`LOUPE_THREADS: ${said} is not a number of threads; set it to a whole number from 1 to 1024`);
  setThreads(count);
}
