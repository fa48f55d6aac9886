// Long loops to loops that others can live beside: now and then they let the host answer, and stop when cancelled.
const TURN_MS = 20;

/** To be awaited once a round; waits only when it is somebody else's turn. Throws the signal's reason. */
export function turns(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return undefined;
    signal?.throwIfAborted();
    return new Promise((resolve) =>
      setImmediate(() => {
        last = performance.now();
        resolve();
      }),
    );
  };
}
