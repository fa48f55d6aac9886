// The repair group: compares masks with the model's, lists the pairs worst first, and stores the person's verdict on each.

import type { RepairPair } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import { changed } from '../contract/diff.ts';
import { unpackMask } from '../contract/project.ts';
import { maskArea, maskBox } from '../contract/rle.ts';
import type { Host } from '../host.ts';
import { compare } from '../jobs/prompting/comparing.ts';
import type { Project } from '../store/project.ts';
import { contract } from './contract.ts';

export const repairHandlers = (host: Host) => ({
  compare: contract.repair.compare.handler(({ input: { labelId } }) => startCompare(host, labelId)),
  pairs: contract.repair.pairs.handler(({ input }) => host.project().pairs(input)),
  judge: contract.repair.judge.handler(async ({ input: { shapeId, verdict } }) => {
    const project = host.project();
    await project.still();
    const recorded = verdict === 'replace' ? replace(host, pairOf(project, shapeId)) : null;
    project.judge(shapeId, verdict);
    return { recorded };
  }),
});

function startCompare(host: Host, labelId: number | null) {
  const project = host.project();
  const label = project.labels().find(({ id }) => id === labelId);
  if (labelId !== null && !label) throw new BadInput(`there is no label ${labelId} in the project`);
  const what = label ? `“${label.name}” masks` : 'all masks';
  return host.jobs.start({
    ...{ kind: 'compare', title: `Comparing ${what} with the model’s`, lane: 'model' },
    run: (progress) =>
      compare(
        {
          ...{ project, engine: host.engine, labelId },
          fileOf: (image) => host.fileOf(image),
          compared: (id) => host.events.emit({ kind: 'images', ids: [id] }),
        },
        progress,
      ),
  });
}

function pairOf(project: Project, shapeId: number): RepairPair {
  const found = project.pair(shapeId);
  if (!found) throw new BadInput('the object was not compared with the model, or was judged already');
  return found;
}

/** Stored as a person's own change of the mask, so that it can be undone. */
function replace(host: Host, { shapeId, mask }: RepairPair) {
  const project = host.project();
  const shape = project.record('shape', shapeId);
  if (!shape) throw new BadInput('the object is not there any more');
  if (shape.locked) throw new BadInput('the object is locked; unlock it first');
  const proposed = unpackMask(mask);
  if (maskArea(proposed) === 0) throw new BadInput('the model draws nothing there; keep the mask or edit it');
  const change = changed('shape', shape, { mask, box: maskBox(proposed) });
  if (!change) return null;
  return host.recorded(project.apply({ title: 'Replace mask', changes: [change] }));
}
