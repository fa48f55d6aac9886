// Defines how the sessions of a model are opened: where they compute, with how many threads, and what outlives them.
import type { Provider } from '../../../models/runtime/session.ts';
import type { FeatureFiles } from './featureFiles.ts';

export interface EngineOptions {
  provider?: Provider;
  threads?: number;
  /** Whether sessions keep what a run took for the next one. Default true. */
  keepsMemory?: boolean;
  /** Where features of pictures outlive the program; default nowhere. */
  features?: FeatureFiles;
}
