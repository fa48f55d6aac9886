// Measures held-back prompts while a run trains: at both ends, and between them within a twentieth of the time.
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { cIoU, gIoU, type Overlap } from '../../evaluate/metrics.ts';
import type { Policy, Run } from './loop.ts';
import type { Parameters } from './parameters.ts';

/** Most of the training time that measuring may take. */
const MOST_SHARE = 0.05;
const FEWEST_STEPS_BETWEEN = 10;

/** What held-back prompts come to with the values of the moment, which it must not change; the same prompts each time. */
export type Validation = (parameters: Parameters) => Promise<readonly Overlap[]>;

export interface ValidatedRun<P extends Policy, S, B> {
  readonly run: Run<P, S, B>;
  /** Figures of the last measurement; empty before the first. */
  figures(): Readonly<Record<string, number>>;
  /** Measures what the run ended in. */
  end(): Promise<void>;
}

/** The run, which measures before a step where measuring is due. Its samples and feeds are those of before. */
export function validatedRun<P extends Policy, S, B>(
  run: Run<P, S, B>,
  validation: Validation,
  { folder, now = () => performance.now() / 1000 }: { folder: string; now?: () => number },
): ValidatedRun<P, S, B> {
  let last: Record<string, number> = {};
  const pace = { begun: 0, spent: 0, cost: 0, step: Number.NEGATIVE_INFINITY };
  let ended = run.steps;
  const measure = async (step: number): Promise<void> => {
    const since = now();
    // Where a measurement fails, as on a full disk or when the run is stopped, the curve lacks a point and the run goes on.
    const overlaps = await validation(run.policy.parameters).catch(() => []);
    pace.cost = now() - since;
    pace.spent += pace.cost;
    pace.step = step;
    if (overlaps.length === 0) return;
    last = { 'validation gIoU': gIoU(overlaps), 'validation cIoU': cIoU(overlaps) };
    const line = { stage: run.name, step, ...last, 'validation seconds': pace.spent };
    await appendFile(path.join(folder, 'curves.jsonl'), `${JSON.stringify(line)}\n`);
  };
  const isDue = (step: number) =>
    step >= pace.step + FEWEST_STEPS_BETWEEN && pace.spent + pace.cost <= MOST_SHARE * (now() - pace.begun);
  return {
    figures: () => last,
    end: () => measure(ended),
    run: {
      ...run,
      objective: {
        ...run.objective,
        open: async (...opening) => {
          const feeder = await run.objective.open(...opening);
          pace.begun = now();
          return {
            release: () => feeder.release(),
            feed: async (samples, step) => {
              if (isDue(step)) await measure(step);
              ended = step + 1;
              return feeder.feed(samples, step);
            },
          };
        },
      },
    },
  };
}
