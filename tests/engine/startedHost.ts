// A host with a project of discs and toy weights, called as a window calls it, for tests of what uses the model.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRouterClient } from '@orpc/server';
import { created } from '../../main/contract/diff.ts';
import type { Job } from '../../main/contract/jobs.ts';
import type { StoredPrompt } from '../../main/contract/project.ts';
import { routerOf } from '../../main/handlers/router.ts';
import { Host } from '../../main/host.ts';
import { foldersBelow } from '../../main/settings.ts';
import { pictures, weightsSaying } from './weights.ts';

export async function startHost(answers: readonly string[], images: number) {
  const root = await mkdtemp(path.join(tmpdir(), 'loupe-host-'));
  const weights = await weightsSaying(root, answers);
  const files = await pictures(path.join(root, 'pictures'), images);
  const host = new Host(foldersBelow(path.join(root, 'home')));
  const client = createRouterClient(routerOf(host), { context: {} });
  await client.settings.write({ weights });
  const file = path.join(root, 'discs.loupe');
  await host.open(file, { create: true });
  const imageIds = host.project().addImages(files.map((each) => ({ path: path.relative(root, each) })));
  const stop = async () => {
    await host.stop();
    await rm(root, { recursive: true });
  };
  return { root, weights, files, file, host, client, imageIds, stop };
}

export type StartedHost = Awaited<ReturnType<typeof startHost>>;

/** A prompt as a person makes it; its id. */
export async function askedOf(
  { client }: StartedHost,
  imageId: number,
  fields: Partial<StoredPrompt> = {},
): Promise<number> {
  const { first: id } = await client.project.reserve({ count: 1 });
  const prompt: StoredPrompt = { id, imageId, text: 'the dog', points: [], box: null, correction: null, ...fields };
  await client.edit.apply({ title: 'Ask', changes: [created('prompt', prompt)] });
  return id;
}

export const finished = ({ host }: StartedHost, job: Job): Promise<Job> => host.jobs.finished(job.id);
