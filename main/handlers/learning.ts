// The learning group: runs as jobs, what they came to, and which version of the weights is in use.

import type { LearningState } from '../contract/learning.ts';
import type { Host } from '../host.ts';
import { proposeAnew } from '../jobs/prompting/proposingAnew.ts';
import { projectRewards } from '../jobs/teaching/projectRewards.ts';
import { promote, rollBack, stoppedWords, teachProject, versionInUse } from '../jobs/teaching/teaching.ts';
import { changesOfRun, curvesOfRun, learningCurve, rolloutsOfRun } from '../jobs/teaching/teachingRecords.ts';
import { proposalRewards } from '../learn/proposalRewards.ts';
import { usualFolds } from '../learn/samples/split.ts';
import type { Project } from '../store/project.ts';
import { embeddedWeights } from '../weights/embedded.ts';
import { contract } from './contract.ts';

export const learningHandlers = (host: Host) => ({
  state: contract.learning.state.handler(() => stateOf(host.project())),
  learns: contract.learning.learns.handler(async () => {
    const stopped = await stoppedWords(host.project());
    if (stopped !== null) return stopped;
    // Loaded late: a host that teaches nothing must not wait for what opens weights.
    const { howItLearns, learnerAt } = await import('../learn/canLearn.ts');
    return howItLearns(await learnerAt(...placesOf(host)));
  }),
  plan: contract.learning.plan.handler(async ({ input }) => {
    const [{ learnerAt }, { planRun }] = await Promise.all([
      import('../learn/canLearn.ts'),
      import('../jobs/teaching/planRun.ts'),
    ]);
    const learner = await learnerAt(...placesOf(host));
    const { engine } = host;
    return planRun({ ...input, project: host.project(), learner, engine });
  }),
  rewardsOf: contract.learning.rewardsOf.handler(({ input: { imageId } }) => {
    const detail = host.project().detail(imageId);
    return detail ? proposalRewards(detail) : [];
  }),
  rewards: contract.learning.rewards.handler(() => projectRewards(host.project())),
  curves: contract.learning.curves.handler(() => curvesOfRun(host.project())),
  rollouts: contract.learning.rollouts.handler(() => rolloutsOfRun(host.project())),
  changes: contract.learning.changes.handler(() => changesOfRun(host.project())),
  teach: contract.learning.teach.handler(({ input: { tier, minutes, seed, crossValidate, anew } }) => {
    const project = host.project();
    const { weights: chosen, segmenter } = host.settings.read();
    const weights = chosen ?? embeddedWeights;
    const folds = crossValidate ? usualFolds : null;
    return host.jobs.start({
      ...{ kind: 'teach', title: 'Teaching the model', lane: 'disk' },
      run: async (progress) => {
        const heard = (event: Parameters<typeof host.events.emit>[0]) => host.events.emit(event);
        const { log } = host;
        const work = { project, log, weights, segmenter, tier, minutes, seed, folds, anew, heard };
        const { gate } = await teachProject({ ...work, fileOf: (image) => host.fileOf(image) }, progress);
        if (gate.promoted) {
          host.configureEngine();
          proposesAnew(host, project);
        }
        return gate.reason;
      },
    });
  }),
  use: contract.learning.use.handler(({ input: { versionId } }) => {
    const project = host.project();
    if (versionId === null) rollBack(project);
    else promote(project, versionId);
    host.configureEngine();
    return stateOf(project);
  }),
  setAside: contract.learning.setAside.handler(() => {
    const project = host.project();
    project.use(null);
    host.configureEngine();
    return stateOf(project);
  }),
});

/** Folder of the weights that learn, and what draws the boxes of those that have no segmenter of their own. */
function placesOf(host: Host): [string, string | null] {
  const { weights, segmenter } = host.settings.read();
  return [versionInUse(host.project())?.path ?? weights ?? embeddedWeights, segmenter];
}

/** Unreviewed images get answers of the new weights in the background. */
function proposesAnew(host: Host, project: Project): void {
  host.jobs.start({
    ...{ kind: 'propose anew', title: 'Proposing anew by the new weights', lane: 'model' },
    run: async (progress) => {
      const answered = (id: number) => host.events.emit({ kind: 'images', ids: [id] });
      const count = await proposeAnew(
        { project, engine: host.engine, answered, fileOf: (image) => host.fileOf(image) },
        progress,
      );
      return count === 0
        ? 'No unreviewed image had answers of earlier weights.'
        : `${count} prompts of unreviewed images were answered anew; the earlier answers stand beside them.`;
    },
  });
}

function stateOf(project: Project): LearningState {
  const reports = project.reports();
  return {
    versions: project.versions(),
    last: reports[0] ?? null,
    curve: learningCurve(reports),
    stopped: project.stoppedRun() !== null,
    held: project.split().held.length,
  };
}
