// Gathers what is written of a project as COCO: its own records, and what the files said that they came from.
import type { Frame } from '../../contract/geometry.ts';
import type { ExportSettings } from '../../contract/jobs.ts';
import type { Image, ImageDetail, Shape, StoredPrompt } from '../../contract/project.ts';
import { inPicture } from '../../contract/reasoning.ts';
import type { OutShape } from '../../formats/coco/cocoAnnotations.ts';
import { fieldsOf, patched } from '../../formats/coco/cocoRecord.ts';
import type { CocoContent } from '../../formats/coco/cocoWrite.ts';
import { wholeOf } from '../../formats/reading/values.ts';
import type { Project } from '../../store/project.ts';
import type { SourceShape } from '../../store/sources.ts';
import { type Category, type CocoIds, cocoIdsOf } from '../importing/cocoIds.ts';
import { geometryOf, saidOf } from '../importing/digests.ts';
import { type ExportHead, headOf } from './exportHead.ts';
import { namesFor } from './exportNames.ts';

/** `stated`: what the files that it came from say and this one cannot. */
export function contentOf(
  project: Project,
  { onlyAccepted }: ExportSettings,
): CocoContent & Pick<ExportHead, 'stated'> {
  const cocoIds = cocoIdsOf(project);
  const name = namesFor(project, { onlyAccepted });
  const { head, stated, licence } = headOf(project, onlyAccepted);
  return {
    head,
    stated,
    categories: cocoIds.categories.map(categoryText),
    *images() {
      for (const image of project.exportImages({ onlyAccepted })) {
        const { id, width, height } = image;
        if (width === null || height === null) continue;
        const record = imageRecord(project, id, licence);
        yield { id: cocoIds.image(id), fileName: name(image), width, height, record };
      }
    },
    *shapes() {
      for (const image of project.exportImages({ onlyAccepted })) yield* shapesOn(project, image, cocoIds);
    },
  };
}

/** A label that was renamed here goes out under its new name. */
export function categoryText({ number, label, source }: Category): string {
  const { name } = label;
  if (source === null) return JSON.stringify({ id: number, name, supercategory: '' });
  return patched(
    source.record,
    source.label === name && hasName(source.record) ? { id: number } : { id: number, name },
  );
}

const hasName = (record: string): boolean => fieldsOf(record).name !== undefined;

/** What the first file says of it, and what only later ones say. */
export function imageRecord(project: Project, imageId: number, licence: ExportHead['licence']): string | undefined {
  const [first, ...others] = project
    .sourcesOfImage(imageId)
    .map(({ record, fileId }) => licensed(record, (id) => licence(fileId, id)));
  if (first === undefined || others.length === 0) return first;
  const fields = fieldsOf(first);
  const more = others.flatMap((record) =>
    Object.entries(fieldsOf(record)).filter(([key]) => !Object.hasOwn(fields, key)),
  );
  return more.length === 0 ? first : patched(first, Object.fromEntries(more));
}

function licensed(record: string, licence: (id: number) => number): string {
  if (!record.includes('"license"')) return record;
  const id = wholeOf(fieldsOf(record).license);
  const number = id === null ? null : licence(id);
  return number === id ? record : patched(record, { license: number });
}

function* shapesOn(project: Project, image: Image, cocoIds: CocoIds): Generator<OutShape> {
  const { id, width, height } = image;
  if (width === null || height === null) return;
  const { shapes, prompts, proposals } = project.detail(id) ?? { shapes: [], prompts: [], proposals: [] };
  const sources = shapes.length > 0 ? project.sourcesOfShapes(id) : new Map<number, SourceShape>();
  for (const shape of shapes.toSorted((a, b) => a.id - b.id)) {
    const source = sources.get(shape.id) ?? null;
    yield outShape(shape, source, { cocoIds, prompts, proposals, size: { width, height } });
  }
}

interface Around extends Pick<ImageDetail, 'prompts' | 'proposals'> {
  readonly cocoIds: CocoIds;
  /** Size of the image. */
  readonly size: Frame;
}

export function outShape(shape: Shape, source: SourceShape | null, around: Around): OutShape {
  const { cocoIds, prompts, size } = around;
  const { id, imageId, labelId, mask, box, crowd } = shape;
  const asked = prompts.find(({ correction }) => correction?.objects.some(({ mask: one }) => one.shapeId === id));
  const own = source && Number(fieldsOf(source.record).category_id);
  return {
    ...{ id: cocoIds.shape(id, source?.number), imageId: cocoIds.image(imageId) },
    category: cocoIds.category(labelId, source?.fileId, own),
    ...{ mask, box, crowd, frame: size, extra: extraOf(shape, asked, around) },
    ...(source && {
      record: {
        text: source.record,
        geometry: source.geometry === geometryOf(shape),
        said: asked === undefined && source.said === saidOf(shape),
      },
    }),
  };
}

/** What a person said of the object: COCO has no keys for it, so other readers pass over these. */
function extraOf(
  { attributes, origin }: Shape,
  asked: StoredPrompt | undefined,
  around: Pick<Around, 'proposals' | 'size'>,
): Record<string, unknown> {
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

/** The reasoning in picture pixels, as everything in the file. */
function reasoningOf(
  { correction }: StoredPrompt,
  { proposals, size }: Pick<Around, 'proposals' | 'size'>,
): string | undefined {
  const frame = proposals.find(({ id }) => id === correction?.proposalId)?.frame ?? size;
  return correction ? inPicture(correction.reasoning.text, frame, size) : undefined;
}
