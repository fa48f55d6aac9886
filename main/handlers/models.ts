// The models group: the catalogue, what lies on this machine and what can be done with it; downloads and quantising are jobs.
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { CatalogueRow, InstalledRow } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import type { Host } from '../host.ts';
import { catalogued, download, placesById } from '../jobs/models/downloading.ts';
import { importModel } from '../jobs/models/importModel.ts';
import { type QuantiseEvent, quantiseApart } from '../jobs/models/quantising.ts';
import type { Work } from '../jobs/queue/queue.ts';
import {
  type CatalogueModel,
  type InstalledModel,
  isSegmenterKind,
  readCatalogue,
  readInstalled,
  removeInstalled,
} from '../weights/catalogue.ts';
import { holdsOwnWeights, quantisedBits } from '../weights/openCheckpoint.ts';
import { contract } from './contract.ts';
import { placesOf } from './settings.ts';

export const modelsHandlers = (host: Host) => ({
  catalogue: contract.models.catalogue.handler(() => rows(host.folders.config)),
  download: contract.models.download.handler(async ({ input: { id } }) => {
    const { config, data } = host.folders;
    const { title } = await catalogued(config, id);
    return once(host, `Downloading ${title}`, (job) => ({
      ...{ ...job, kind: 'download', lane: 'network' },
      run: async (progress) => {
        const { detail, place } = await download({ id, config, data, env: process.env }, progress);
        return `${title} is there: ${detail}; ${place}`;
      },
    }));
  }),
  installed: contract.models.installed.handler(async () =>
    Promise.all((await readInstalled(host.folders.config)).map(installedRow)),
  ),
  import: contract.models.import.handler(async ({ input: { place } }) =>
    installedRow(await importModel(host.folders.config, place)),
  ),
  forget: contract.models.forget.handler(async ({ input: { name } }) => {
    await removeInstalled(host.folders.config, name);
    return {};
  }),
  quantise: contract.models.quantise.handler(async ({ input: { name, bits } }) => {
    const found = (await readInstalled(host.folders.config)).find((model) => model.name === name);
    if (!found) throw new BadInput(`no model is called ${name}`);
    return once(host, `Writing ${name} in ${bits} bits`, (job) => quantising(host, { job, model: found, bits }));
  }),
});

interface Quantising {
  readonly job: { readonly title: string };
  readonly model: InstalledModel;
  readonly bits: 4 | 8;
}

const quantising = (host: Host, { job, model: { name, place }, bits }: Quantising): Work => ({
  ...{ ...job, kind: 'quantise', lane: 'network' },
  run: async (progress) => {
    let done = 0;
    const onEvent = (event: QuantiseEvent) => {
      progress.total(event.total);
      progress.step(event.done - done);
      done = event.done;
    };
    const written = await quantiseApart({ folder: place, bits, block: 32 }, { signal: progress.signal, onEvent });
    host.engine.reopen(place);
    return `${name}: ${written} weights are written in ${bits} bits and checked; they are used from now on.`;
  },
});

/** A job that is under way already is not begun again. */
function once(host: Host, title: string, work: (job: { title: string }) => Work) {
  const known = host.jobs.list().find((job) => job.title === title && isActive(job.state));
  return known ?? host.jobs.start(work({ title }));
}

async function installedRow(model: InstalledModel): Promise<InstalledRow> {
  const { name, place, kind, detail } = model;
  const row = { name, place, uses: (await placesOf(model)).map((each) => each.kind), detail: `${kind}: ${detail}` };
  if (!(await stat(place).catch(() => null)))
    return { ...row, bits: null, canQuantise: false, problem: 'is not there any more; forget it, or put it back' };
  const canQuantise = kind.endsWith('checkpoint') && !isSegmenterKind(kind) && (await holdsOwnWeights(place));
  try {
    return { ...row, canQuantise, bits: canQuantise ? await quantisedBits(place) : null, problem: null };
  } catch (error) {
    return { ...row, canQuantise, bits: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

const isActive = (state: string): boolean => state === 'waiting' || state === 'running';

async function rows(config: string): Promise<CatalogueRow[]> {
  const [catalogue, places] = await Promise.all([readCatalogue(config), placesById(config)]);
  return catalogue.map((model) => rowOf(model, places.get(model.id) ?? null));
}

const rowOf = ({ note, quantisedMemory, ...model }: CatalogueModel, place: string | null): CatalogueRow => ({
  ...{ id: model.id, title: model.title, kind: model.kind, licence: model.licence },
  ...{ bytes: model.bytes, ...needing(model.memory) },
  quantised: quantisedMemory === undefined ? null : needing(quantisedMemory),
  ...{ note: note ?? null, place, canDownload: model.hub !== null || model.direct !== undefined },
});

const needing = (memory: number) => ({ memory, fits: memory <= totalmem() });
