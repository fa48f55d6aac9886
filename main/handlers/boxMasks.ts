// Starts the job that draws masks for boxes and reports it in one sentence.

import { BadInput } from '../contract/badInput.ts';
import type { Host } from '../host.ts';
import { boxesToMasks, boxMasksWords } from '../jobs/prompting/boxMasks.ts';
import { contract } from './contract.ts';

export const boxMasksHandlers = (host: Host) => ({
  masks: contract.jobs.masks.handler(({ input: { labelId } }) => {
    const project = host.project();
    const label = project.labels().find(({ id }) => id === labelId);
    if (labelId !== null && !label) throw new BadInput(`there is no label ${labelId} in the project`);
    return host.jobs.start({
      ...{ kind: 'masks', title: `Making masks of ${label ? `“${label.name}”` : 'all'} boxes`, lane: 'model' },
      run: async (progress) => {
        const report = await boxesToMasks(
          {
            ...{ project, engine: host.engine, labelId },
            fileOf: (image) => host.fileOf(image),
            recorded: (change) => void host.recorded(change),
            made: (id) => host.events.emit({ kind: 'images', ids: [id] }),
          },
          progress,
        );
        return boxMasksWords(report);
      },
    });
  }),
});
