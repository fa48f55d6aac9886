// The models group: the catalogue with what this machine has and can do of it, and a download as a job.
import { totalmem } from 'node:os';
import type { CatalogueRow } from '../contract/api.ts';
import type { Host } from '../host.ts';
import { catalogued, download, placesById } from '../jobs/downloading.ts';
import { type CatalogueModel, readCatalogue } from '../weights/catalogue.ts';
import { contract } from './context.ts';

export const modelsHandlers = (host: Host) => ({
  catalogue: contract.models.catalogue.handler(() => rows(host.folders.config)),
  download: contract.models.download.handler(async ({ input: { id } }) => {
    const { config, data } = host.folders;
    const { title } = await catalogued(config, id);
    const known = host.jobs.list().find((job) => job.title === titleOf(title) && isActive(job.state));
    if (known) return known;
    return host.jobs.start({
      ...{ kind: 'download', title: titleOf(title), lane: 'network' },
      run: async (progress) => {
        const { detail, place } = await download({ id, config, data, env: process.env }, progress);
        return `${title} is there: ${detail}; ${place}`;
      },
    });
  }),
});

const titleOf = (title: string): string => `Downloading ${title}`;

const isActive = (state: string): boolean => state === 'waiting' || state === 'running';

async function rows(config: string): Promise<CatalogueRow[]> {
  const [catalogue, places] = await Promise.all([readCatalogue(config), placesById(config)]);
  return catalogue.map((model) => rowOf(model, places.get(model.id) ?? null));
}

const rowOf = ({ note, ...model }: CatalogueModel, place: string | null): CatalogueRow => ({
  ...{ id: model.id, title: model.title, kind: model.kind, licence: model.licence },
  ...{ bytes: model.bytes, memory: model.memory, fits: model.memory <= totalmem() },
  ...{ note: note ?? null, place, canDownload: model.hub !== null || model.direct !== undefined },
});
