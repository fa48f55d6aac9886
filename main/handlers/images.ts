// The images group: lists and steps from the store, files looked at when their image is opened.
import path from 'node:path';
import { BadInput } from '../contract/badInput.ts';
import type { Job } from '../contract/jobs.ts';
import type { Host } from '../host.ts';
import { keypointsOn } from '../jobs/importing/keypoints.ts';
import { refuseMissing } from '../pictures/listImageFiles.ts';
import { contract } from './contract.ts';

export const imagesHandlers = (host: Host) => ({
  list: contract.images.list.handler(({ input: { offset, limit, ...query } }) =>
    host.project().list(query, { offset, limit }),
  ),
  step: contract.images.step.handler(({ input: { from, by, ...query } }) => host.project().step(query, from, by)),
  detail: contract.images.detail.handler(async ({ input }) => {
    const project = host.project();
    await host.files().check(input.id);
    const detail = project.detail(input.id);
    if (detail === null) throw new BadInput(`there is no image ${input.id} in the project`);
    const keypoints = keypointsOn(project, input.id);
    return keypoints.length > 0 ? { ...detail, keypoints } : detail;
  }),
  add: contract.images.add.handler(({ input }) => addImages(host, input.paths)),
  relink: contract.images.relink.handler(async ({ input }) => ({
    relinked: await host.files().relink(input.id, absolute(input.file)),
  })),
});

/** A relative path would be one from wherever the host was started. */
export function absolute(file: string): string {
  if (!path.isAbsolute(file) || file.includes('\0')) throw new BadInput(`${file}: give the whole path`);
  return file;
}

export async function addImages(host: Host, paths: readonly string[]): Promise<Job> {
  const files = host.files();
  await refuseMissing(paths);
  const [first = ''] = paths;
  const title = `Adding images of ${paths.length === 1 ? path.basename(first) : `${paths.length} places`}`;
  return host.jobs.start({ kind: 'add images', title, lane: 'disk', run: (progress) => files.add(paths, progress) });
}
