// Breaks long loops every 20 ms so that the host can answer, and stops them when cancelled.
const TURN_MS = 20;

/** The result is awaited once a round and waits only when 20 ms have passed. It throws the signal's reason. */
export function pauses(signal: AbortSignal | undefined): () => Promise<void> | undefined {
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
