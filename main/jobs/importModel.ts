// Recognises a model that lies on this machine by its tensors and lists it among those that can be chosen.
import path from 'node:path';
import { recogniseModel } from '../flow/recogniseModel.ts';
import { addInstalled, type InstalledModel } from '../weights/catalogue.ts';

/** `config`: where the list is. It is called after its folder or file; throws one sentence where it is no model, or the name is another's. */
export async function importModel(config: string, place: string, name?: string): Promise<InstalledModel> {
  const full = path.resolve(place);
  const called = name ?? path.basename(full).replace(/\.(pth?|safetensors)$/, '');
  const model = { name: called, place: full, ...(await recogniseModel(full)) };
  await addInstalled(config, model);
  return model;
}
