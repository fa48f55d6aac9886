// Holds the number of threads for sessions that name none themselves: one number for all of a program.

let count: number | undefined;

/** Sets the threads of sessions that are opened from now on; undefined: ONNX Runtime's choice, the physical cores. */
export function setThreads(wanted: number | undefined): void {
  count = wanted;
}

export const usualThreads = (): number | undefined => count;
