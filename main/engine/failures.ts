// Turns what went wrong in an engine program into the failure that the host receives.
import { WeightsError } from '../../models/runtime/weightsFile.ts';
import { BadInput, isFullDisk, refusalOf } from '../contract/badInput.ts';
import type { Failure } from './protocol.ts';

/** The weights could not be opened; the message is the sentence that says why. */
export class NotOpened extends Error {
  override readonly name = 'NotOpened';
}

export function failureOf(error: unknown, signal: AbortSignal): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (signal.aborted) return { reason: 'cancelled', message: 'Cancelled.' };
  if (error instanceof NotOpened) return { reason: 'no model', message };
  if (error instanceof BadInput || error instanceof WeightsError) return { reason: 'bad input', message };
  if (isFullDisk(error)) return { reason: 'no room', message: `${refusalOf(error)}; make room and try again` };
  process.stderr.write(`${error instanceof Error ? error.stack : message}\n`);
  return { reason: 'fault', message };
}
