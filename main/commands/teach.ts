// `loupe teach`: a project's corrections to better weights, or to the reason why they stay as they are.
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Job } from '../contract/jobs.ts';
import {
  draftWords,
  partWords,
  reasoningWords,
  type TeachProgress,
  type TeachReport,
  type Tier,
  tiers,
} from '../contract/learning.ts';
import { exitCode } from '../failure.ts';
import type { ToPlan } from '../jobs/teaching/planRun.ts';
import { usualFolds } from '../learn/samples/split.ts';
import type { Terminal } from '../terminal.ts';
import { type LogOptions, logOption, openedLog } from './arguments/log.ts';
import { numberBetween, parseSeed, wholeNumber } from './arguments/options.ts';
import { engineSettings } from './arguments/projectEngine.ts';
import { type WeightsOptions, weightsOptions } from './arguments/weights.ts';
import { withProject } from './versions.ts';

interface TeachOptions extends WeightsOptions, LogOptions {
  readonly tier: Tier | 'auto';
  readonly minutes: number;
  readonly seed: number;
  readonly crossValidate?: number;
  readonly anew?: boolean;
  readonly json?: boolean;
}

export function addTeach(program: Command, terminal: Terminal): void {
  const command = program
    .command('teach')
    .description(
      'learn from a project’s corrections and labelled shapes; new weights are used only where they are better',
    )
    .argument('<project>', 'the .loupe file')
    .addOption(new Option('--tier <name>', 'what learns').choices([...tiers, 'auto']).default('auto'))
    .option('--minutes <number>', 'how long it may train', numberBetween(0.1, 1440), 10)
    .option('--seed <number>', 'seed of everything that is drawn', parseSeed, 1)
    .addOption(
      new Option('--cross-validate [folds]', 'judge by runs that each leave out a part of too few images')
        .argParser(wholeNumber(2, 20))
        .preset(String(usualFolds)),
    )
    .option('--anew', 'give up a run that was stopped, in place of going on with it')
    .option('--json', 'print one JSON document instead of text');
  logOption(weightsOptions(command)).action((file: string, options: TeachOptions) => teach(file, options, terminal));
}

/** Finishes with `nothing` where the weights stay as they were. */
async function teach(file: string, options: TeachOptions, terminal: Terminal): Promise<void> {
  // Loaded late: no other command needs SQLite and the engine.
  const [{ Meter }, { teachProject, versionInUse }, { howItLearns, learnerAt }] = await Promise.all([
    import('../jobs/queue/queue.ts'),
    import('../jobs/teaching/teaching.ts'),
    import('../learn/canLearn.ts'),
  ]);
  await withProject(file, async (project) => {
    const folder = path.dirname(path.resolve(file));
    const fileOf = (image: { path: string }) => path.resolve(folder, image.path);
    const segmenter = options.segmenter === undefined ? null : path.resolve(options.segmenter);
    const weights = path.resolve(options.weights);
    const inUse = versionInUse(project)?.path ?? weights;
    const learner = await learnerAt(inUse, segmenter);
    terminal.note(`${howItLearns(learner)}\n`);
    const stopped = options.anew ? null : project.stoppedRun();
    if (stopped)
      terminal.note(
        `Goes on with the run that was stopped (tier ${stopped.tier}, ${stopped.minutes} minutes, seed ${stopped.seed}); --anew gives it up.\n`,
      );
    else if (options.crossValidate === undefined) {
      const { tier, minutes, seed } = options;
      const settings = engineSettings({ ...options, weights: inUse });
      await tellPlan({ project, learner, tier, minutes, seed }, settings, terminal);
    }
    const log = await openedLog(options, terminal);
    const work = {
      ...{
        project,
        log,
        tier: options.tier,
        minutes: options.minutes,
        seed: options.seed,
        folds: options.crossValidate ?? null,
        anew: options.anew,
        weights,
        segmenter,
      },
      fileOf,
      heard: heardBy(terminal),
    };
    const meter = new Meter(terminal.signal, (_: Partial<Job>) => {});
    const report = await teachProject(work, meter).finally(() => terminal.note('\n'));
    terminal.print(options.json ? `${JSON.stringify(report)}\n` : asText(report));
    terminal.finish(report.gate.promoted ? exitCode.done : exitCode.nothing);
  });
}

