// A project to a COCO file, and a COCO file beside the project that it came from to what differs.
import path from 'node:path';
import { BadInput } from '../contract/badinput.ts';
import type { Frame } from '../contract/geometry.ts';
import type { ExportSettings, VerifyReport } from '../contract/jobs.ts';
import { type Image, type ImageDetail, type Shape, type StoredPrompt, unpackMask } from '../contract/project.ts';
import { inPicture } from '../contract/reasoning.ts';
import { maskArea } from '../contract/rle.ts';
import { type Truth, verifyCocoFile } from '../formats/cocoVerify.ts';
import { type CocoContent, type OutShape, type Written, writeCocoFile } from '../formats/cocoWrite.ts';
import { measureImage } from '../pictures/image.ts';
import { refuseOwnFile } from '../store/ownFile.ts';
import type { Project } from '../store/project.ts';
import type { Progress } from './queue.ts';

type ExportProgress = Pick<Progress, 'signal' | 'total' | 'step'>;

export async function exportCoco(
  project: Project,
  file: string,
  options: { settings: ExportSettings; progress: ExportProgress },
): Promise<Written> {
  const { settings, progress } = options;
  refuseOwnFile(project, file);
  const chosen = { onlyAccepted: settings.onlyAccepted };
  const stated = await measureAll(project, chosen, progress);
  progress.total(project.countShapes(chosen));
  const written = await writeCocoFile(file, contentOf(project, settings), {
    masks: settings.masks,
    signal: progress.signal,
    step: () => progress.step(),
  });
  return { ...written, stated: [...stated, ...written.stated] };
}

/** Sizes that nobody has needed yet; an image without one cannot be written, and neither can its shapes. */
async function measureAll(
  project: Project,
  chosen: { onlyAccepted: boolean },
  { signal }: ExportProgress,
): Promise<string[]> {
  const stated: string[] = [];
  for (const image of project.exportImages(chosen)) {
    if (image.width !== null) continue;
    signal.throwIfAborted();
    try {
      const file = path.resolve(path.dirname(project.file), image.path);
      refuseOwnFile(project, file);
      const { width, height } = await measureImage(file);
      project.setFile(image.id, { width, height });
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      stated.push(`image ${image.path} is left out with its shapes: ${error.message}`);
    }
  }
  return stated;
}

function contentOf(project: Project, { onlyAccepted }: ExportSettings): CocoContent {
  const labels = project.labels();
  const categories = new Map(labels.map(({ id }, i) => [id, i + 1]));
  const name = namesFor(project, { onlyAccepted });
  return {
    info: {
      description: path.basename(project.file, path.extname(project.file)),
      version: '1.0',
      contributor: 'Loupe',
      only_accepted: onlyAccepted,
    },
    categories: labels.map((label) => label.name),
    *images() {
      for (const { id, path: file, width, height } of project.exportImages({ onlyAccepted })) {
        if (width !== null && height !== null) yield { id, fileName: name(file), width, height };
      }
    },
    *shapes() {
      for (const image of project.exportImages({ onlyAccepted })) yield* shapesOn(project, image, categories);
    },
  };
}

function* shapesOn(project: Project, image: Image, categories: ReadonlyMap<number, number>): Generator<OutShape> {
  const { id, width, height } = image;
  if (width === null || height === null) return;
  const { shapes, prompts, proposals } = project.detail(id) ?? { shapes: [], prompts: [], proposals: [] };
  for (const shape of shapes.toSorted((a, b) => a.id - b.id)) {
    const { imageId, mask, box, crowd, labelId } = shape;
    const extra = extraOf(shape, { prompts, proposals, size: { width, height } });
    yield {
      id: shape.id,
      imageId,
      category: categories.get(labelId) ?? 0,
      mask,
      box,
      crowd,
      frame: { width, height },
      extra,
    };
  }
}

interface Around extends Pick<ImageDetail, 'prompts' | 'proposals'> {
  /** Of the image. */
  readonly size: Frame;
}

/** What a person said of the object: COCO has no keys for it, so other readers pass over these. */
function extraOf({ id, attributes, origin }: Shape, around: Around): Record<string, unknown> {
  const asked = around.prompts.find(({ correction }) => correction?.objects.some(({ mask }) => mask.shapeId === id));
  const { score, caption, reasoning, weights, ...rest } = attributes;
  const said = {
    score: typeof score === 'number' ? score : undefined,
    caption: asked?.text ?? caption,
    reasoning: (asked && reasoningOf(asked, around)) || reasoning,
    weights: origin.kind === 'proposal' ? origin.weights : weights,
    attributes: Object.keys(rest).length > 0 ? rest : undefined,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** In picture pixels, as everything in the file. */
function reasoningOf({ correction }: StoredPrompt, { proposals, size }: Around): string | undefined {
  const frame = proposals.find(({ id }) => id === correction?.proposalId)?.frame ?? size;
  return correction ? inPicture(correction.reasoning.text, frame, size) : undefined;
}

/** Paths as the project has them, or, where some lie outside its folder, from the lowest folder that holds them all. */
function namesFor(project: Project, chosen: { onlyAccepted: boolean }): (file: string) => string {
  const folder = path.dirname(project.file);
  let common: string[] | null = null;
  let outside = false;
  for (const { path: file } of project.exportImages(chosen)) {
    outside ||= path.isAbsolute(file) || file.startsWith('../');
    const parts = path.resolve(folder, file).split(path.sep).slice(0, -1);
    common = common === null ? parts : shared(common, parts);
  }
  const above = (common ?? []).join(path.sep) || path.sep;
  const slashed = (name: string) =>
    name
      .split(path.sep)
      .join('/')
      .replace(/^([A-Za-z]):/u, '$1');
  return (file) => slashed(outside ? path.relative(above, path.resolve(folder, file)) : file);
}

function shared(a: readonly string[], b: readonly string[]): string[] {
  const end = a.findIndex((part, i) => part !== b[i]);
  return a.slice(0, end < 0 ? a.length : end);
}

/** `project` null: only the rules are checked. */
export async function verifyCoco(
  project: Project | null,
  file: string,
  progress: Partial<ExportProgress> = {},
): Promise<VerifyReport> {
  const { signal, step } = progress;
  if (project !== null) refuseOwnFile(project, file);
  return verifyCocoFile(file, { truth: project && truthOf(project), signal, step: step && (() => step()) });
}

/** A file of accepted images only is held against those. */
function truthOf(project: Project): Truth {
  const labels = new Map(project.labels().map(({ id, name }) => [id, name]));
  const chosen = (head: Readonly<Record<string, unknown>>) => ({ onlyAccepted: head.only_accepted === true });
  const written = function* (info: Readonly<Record<string, unknown>>) {
    for (const image of project.exportImages(chosen(info))) if (image.width !== null) yield image;
  };
  return {
    image: (id) => project.image(id),
    shape(id) {
      const shape = project.record('shape', id);
      if (shape === null) return null;
      const { imageId, labelId, crowd, mask } = shape;
      return { imageId, label: labels.get(labelId) ?? '', crowd, mask: mask && unpackMask(mask) };
    },
    *images(info) {
      for (const { id } of written(info)) yield id;
    },
    *shapes(info) {
      for (const image of written(info)) {
        for (const { id, mask } of project.shapesOf(image.id))
          if (mask === null || maskArea(unpackMask(mask)) > 0) yield id;
      }
    },
  };
}
