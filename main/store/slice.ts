// Reads one part of a long list, as every list of the store is asked for.

export interface Slice {
  readonly offset: number;
  readonly limit: number;
}
