// Defines what goes into a run of a graph and comes out of it, and what can be run.

/** The numbers of one tensor in this process's memory; the class of the array is their element type. */
export type Value = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** Values by the names of a graph's inputs or outputs. */
export type NamedValues = Readonly<Record<string, Value>>;

/**
 * A float32 result that stays on the device where it was computed, to be fed to other runs there. Whoever holds one disposes of
 * it: no collector knows of a device's memory.
 */
export interface DeviceTensor extends Disposable {
  readonly shape: readonly number[];
  /** 'cpu': this process's memory. */
  readonly location: 'cpu' | 'gpu-buffer';
  /** The numbers; from a device a run of its own copies them. */
  read(): Promise<Float32Array>;
}

export type Fed = Value | DeviceTensor;

/** What a run takes, by the names of its graph's inputs. */
export type Feeds = Readonly<Record<string, Fed>>;

/** Where the results of a run are left. */
export type Results = 'memory' | 'device';

/** A graph made runnable. Feeds are borrowed, not copied. */
export interface Runner {
  /** Bytes of stored weights of which it holds a packed copy; 0 where it says nothing. */
  readonly copiedBytes?: number;
  run(feeds: NamedValues): Promise<Record<string, Value>>;
  /** Results stay on the device, where the graph was opened for that and the device can keep them; else they are in memory. */
  runOnDevice(feeds: NamedValues): Promise<Record<string, DeviceTensor>>;
  release(): Promise<void>;
}

/** The output `name`, which must be float32. */
export function floats(results: NamedValues, name: string): Float32Array {
  const value = results[name];
  if (!(value instanceof Float32Array)) throw new Error(`The run gave no float32 output "${name}".`);
  return value;
}
