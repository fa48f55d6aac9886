// The settings group: what a person has set; the engine follows its weights and device.
import type { ModelPlace } from '../contract/api.ts';
import type { Host } from '../host.ts';
import { type InstalledModel, isSegmenterKind, readInstalled } from '../weights/catalogue.ts';
import { holdsOwnWeights } from '../weights/openCheckpoint.ts';
import { contract } from './contract.ts';

export const settingsHandlers = (host: Host) => ({
  read: contract.settings.read.handler(() => host.settings.read()),
  write: contract.settings.write.handler(({ input }) => {
    const settings = host.settings.write(input);
    host.configureEngine();
    return settings;
  }),
  models: contract.settings.models.handler(async () => {
    const installed = await readInstalled(host.folders.config);
    return (await Promise.all(installed.map(placesOf))).flat();
  }),
});

/** Weights of Loupe do for both, and LENS where the SAM 2 in it lies there as well; another reasoner's checkpoint for words alone. */
export async function placesOf({ name, kind, place }: InstalledModel): Promise<ModelPlace[]> {
  const [reasoner, segmenter] = [
    { name, kind: 'reasoner', place } as const,
    { name, kind: 'segmenter', place } as const,
  ];
  if (kind === 'weights') return [reasoner, segmenter];
  if (kind === 'LENS checkpoint') return (await holdsOwnWeights(place)) ? [reasoner, segmenter] : [reasoner];
  if (kind.startsWith('Qwen') || kind === 'ONNX text segmenter') return [reasoner];
  return isSegmenterKind(kind) ? [segmenter] : [];
}
