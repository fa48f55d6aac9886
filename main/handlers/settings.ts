// The settings group: what a person has set; the engine follows its weights and device.
import type { ModelPlace } from '../contract/api.ts';
import type { Host } from '../host.ts';
import { type InstalledModel, isSegmenterKind, readInstalled } from '../weights/catalogue.ts';
import { contract } from './contract.ts';

export const settingsHandlers = (host: Host) => ({
  read: contract.settings.read.handler(() => host.settings.read()),
  write: contract.settings.write.handler(({ input }) => {
    const settings = host.settings.write(input);
    host.configureEngine();
    return settings;
  }),
  models: contract.settings.models.handler(async () => (await readInstalled(host.folders.config)).flatMap(placesOf)),
});

/** Weights of Loupe do for both; a reasoner's checkpoint for words alone. */
export function placesOf({ name, kind, place }: InstalledModel): ModelPlace[] {
  const segmenter = { name, kind: 'segmenter', place } as const;
  if (kind === 'weights') return [{ name, kind: 'reasoner', place }, segmenter];
  if (kind.startsWith('Qwen') || kind === 'LENS checkpoint' || kind === 'ONNX text segmenter')
    return [{ name, kind: 'reasoner', place }];
  return isSegmenterKind(kind) ? [segmenter] : [];
}
