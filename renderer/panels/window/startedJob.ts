// Follows a job that a dialog has started: from the request to its end, with why it could not begin.
import { useState } from 'react';
import type { Job } from '../../../main/contract/jobs.ts';
import { sentence } from '../../state/connection.ts';
import { useClient, useWorkbench } from './client.ts';

export interface StartedJob {
  readonly job: Job | null;
  readonly problem: string | null;
  readonly starting: boolean;
  start(request: () => Promise<Job>): void;
  /** Goes back to before the start. */
  clear(): void;
}

/** `adopt` finds a job that runs already, from an earlier opening of the dialog. */
export function useStartedJob(adopt: (job: Job) => boolean = () => false): StartedJob {
  const { store, edits } = useClient();
  const [id, setId] = useState(() => [...store.getState().jobs.values()].find(adopt)?.id ?? null);
  const [problem, setProblem] = useState<string | null>(null);
  const [starting, setStarting] = useState(false);
  const job = useWorkbench(({ jobs }) => (id && jobs.get(id)) || null);
  const begin = async (request: () => Promise<Job>) => {
    setProblem(null);
    setStarting(true);
    try {
      await edits.settled();
      const made = await request();
      // Its first events may have come before the answer; they know more.
      store.setState(({ jobs }) => ({ jobs: new Map(jobs).set(made.id, jobs.get(made.id) ?? made) }));
      setId(made.id);
    } catch (error) {
      setProblem(sentence(error));
    }
    setStarting(false);
  };
  return { job, problem, starting, start: (request) => void begin(request), clear: () => setId(null) };
}
