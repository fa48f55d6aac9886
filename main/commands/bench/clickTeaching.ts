// `loupe bench click --while-teaching`: the clicks of a person who goes on annotating while the host teaches the model.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../contract/jobs.ts';
import type { TeachProgress, Tier } from '../../contract/learning.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { shiftedDomain } from '../../evaluate/shiftedDomain.ts';
import { decodeImage } from '../../pictures/image.ts';
import type { Terminal } from '../../terminal.ts';
import { addLargePicture, clicksOf } from './click.ts';
import { columned, type Spread, spreadOf, timed } from './figures.ts';
import { picturedProject } from './picturedProject.ts';
import { type ServedHost, startHost } from './servedHost.ts';

/** Milliseconds. */
interface TeachingClicks {
  readonly picture: string;
  readonly clicks: number;
  /** From the call on the socket to the mask in hand: before the run began, and while it trained. */
  readonly quiet: Spread;
  readonly teaching: Spread;
  /** teaching.p50 / quiet.p50 */
  readonly ratio: number;
}

export interface TeachingClickBench {
  readonly tier: Tier;
  /** Steps that the run took while it was clicked, to the last ten, and steps a second. */
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly pictures: readonly TeachingClicks[];
}

export interface TeachingClickTask {
  /** On each picture, before the run and while it trains. */
  readonly clicks: number;
  readonly tier: Tier;
  /** Pictures that are learnt from, and pictures that are held back. */
  readonly images: number;
  readonly held: number;
  /** Default: the embedded weights. */
  readonly weights?: string;
}

/** A person looks at the mask before the next click; without a pause clicks alone would take the cores. */
const PAUSE_MS = 250;
/** Longer than any bench; the run is cancelled in the end. */
const MINUTES = 60;

/** Throws where the run ends before the clicks do. */
export async function benchClicksTeaching(
  task: TeachingClickTask,
  { note, signal }: Pick<Terminal, 'note' | 'signal'>,
): Promise<TeachingClickBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'loupe-bench-click-'));
  try {
    const served = await startHost(path.join(folder, 'home'), await projectIn(folder, task));
    try {
      if (task.weights !== undefined) await served.client.settings.write({ weights: task.weights });
      const subjects = await subjectsIn(served, folder);
      const quiet = await clickedAt(subjects, { ...served, ...task, signal });
      note('clicks before the run are measured; it begins\n');
      const run = await begun(served, task.tier, { note, signal });
      try {
        const [before, started] = [run.steps(), performance.now()];
        const teaching = await clickedAt(subjects, { ...served, ...task, signal: AbortSignal.any([signal, run.over]) });
        const steps = run.steps() - before;
        const stepsPerSecond = (1000 * steps) / (performance.now() - started);
        return { tier: task.tier, steps, stepsPerSecond, pictures: compared(subjects, { quiet, teaching }) };
      } finally {
        await run.cancel();
      }
    } finally {
      await served.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function projectIn(folder: string, { images, held }: TeachingClickTask): Promise<string> {
  const { pictures, known, new: unknown } = await shiftedDomain(1, images + held);
  const project = await picturedProject({ folder, pictures, names: [...known, ...unknown], held });
  await addLargePicture(project, folder);
  project.close();
  return project.file;
}

interface Subject {
  readonly id: number;
  readonly name: string;
  readonly image: DecodedImage;
}

/** The large picture, whose name comes behind those of ten others at least, and a small one that is learnt from. */
async function subjectsIn({ client }: ServedHost, folder: string): Promise<Subject[]> {
  const { rows } = await client.images.list({ offset: 0, limit: 100, order: 'path' });
  const chosen = rows.filter(({ path: name }) => name === '1.png' || name.includes('megapixels'));
  return Promise.all(
    chosen.map(async ({ id, path: name }) => ({ id, name, image: await decodeImage(path.resolve(folder, name)) })),
  );
}

interface Clicking {
  readonly client: ServedHost['client'];
  readonly clicks: number;
  readonly signal: AbortSignal;
}

/** Milliseconds of each click, by picture. */
async function clickedAt(
  subjects: readonly Subject[],
  { client, clicks, signal }: Clicking,
): Promise<readonly (readonly number[])[]> {
  const all: number[][] = [];
  for (const { id, image } of subjects) {
    await client.model.prepare({ imageId: id });
    const times: number[] = [];
    // The first two open the decoder's graphs for few and for many clicks.
    for (let i = -2; i < clicks; i++) {
      signal.throwIfAborted();
      const points = clicksOf(i < 0 ? i + 5 : i, image);
      const [ms] = await timed(() => client.model.refine({ imageId: id, points, box: null, rough: null }));
      if (i >= 0) times.push(ms);
      await sleep(PAUSE_MS);
    }
    all.push(times);
  }
  return all;
}

interface Begun {
  /** Steps that are known to have been taken. */
  steps(): number;
  /** Aborted with a reason when the run ends by itself. */
  readonly over: AbortSignal;
  cancel(): Promise<void>;
}

/** Fulfilled when the run has taken its first steps. */
async function begun(
  { client }: ServedHost,
  tier: Tier,
  { note, signal }: Pick<Terminal, 'note' | 'signal'>,
): Promise<Begun> {
  const over = new AbortController();
  const watching = new AbortController();
  const events = await client.watch(undefined, { signal: watching.signal });
  const job = await client.learning.teach({ tier, minutes: MINUTES });
  let steps = 0;
  const training = new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    const hear = (progress: TeachProgress) => {
      if (progress.phase !== 'training') return;
      if (steps === 0) note('the run trains\n');
      steps = progress.done;
      resolve();
    };
    void (async () => {
      for await (const event of events) {
        if (event.kind === 'teaching') hear(event);
        if (event.kind !== 'job' || event.job.id !== job.id || !isOver(event.job)) continue;
        const ended = new Error(`The run ended before the clicks did: ${event.job.message ?? event.job.state}`);
        over.abort(ended);
        reject(ended);
      }
    })().catch(() => {});
  });
  const cancel = async () => {
    watching.abort();
    await client.jobs.cancel({ id: job.id });
  };
  await training.catch(async (error: unknown) => {
    await cancel();
    throw error;
  });
  return { steps: () => steps, over: over.signal, cancel };
}

const isOver = ({ state }: Job): boolean => state !== 'waiting' && state !== 'running';

function compared(
  subjects: readonly Subject[],
  { quiet, teaching }: Record<'quiet' | 'teaching', readonly (readonly number[])[]>,
): TeachingClicks[] {
  return subjects.map(({ name, image }, i) => {
    const [before, during] = [spreadOf(quiet[i] ?? []), spreadOf(teaching[i] ?? [])];
    return {
      ...{ picture: `${name} (${image.width} x ${image.height})`, clicks: teaching[i]?.length ?? 0 },
      ...{ quiet: before, teaching: during, ratio: during.p50 / before.p50 },
    };
  });
}

export function teachingClickTable({ tier, steps, stepsPerSecond, pictures }: TeachingClickBench): string {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  const rows = pictures.map(({ picture, quiet, teaching, ratio }) => [
    ...[picture, ms(quiet.p50), ms(quiet.p95), ms(teaching.p50), ms(teaching.p95), ratio.toFixed(2)],
  ]);
  const table = columned([['picture', 'before p50', 'p95', 'teaching p50', 'p95', 'ratio'], ...rows], 0);
  return `${table}${steps} steps of tier ${tier} meanwhile, ${stepsPerSecond.toFixed(2)} a second\n`;
}
