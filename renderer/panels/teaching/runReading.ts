// Reads again what the host keeps of a run of teaching while the run reports: a window opened in the middle shows all of it.
import { useEffect, useRef, useState } from 'react';
import type { Client } from '../../state/client.ts';
import { useClient, useWorkbench } from '../window/client.ts';

/** Read again as the run reports, but no oftener. */
const EVERY_MS = 1000;

/** `read` and `none` must be the same at every call. */
export function useRunReading<T>(running: boolean, read: (host: Client['host']) => Promise<T>, none: T): T {
  const { host } = useClient();
  const [reading, setReading] = useState<T>(none);
  const last = useRef(Number.NEGATIVE_INFINITY);
  const progress = useWorkbench((state) => state.teaching);
  useEffect(() => {
    const now = performance.now();
    if (running && (progress?.phase !== 'training' || now - last.current < EVERY_MS)) return;
    last.current = now;
    read(host).then(setReading, () => {});
  }, [host, running, progress, read]);
  return reading;
}
