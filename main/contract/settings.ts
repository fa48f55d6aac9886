// Defines what a person sets, for all projects.
import { z } from 'zod';

/** What may compute; execution providers of ONNX Runtime. */
export const devices = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;

const fields = z.object({
  theme: z.enum(['light', 'dark', 'as the system']),
  /** Which habits the keys follow. */
  keys: z.enum(['Loupe', 'X-AnyLabeling', 'CVAT']),
  /** Command id to chord ("Ctrl+Shift+Z"), over those of the preset. */
  rebound: z.record(z.string(), z.string()),
  wheel: z.enum(['zooms', 'scrolls']),
  device: z.enum(devices),
  /** A weights folder; null: loupe-nano, which comes with the app. */
  weights: z.string().nullable(),
  /** A folder or file of a segmenter that clicks and boxes go to; null: that of the weights. */
  segmenter: z.string().nullable(),
  colourBy: z.enum(['label', 'object', 'review']),
  maskOpacity: z.number().min(0).max(1),
  /** What the brush's size is counted in: it is the same on screen at every zoom, or the same on the image. */
  brushUnit: z.enum(['screen pixels', 'image pixels']),
});

/** Fields that are left out stay as they are: the defaults below would fill them in. */
export const SettingsChange = fields.partial();

const { theme, keys, rebound, wheel, device, weights, segmenter, colourBy, maskOpacity, brushUnit } = fields.shape;

export const Settings = z.object({
  theme: theme.default('as the system'),
  keys: keys.default('Loupe'),
  rebound: rebound.default({}),
  wheel: wheel.default('zooms'),
  device: device.default('cpu'),
  weights: weights.default(null),
  segmenter: segmenter.default(null),
  colourBy: colourBy.default('label'),
  maskOpacity: maskOpacity.default(0.45),
  brushUnit: brushUnit.default('screen pixels'),
});
export type Settings = z.infer<typeof Settings>;
