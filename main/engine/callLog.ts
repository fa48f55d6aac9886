// Writes the calls of the engine programs into a file of JSON lines: what was asked, how long it took, how it ended; shapes and counts only.
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { BadInput, refusalOf } from '../contract/badInput.ts';
import type { ProgramName, Request, Urgency } from './protocol.ts';

export interface CallLog {
  readonly file: string;
  write(entry: LogEntry): void;
}

export type LogEntry =
  | { readonly kind: 'state'; readonly program: ProgramName; readonly state: string; readonly [more: string]: unknown }
  | {
      readonly kind: 'call';
      readonly program: ProgramName;
      readonly call: Request['name'];
      readonly urgency: Urgency;
      /** Counted from the request on; `result.ms` is what it took in the engine. */
      readonly ms: number;
      readonly outcome: 'done' | 'cancelled' | 'failed';
      readonly arguments: unknown;
      readonly result?: unknown;
      readonly problem?: string;
    };

/** A new file in the folder, which only its owner can read; throws one sentence where there can be none. */
export function openCallLog(folder: string, now = new Date()): CallLog {
  const file = path.join(folder, `engine-${now.toISOString().replace(/[:.]/gu, '-')}-${process.pid}.jsonl`);
  try {
    mkdirSync(folder, { recursive: true });
    appendFileSync(file, '', { mode: 0o600, flag: 'ax' });
  } catch (error) {
    throw new BadInput(`${file}: no log can be written there: ${refusalOf(error) ?? String(error)}`);
  }
  let isOpen = true;
  return {
    file,
    write(entry) {
      if (!isOpen) return;
      try {
        appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
      } catch (error) {
        // Work goes on without its log.
        isOpen = false;
        process.stderr.write(`${file}: the log ends here: ${refusalOf(error) ?? String(error)}\n`);
      }
    },
  };
}

/** Returns the same promise, and writes a line when it is settled. */
export function logged<T>(log: CallLog, call: CallToLog, outcome: Promise<T>): Promise<T> {
  const started = performance.now();
  const { program, urgency, request } = call;
  const said = { kind: 'call', program, call: request.name, urgency, arguments: shapeOf(request.arguments) } as const;
  const ms = () => Math.round((performance.now() - started) * 10) / 10;
  outcome.then(
    (result) => log.write({ ...said, ms: ms(), outcome: 'done', result: shapeOf(result) }),
    (error: unknown) => {
      const isCancelled = error instanceof Error && error.name === 'AbortError';
      const problem = error instanceof Error ? error.message : String(error);
      log.write({ ...said, ms: ms(), outcome: isCancelled ? 'cancelled' : 'failed', problem });
    },
  );
  return outcome;
}

interface CallToLog {
  readonly program: ProgramName;
  readonly urgency: Urgency;
  readonly request: Request;
}

/** Texts of people or models, and masks: the log holds their lengths alone. */
const untold = new Set(['text', 'reasoning', 'label', 'counts', 'cells', 'unknownWords']);
const mostItems = 8;

/** Numbers and names as they are; texts, masks and long lists by their sizes. */
export function shapeOf(value: unknown, key = ''): unknown {
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (untold.has(key) && (typeof value === 'string' || Array.isArray(value))) return `length ${value.length}`;
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(5));
  if (Array.isArray(value))
    return value.length > mostItems ? `length ${value.length}` : value.map((each) => shapeOf(each));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each, name)]));
  return value;
}
