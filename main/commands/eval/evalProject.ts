// `loupe eval project`: weights on the images of a project that are held out for measuring and never learnt.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { ClickFigures, ProjectFigures } from '../../contract/learning.ts';
import type { MeasuredImage } from '../../learn/samples/measuredImage.ts';
import type { Project } from '../../store/project.ts';
import type { Terminal } from '../../terminal.ts';
import { embeddedWeights } from '../../weights/embedded.ts';
import { openPredictor } from '../arguments/weights.ts';

export interface EvalProjectOptions {
  /** A folder, or the number of a version of the project. */
  readonly weights?: string;
  /** Objects that are clicked at. */
  readonly clicks: number;
  /** Seed of the clicks. */
  readonly seed: number;
  readonly json?: boolean;
}

export async function evalProject(file: string, options: EvalProjectOptions, terminal: Terminal): Promise<void> {
  const { openChecked } = await import('../../jobs/opening/opening.ts');
  const project = await openChecked(file);
  try {
    const images = await heldImages(project);
    const weights = await weightsOf(project, options.weights);
    const predictor = await openPredictor({ weights }, terminal);
    try {
      const { clicksIn, measure, projectFigures } = await import('../../learn/gate/measure.ts');
      const progress = (done: number) => terminal.note(`\r${done} prompts`);
      const every = Number.POSITIVE_INFINITY;
      const scores = await measure(predictor, images, {
        ...{ signal: terminal.signal, mostWorded: every, progress },
        clicks: { mostObjects: options.clicks, seed: options.seed },
      });
      terminal.note('\n');
      const { clicks = clicksIn([]), ...figures } = projectFigures(scores);
      const { box50 } = figures.words;
      const { objects: clicked, noc85, noc90 } = clicks;
      const all = { weights, ...figures, box50, noc85, noc90, clicked };
      terminal.print(options.json ? `${JSON.stringify(all)}\n` : asText(weights, figures, clicks));
    } finally {
      await predictor.release();
    }
  } finally {
    project.close();
  }
}

/** Images that are held out, with what they ask; their files are found beside the project. */
export async function heldImages(project: Project): Promise<MeasuredImage[]> {
  const [{ samplesOf }, { decodeImage }] = await Promise.all([
    import('../../learn/samples/sample.ts'),
    import('../../pictures/image.ts'),
  ]);
  const labels = project.labels();
  const folder = path.dirname(project.file);
  const images = project.split().held.flatMap((id): MeasuredImage[] => {
    const detail = project.detail(id);
    const samples = detail ? samplesOf(detail, labels) : [];
    if (!detail || samples.length === 0) return [];
    const file = path.resolve(folder, detail.image.path);
    return [{ imageId: id, group: id, samples, read: () => decodeImage(file) }];
  });
  if (images.length > 0) return images;
  throw new BadInput(
    `${path.basename(project.file)}: no image is held out for measuring yet; "loupe teach" chooses them`,
  );
}

async function weightsOf(project: Project, named: string | undefined): Promise<string> {
  const { folderOf, versionInUse } = await import('../../jobs/teaching/teaching.ts');
  if (named === undefined) return versionInUse(project)?.path ?? embeddedWeights;
  const version = project.versions().find(({ id }) => String(id) === named);
  if (version) return folderOf(project, version);
  if (existsSync(named)) return path.resolve(named);
  throw new BadInput(`--weights ${named}: is neither a folder nor the number of weights of this project`);
}

const asText = (
  weights: string,
  { prompts, objects, gIoU, cIoU, words }: ProjectFigures,
  clicks: ClickFigures,
): string =>
  [
    `${weights}\n`,
    `${prompts} prompts, ${objects} objects under their true boxes: gIoU ${gIoU.toFixed(3)}, cIoU ${cIoU.toFixed(3)}\n`,
    `${words.prompts} prompts by words: gIoU ${words.gIoU.toFixed(3)}, cIoU ${words.cIoU.toFixed(3)}, box50 ${words.box50.toFixed(3)}\n`,
    `${clicks.objects} objects by simulated clicks, 20 at most: ${clicks.noc85.toFixed(2)} to IoU 0.85, ${clicks.noc90.toFixed(2)} to 0.90\n`,
  ].join('');
