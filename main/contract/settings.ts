// What a person has set, for all projects.
import { z } from 'zod';

export const Settings = z.object({
  theme: z.enum(['light', 'dark', 'as the system']).default('as the system'),
  /** Which habits the keys follow. */
  keys: z.enum(['Loupe', 'X-AnyLabeling', 'CVAT']).default('Loupe'),
  /** Command id to chord ("Ctrl+Shift+Z"), over those of the preset. */
  rebound: z.record(z.string(), z.string()).default({}),
  wheel: z.enum(['zooms', 'scrolls']).default('zooms'),
  device: z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']).default('cpu'),
  /** A weights folder; null: loupe-nano, which comes with the app. */
  weights: z.string().nullable().default(null),
  colourBy: z.enum(['label', 'object', 'review']).default('label'),
  maskOpacity: z.number().min(0).max(1).default(0.45),
});
export type Settings = z.infer<typeof Settings>;
