// Defines what goes into a run of a graph and comes out of it, and what can be run.

/** The numbers of one tensor in this process's memory; the class of the array is their element type. */
export type Value = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** Values by the names of a graph's inputs or outputs. */
export type NamedValues = Readonly<Record<string, Value>>;

/** A graph made runnable. Feeds are borrowed, not copied. */
export interface Runner {
  /** Bytes of stored weights of which it holds a packed copy; 0 where it says nothing. */
  readonly copiedBytes?: number;
  run(feeds: NamedValues): Promise<Record<string, Value>>;
  release(): Promise<void>;
}

/** The output `name`, which must be float32. */
export function floats(results: NamedValues, name: string): Float32Array {
  const value = results[name];
  if (!(value instanceof Float32Array)) throw new Error(`The run gave no float32 output "${name}".`);
  return value;
}
