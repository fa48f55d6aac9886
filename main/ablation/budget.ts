// A run that ends when its processor time is spent: other programs on the machine take nothing from it.
import type { Policy, Run } from '../learn/loop.ts';

/** Of this process, all threads together, in seconds. */
const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

export interface Limited<P extends Policy, S, B> {
  readonly run: Run<P, S, B>;
  /** Set when the time is over. */
  readonly over: AbortSignal;
  /** Steps that were begun, and what they took. */
  done(): { readonly steps: number; readonly seconds: number };
}

/** The step in which the time runs out is the last one. */
export function limited<P extends Policy, S, B>(run: Run<P, S, B>, seconds: number): Limited<P, S, B> {
  const [begun, until] = [spent(), new AbortController()];
  let steps = 0;
  return {
    over: until.signal,
    done: () => ({ steps, seconds: spent() - begun }),
    run: {
      ...run,
      samples: (step) => {
        steps = step + 1;
        if (spent() - begun >= seconds) until.abort();
        return run.samples(step);
      },
    },
  };
}
