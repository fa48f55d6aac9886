// The edit group: stores a person's changes and sends them to every window.
import type { Recorded } from '../contract/api.ts';
import { BadInput } from '../contract/badInput.ts';
import { pauses } from '../formats/files/pauses.ts';
import type { Host } from '../host.ts';
import type { Project } from '../store/project.ts';
import { contract } from './contract.ts';

/** A step of so many changes is moved by a job: at once, it would keep every window waiting. */
const MOVED_BY_A_JOB = 2000;

const words = { undo: ['Undoing', 'undone'], redo: ['Redoing', 'redone'] } as const;

export const editHandlers = (host: Host) => ({
  apply: contract.edit.apply.handler(async ({ input }) => host.recorded((await still(host)).apply(input))),
  undo: contract.edit.undo.handler(() => moved(host, 'undo')),
  redo: contract.edit.redo.handler(() => moved(host, 'redo')),
  mergeLabels: contract.edit.mergeLabels.handler(async ({ input }) =>
    host.recorded((await still(host)).mergeLabels(input.from, input.into)),
  ),
  deleteLabel: contract.edit.deleteLabel.handler(async ({ input }) =>
    host.recorded((await still(host)).deleteLabel(input.id)),
  ),
});

/** The open project once nothing is moved in it; another one may have been opened meanwhile. */
async function still(host: Host): Promise<Project> {
  const project = host.project();
  await project.still();
  return host.project() === project ? project : still(host);
}

async function moved(host: Host, way: keyof typeof words): Promise<Recorded | null> {
  const project = await still(host);
  const next = project.nextMove(way);
  const isLong = next !== null && next.changes > MOVED_BY_A_JOB;
  const recorded = isLong ? await movedByJob(host, way, next) : project[way]();
  return recorded && host.recorded(recorded);
}

/** Moves the step as a job with progress; all is as before where it is cancelled. */
async function movedByJob(host: Host, way: keyof typeof words, next: NonNullable<ReturnType<Project['nextMove']>>) {
  const project = host.project();
  const { title, changes, seq } = next;
  const [doing, done] = words[way];
  const end: { recorded: Recorded | null; error?: unknown } = { recorded: null };
  const job = host.jobs.start({
    ...{ kind: 'undo', title: `${doing} "${title}"`, lane: 'disk' },
    async run(progress) {
      progress.total(changes);
      const pause = pauses(progress.signal);
      const step = () => {
        progress.step();
        return pause();
      };
      try {
        if (project.nextMove(way)?.seq !== seq) throw new BadInput(`"${title}" is not the last step any more`);
        end.recorded = await project.moveInTurns(way, step);
      } catch (error) {
        end.error = error;
        throw error;
      }
      return null;
    },
  });
  const { state } = await host.jobs.finished(job.id);
  if (state === 'cancelled') throw new BadInput(`"${title}" was not ${done}: it was cancelled, and all is as before`);
  if (end.error !== undefined) throw end.error;
  return end.recorded;
}
