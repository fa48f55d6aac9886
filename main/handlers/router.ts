// Joins all groups of handlers to the whole contract.
import type { Host } from '../host.ts';
import { boxMasksHandlers } from './boxMasks.ts';
import { contract } from './contract.ts';
import { editHandlers } from './edit.ts';
import { filesHandlers } from './files.ts';
import { imagesHandlers } from './images.ts';
import { exchangeHandlers } from './importExport.ts';
import { jobsHandlers } from './jobs.ts';
import { learningHandlers } from './learning.ts';
import { modelHandlers } from './model.ts';
import { modelsHandlers } from './models.ts';
import { projectHandlers } from './project.ts';
import { promptAllHandlers } from './promptAll.ts';
import { repairHandlers } from './repair.ts';
import { settingsHandlers } from './settings.ts';

export const routerOf = (host: Host) => ({
  watch: contract.watch.handler(({ signal }) => host.events.watch(host.state(), signal)),
  project: projectHandlers(host),
  images: imagesHandlers(host),
  edit: editHandlers(host),
  model: modelHandlers(host),
  repair: repairHandlers(host),
  learning: learningHandlers(host),
  jobs: { ...jobsHandlers(host), ...exchangeHandlers(host), ...promptAllHandlers(host), ...boxMasksHandlers(host) },
  files: filesHandlers(),
  models: modelsHandlers(host),
  settings: settingsHandlers(host),
});
