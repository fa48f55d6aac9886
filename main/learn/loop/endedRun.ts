// Ends a run when time is over, by whatever clock: the step in which that is seen is the last one.
import type { Policy, Run } from './loop.ts';

export interface EndedRun<P extends Policy, S, B> {
  readonly run: Run<P, S, B>;
  /** Set when the time is over. */
  readonly over: AbortSignal;
}

/**
 * Asks before each step. AbortSignal.timeout would not do: `any` holds what it is made of weakly, and once that is
 * collected its time never ends. A run of two minutes went on for forty on a busy machine.
 */
export function endedWhen<P extends Policy, S, B>(run: Run<P, S, B>, isOver: () => boolean): EndedRun<P, S, B> {
  const over = new AbortController();
  const samples = (step: number) => {
    if (isOver()) over.abort();
    return run.samples(step);
  };
  return { run: { ...run, samples }, over: over.signal };
}
