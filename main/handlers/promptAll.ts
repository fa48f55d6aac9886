// Starts the job that asks one prompt of every image and reports it in one sentence.

import { quotedWords } from '../contract/answer.ts';
import type { Host } from '../host.ts';
import { type PromptAllReport, promptAll } from '../jobs/prompting/prompting.ts';
import { contract } from './contract.ts';

export const promptAllHandlers = (host: Host) => ({
  promptAll: contract.jobs.promptAll.handler(({ input: { text } }) => {
    const project = host.project();
    return host.jobs.start({
      ...{ kind: 'prompt all', title: `Asking every image for “${text}”`, lane: 'model' },
      run: async (progress) => {
        const report = await promptAll(
          {
            ...{ project, engine: host.engine, text },
            fileOf: (image) => host.fileOf(image),
            recorded: (change) => void host.recorded(change),
            answered: (id) => host.events.emit({ kind: 'images', ids: [id] }),
          },
          progress,
        );
        return sentence(report);
      },
    });
  }),
});

/** "120 images: found in 96, nothing in 20, 3 answers cannot be read, 1 image could not be asked; 40 were answered before." */
function sentence({ unknown, unknownWords, ...report }: PromptAllReport): string {
  const { images, before, found, nothing, missed, unreadable, failed } = report;
  const parts = [
    `found in ${found}`,
    `nothing in ${nothing.length}${missed.length > 0 ? ' (on photographs it may still be there)' : ''}`,
    ...(unknown.length > 0 ? [`not asked in ${unknown.length}, as ${quotedWords(unknownWords)} not known there`] : []),
    ...(unreadable.length > 0 ? [`answers that cannot be read in ${unreadable.length}`] : []),
    ...(failed.length > 0 ? [`${failed.length} left without an answer`] : []),
  ];
  return `${images} images: ${parts.join(', ')}${before > 0 ? `; ${before} were answered before` : ''}.`;
}
