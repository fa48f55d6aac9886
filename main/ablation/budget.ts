// Ends a run when its processor time is spent: other programs on the machine take nothing from it.
import { type EndedRun, endedWhen } from '../learn/loop/endedRun.ts';
import type { Policy, Run } from '../learn/loop/loop.ts';

/** Processor time of this process, all threads together, in seconds. */
const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

export interface Limited<P extends Policy, S, B> extends EndedRun<P, S, B> {
  /** Steps that were begun, and what they took. */
  done(): { readonly steps: number; readonly seconds: number };
}

export function limited<P extends Policy, S, B>(run: Run<P, S, B>, seconds: number): Limited<P, S, B> {
  const begun = spent();
  let steps = 0;
  const samples = (step: number) => {
    steps = step + 1;
    return run.samples(step);
  };
  const ended = endedWhen({ ...run, samples }, () => spent() - begun >= seconds);
  return { ...ended, done: () => ({ steps, seconds: spent() - begun }) };
}