/** Time and memory are told before anything starts. */
async function tellPlan(
  work: Omit<ToPlan, 'engine'>,
  settings: ReturnType<typeof engineSettings>,
  terminal: Terminal,
): Promise<void> {
  const [{ Engine }, { planRun }, { planSentences }] = await Promise.all([
    import('../engine/supervisor.ts'),
    import('../jobs/teaching/planRun.ts'),
    import('../contract/runPlan.ts'),
  ]);
  const engine = new Engine(settings);
  try {
    const plan = await planRun({ ...work, engine });
    // A refusal is the result of the run, which says it in the end.
    if (plan.refusal === null) terminal.note(`${planSentences(plan).join('\n')}\n`);
  } finally {
    await engine.close();
  }
}

const EVERY_MS = 1000;

/** "training 120/400  loss 0.412  38 s left", over and over on one line. */
function heardBy(terminal: Terminal): (progress: TeachProgress) => void {
  let last = Number.NEGATIVE_INFINITY;
  let widest = 0;
  return ({ phase, done, total, secondsLeft, figures, fold, part }) => {
    const { 'memory GB': memory } = figures;
    if (memory !== undefined) return terminal.note(`\nThe run needs about ${memory.toFixed(1)} GB of memory.\n`);
    const now = performance.now();
    if (now - last < EVERY_MS) return;
    last = now;
    const numbers = Object.entries(figures).map(([name, value]) => `  ${name} ${value.toFixed(3)}`);
    const left = secondsLeft === null ? '' : `  ${Math.ceil(secondsLeft)} s left`;
    const which = fold ? `fold ${fold.number} of ${fold.of}: ` : '';
    const inside = part ? `, ${partWords(part)}` : '';
    const line = `${which}${phase} ${Math.floor(done)}/${total ?? '?'}${inside}${numbers.join('')}${left}`;
    widest = Math.max(widest, line.length);
    terminal.note(`\r${line.padEnd(widest)}`);
  };
}

function asText(report: TeachReport): string {
  const { tier, samples, before, after, gate, minutes, peakMB, words = [] } = report;
  const { usefulGroups = null, skipped = [], crossValidates = false, drafts = [], reasoning = null } = report;
  const measured = before && after ? [measuredLine('before', before), measuredLine('after', after)] : [];
  const changes = Object.entries({ 'other labels': gate.otherLabels, nothing: gate.nothing, base: gate.base });
  const told = changes.flatMap(([name, change]) => (change === null ? [] : [`${name} ${change.toFixed(3)}`]));
  const cost = `in ${minutes.toFixed(1)} minutes, with ${Math.round(peakMB)} MB at most`;
  return [
    after ? `tier ${tier}: ${samples} prompts were learnt ${cost}\n` : `tier ${tier}: nothing was learnt, ${cost}\n`,
    ...skipped.map(({ reason }) => `left out: ${reason}\n`),
    ...measured,
    ...(told.length > 0 ? [`elsewhere: ${told.join(', ')}\n`] : []),
    ...words.map(wordLine),
    ...(drafts.length > 0 ? [`drafts: ${draftWords(drafts)}\n`] : []),
    ...(reasoning === null ? [] : [`reasoning: ${reasoningWords(reasoning)}\n`]),
    ...(usefulGroups === null ? [] : [groupsLine(usefulGroups)]),
    `${gate.promoted ? 'in use now' : 'kept as they were'}: ${gate.reason}\n`,
    ...(crossValidates ? ['--cross-validate lets runs judge that each leave out a part of these images\n'] : []),
  ].join('');
}

const wordLine = ({ word, pictures, isEnough }: NonNullable<TeachReport['words']>[number]): string =>
  `new word ${word}: ${pictures} picture${pictures === 1 ? '' : 's'}${isEnough ? '' : ', which are too few to rely on it'}\n`;

const groupsLine = (share: number): string =>
  `${Math.round(100 * share)} of 100 groups of sampled answers could teach anything: in the others all earned the same\n`;

const measuredLine = (
  when: string,
  { prompts, gIoU, cIoU, words, clicks }: NonNullable<TeachReport['before']>,
): string =>
  `${when.padEnd(7)} ${prompts} held-out prompts: gIoU ${gIoU.toFixed(3)}, cIoU ${cIoU.toFixed(3)}; by words gIoU ${words.gIoU.toFixed(3)}, box50 ${words.box50.toFixed(3)} (${words.prompts})${clicks ? `; ${clicks.noc85.toFixed(2)} clicks to IoU 0.85, ${clicks.noc90.toFixed(2)} to 0.90 (${clicks.objects})` : ''}\n`;
