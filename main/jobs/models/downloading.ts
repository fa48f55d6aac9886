// Downloads a model of the catalogue, recognises it by its tensors and lists it among those of this machine.
import { setGlobalProxyFromEnv } from 'node:http';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import { recogniseModel } from '../../flow/recogniseModel.ts';
import {
  addInstalled,
  type CatalogueModel,
  type InstalledModel,
  readCatalogue,
  readInstalled,
} from '../../weights/catalogue.ts';
import { type DownloadProgress, downloadModel } from '../../weights/download.ts';
import { type Environment, hubPlaces } from '../../weights/hub/hub.ts';
import { repositoryIn } from '../../weights/hub/hubCache.ts';

export interface Download {
  readonly id: string;
  /** Where catalogue and list of models are. */
  readonly config: string;
  /** Where models go that are not the Hub's. */
  readonly data: string;
  readonly env: Environment;
  readonly mirrors?: readonly string[];
}

/** What the catalogue says of a name; throws one sentence where it says nothing. */
export async function catalogued(config: string, id: string): Promise<CatalogueModel> {
  const model = (await readCatalogue(config)).find((one) => one.id === id);
  if (!model) throw new BadInput(`the catalogue has no model called ${id}; "loupe model list" names those that it has`);
  return model;
}

export async function download(work: Download, progress: DownloadProgress): Promise<InstalledModel> {
  const { id, config, env } = work;
  const model = await catalogued(config, id);
  const hub = hubPlaces(env);
  if (!isAddress(hub.endpoint))
    throw new BadInput(`${hub.endpoint}: HF_ENDPOINT is no address of a Hub; it begins with https://`);
  const settings = { hub, mirrors: mirrorsOf(work), folder: path.join(work.data, 'models') };
  const release = throughProxy(env);
  const place = await downloadModel(model, settings, progress).finally(release);
  const installed = { name: id, place, ...(await recogniseModel(place)) };
  // An earlier state of the same repository.
  const own = repositoryIn(settings.hub.cache, model.hub ?? id) + path.sep;
  await addInstalled(config, installed, (earlier) => model.hub !== null && earlier.startsWith(own));
  return installed;
}

/** LOUPE_MIRRORS: addresses with commas between them. */
function mirrorsOf({ mirrors = [], env }: Download): string[] {
  const named = (env.LOUPE_MIRRORS ?? '').split(',').map((each) => each.trim());
  const all = [...mirrors, ...named.filter((each) => each !== '')];
  const strange = all.find((each) => !isAddress(each));
  if (strange !== undefined) throw new BadInput(`${strange}: is no address of a mirror; it begins with https://`);
  return all;
}

const isAddress = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');

/** Sends this program's requests through the proxy until it is released; the program has no other way out. */
function throughProxy({ HTTP_PROXY, HTTPS_PROXY, NO_PROXY, ...rest }: Environment): () => void {
  const proxies = { http_proxy: rest.http_proxy ?? HTTP_PROXY, https_proxy: rest.https_proxy ?? HTTPS_PROXY };
  const named = Object.entries(proxies).map(([name, proxy]) => [name, proxy && proxyAddress(name, proxy)]);
  return setGlobalProxyFromEnv({ ...Object.fromEntries(named), no_proxy: rest.no_proxy ?? NO_PROXY });
}

/** As other programs read it, "host:port" is an address of http. */
function proxyAddress(name: string, proxy: string): string {
  const address = proxy.includes('://') ? proxy : `http://${proxy}`;
  if (isAddress(address)) return address;
  throw new BadInput(`${proxy}: ${name.toUpperCase()} is no address of a proxy; it begins with http://`);
}

/** Folders of the catalogue's models on this machine, by their ids. */
export async function placesById(config: string): Promise<ReadonlyMap<string, string>> {
  return new Map((await readInstalled(config)).map(({ name, place }) => [name, place]));
}
