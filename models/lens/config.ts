// The sizes of LENS's context module: read from JSON, of the published models, and of the nano.
import { z } from 'zod';

export interface LensConfig {
  /** Width of the reasoner's hidden states. */
  readonly hidden: number;
  /** Context queries at the end of the sequence. */
  readonly numOfQuery: number;
  readonly blocks: number;
  readonly heads: number;
  readonly mlpRatio: number;
  /** Width of the segmenter's tokens. */
  readonly samWidth: number;
}

const count = z.int().positive().max(65536);
const stored = z.object({
  hidden: count,
  num_of_query: count,
  connector_depth: count,
  connector_heads: count,
  mlp_ratio: count.default(4),
  sam_dim: count,
});

export function parseLensConfig(json: unknown): LensConfig {
  const parsed = stored.safeParse(json);
  if (!parsed.success)
    throw new Error(`The context module's configuration is unusable: ${z.prettifyError(parsed.error)}`);
  const c = parsed.data;
  if (c.hidden % c.connector_heads !== 0)
    throw new Error(`The context module's ${c.connector_heads} heads do not divide its width ${c.hidden}.`);
  return {
    hidden: c.hidden,
    numOfQuery: c.num_of_query,
    blocks: c.connector_depth,
    heads: c.connector_heads,
    mlpRatio: c.mlp_ratio,
    samWidth: c.sam_dim,
  };
}

/** LENS on a reasoner of this width: 2048 for 3B, 1536 for 2B. */
export const publishedLensConfig = (hidden: number): LensConfig => ({
  hidden,
  numOfQuery: 64,
  blocks: 4,
  heads: 16,
  mlpRatio: 4,
  samWidth: 256,
});

/** The context module of `loupe-nano`. */
export const nanoLensConfig: LensConfig = {
  hidden: 256,
  numOfQuery: 8,
  blocks: 1,
  heads: 4,
  mlpRatio: 4,
  samWidth: 128,
};
