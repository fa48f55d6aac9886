// The project group: one project is open at a time, for all windows.
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Host } from '../host.ts';
import { makeSampleProject } from '../jobs/opening/sampleProject.ts';
import { freeName } from '../jobs/queue/backups.ts';
import { refuseMissing } from '../pictures/listImageFiles.ts';
import { contract } from './contract.ts';
import { absolute, addImages } from './images.ts';

export const projectHandlers = (host: Host) => ({
  open: contract.project.open.handler(({ input }) => host.open(absolute(input.file))),
  create: contract.project.create.handler(({ input }) => create(host, input)),
  sample: contract.project.sample.handler(() => host.open(sampleIn(host.folders.data))),
  close: contract.project.close.handler(async () => {
    await host.close();
    return {};
  }),
  saveCopy: contract.project.saveCopy.handler(({ input }) => host.saveCopy(named(absolute(input.file)))),
  keepElsewhere: contract.project.keepElsewhere.handler(({ input: { file, target } }) =>
    host.keepElsewhere(absolute(file), named(absolute(target))),
  ),
  elsewhere: contract.project.elsewhere.handler(({ input }) => ({
    file: freeName(path.join(homedir(), path.basename(named(absolute(input.file))))),
  })),
  recent: contract.project.recent.handler(() => host.settings.recent().filter(({ file }) => existsSync(file))),
  labels: contract.project.labels.handler(() => host.project().labels()),
  labelUse: contract.project.labelUse.handler(() => host.project().labelUse()),
  reserve: contract.project.reserve.handler(({ input }) => ({ first: host.project().reserve(input.count) })),
});

function sampleIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return makeSampleProject(folder);
}

async function create(host: Host, { file, folder }: { file: string; folder?: string }) {
  const wanted = named(absolute(file));
  if (existsSync(wanted)) throw new BadInput(`${wanted}: is there already; open it, or choose another name`);
  if (!existsSync(path.dirname(wanted))) throw new BadInput(`${path.dirname(wanted)}: there is no such folder`);
  const folders = folder === undefined ? [] : [absolute(folder)];
  await refuseMissing(folders);
  const info = await host.open(wanted, { create: true });
  if (folder !== undefined) await addImages(host, folders);
  return info;
}

const named = (file: string): string => (path.extname(file) === '' ? `${file}.loupe` : file);
