// Defines what a command may do to the outside: print, be cancelled, and name its exit code.

export interface Terminal {
  /** Results. Under --json exactly one document. */
  print(text: string): void;
  /** Warnings and progress; never results. */
  note(text: string): void;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The exit code if nothing is thrown; 0 unless set. */
  finish(code: number): void;
}
