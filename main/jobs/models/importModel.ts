// Recognises a model that lies on this machine by its tensors and lists it among those that can be chosen.
import path from 'node:path';
import { recogniseModel } from '../../flow/recogniseModel.ts';
import { addInstalled, type InstalledModel, readInstalled } from '../../weights/catalogue.ts';

/** `config`: where the list is. Throws one sentence where it is no model, or where `name` is another's. */
export async function importModel(config: string, place: string, name?: string): Promise<InstalledModel> {
  const full = path.resolve(place);
  const recognised = await recogniseModel(full);
  const model = { name: name ?? freeName(full, await readInstalled(config)), place: full, ...recognised };
  await addInstalled(config, model);
  return model;
}

/** What it is listed as already, else its folder or file; with folders above it where others have that ("sam2/onnx"). */
function freeName(place: string, known: readonly InstalledModel[]): string {
  const same = known.find((model) => model.place === place);
  if (same) return same.name;
  const repository = /(?:^|[\\/])models--(?:[^\\/]+--)?([^\\/]+)[\\/]snapshots[\\/][^\\/]+$/u.exec(place)?.[1];
  const parts = place
    .replace(/\.(pth?|safetensors)$/, '')
    .split(path.sep)
    .filter((part) => part !== '');
  const names = parts.map((_, i) => parts.slice(parts.length - 1 - i).join('/'));
  // In the Hub's cache the folder is called after a commit.
  return [repository ?? [], names].flat().find((each) => !known.some((model) => model.name === each)) ?? place;
}
