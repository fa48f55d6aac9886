// Writes a project as the exact training files of the published trainers: pictures, records, and what is held back apart.
import { copyFile, link, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BadInput } from '../../contract/badInput.ts';
import type { Frame } from '../../contract/geometry.ts';
import type { TrainerName } from '../../contract/jobs.ts';
import type { Image } from '../../contract/project.ts';
import type { DecodedImage } from '../../contract/records.ts';
import { framed, smartFrame } from '../../flow/reasoner/framing.ts';
import { type Sample, samplesOf } from '../../learn/samples/sample.ts';
import { decodeImage, writeJpeg } from '../../pictures/image.ts';
import type { Project } from '../../store/project.ts';
import type { Progress } from '../queue/queue.ts';
import {
  lensRecord,
  qwenRecord,
  type ShownSample,
  segZeroRecord,
  vlmR1ListRecord,
  vlmR1Record,
} from './trainerRecords.ts';

type Part = 'train' | 'val';

interface Trainer {
  /** Whether a sample needs the masks of its objects. */
  readonly needsMasks: boolean;
  /** Size of the picture that the trainer is given. */
  frame(image: Frame): Frame;
  /** The picture's file below the folder, and its name in the record. */
  picture(name: string, part: Part): { readonly file: string; readonly named: string };
  /** File below the folder to the record in it: a file of its own, or a line or item of one. */
  records(shown: ShownSample, part: Part): readonly { readonly file: string; readonly record: unknown }[];
  /** How a file of several records is written. */
  readonly joined: 'lines' | 'list' | 'apart';
  readonly about: string;
}

const asItIs = (image: Frame): Frame => ({ width: image.width, height: image.height });

const rows: Readonly<Record<TrainerName, Trainer>> = {
  lens: {
    ...{ needsMasks: true, frame: asItIs, joined: 'apart' },
    picture: (name, part) => ({ file: `reason_seg/ReasonSeg/${part}/${name}.jpg`, named: `${name}.jpg` }),
    records: (shown, part) => [{ file: `reason_seg/ReasonSeg/${part}/${shown.id}.json`, record: lensRecord(shown) }],
    about: `ReasonSeg's layout, as LENS's stage 2 reads it once its data set is switched to ReasonSeg in grpo_vllm_sam_stage2.py.
Holes are areas named "ignore", which LENS counts as background; a question that nothing matches has no shapes.`,
  },
  'seg-zero': {
    ...{ needsMasks: true, frame: () => ({ width: 840, height: 840 }), joined: 'lines' },
    picture: (name, part) => ({ file: `${part}/${name}.jpg`, named: `${name}.jpg` }),
    records: (shown, part) => [{ file: `${part}/metadata.jsonl`, record: segZeroRecord(shown) }],
    about: `An image folder for load_dataset("imagefolder", data_dir=...): columns image, id, problem, solution, img_height, img_width;
save_to_disk makes of it what verl/utils/rl_dataset.py loads. Pictures and numbers are in 840 x 840. "solution" is VisionReasoner's list,
"single" what the first release of Seg-Zero reads (null unless there is one object). Its accuracy reward gives nothing where nothing matches ([]).`,
  },
  'vlm-r1': {
    ...{ needsMasks: false, frame: asItIs, joined: 'lines' },
    picture: (name) => ({ file: `images/${name}.jpg`, named: `${name}.jpg` }),
    records(shown, part) {
      const one = vlmR1Record(shown);
      const list = { file: `ovd_${part}.jsonl`, record: vlmR1ListRecord(shown) };
      return one ? [{ file: `rec_${part}.jsonl`, record: one }, list] : [list];
    },
    about: `For grpo_jsonl.py: --data_file_paths rec_train.jsonl (one box a sentence) or ovd_train.jsonl (any number, and "None"),
--image_folders images. Boxes are pixels of the pictures.`,
  },
  qwen: {
    ...{ needsMasks: false, joined: 'list' },
    frame: smartFrame,
    picture: (name) => ({ file: `images/${name}.jpg`, named: `images/${name}.jpg` }),
    records: (shown, part) => [{ file: `${part}.json`, record: qwenRecord(shown) }],
    about: `For qwen-vl-finetune: name train.json and this folder in its data/__init__.py. Pictures are already of the size that the
processor would give them (multiples of 28, at most 1,000,000 pixels: let max_pixels be no less), and boxes are pixels of that.`,
  },
};

export interface TrainerReport {
  readonly samples: number;
  /** How many of the samples nothing matches. */
  readonly negatives: number;
  /** Held back for measuring, as "loupe teach" holds them back. */
  readonly held: number;
  readonly pictures: number;
  readonly leftOut: readonly string[];
}

/** The folder must be new or empty: nothing in it is overwritten. */
export async function exportForTrainer(
  project: Project,
  { folder, trainer }: { folder: string; trainer: TrainerName },
  progress: Pick<Progress, 'signal' | 'total' | 'step'>,
): Promise<TrainerReport> {
  if ((await readdir(folder).catch(() => [])).length > 0)
    throw new BadInput(`${folder}: is not empty; a training set is written into a folder of its own`);
  const writer = new SetWriter(project, folder, rows[trainer]);
  const images = [...project.allImages()];
  progress.total(images.length);
  for (const image of images) {
    progress.signal.throwIfAborted();
    await writer.add(image);
    progress.step();
  }
  return writer.end(trainer);
}

class SetWriter {
  readonly #project: Project;
  readonly #folder: string;
  readonly #trainer: Trainer;
  readonly #held: ReadonlySet<number>;
  readonly #files = new Map<string, unknown[]>();
  readonly #leftOut: string[] = [];
  #counts = { samples: 0, negatives: 0, held: 0, pictures: 0 };

  constructor(project: Project, folder: string, trainer: Trainer) {
    this.#project = project;
    this.#folder = folder;
    this.#trainer = trainer;
    this.#held = new Set(project.split().held);
  }

  async add(image: Image): Promise<void> {
    const detail = this.#project.detail(image.id);
    const samples = detail
      ? samplesOf(detail, this.#project.labels()).filter((each) => this.#isUsable(each, image))
      : [];
    if (samples.length === 0) return;
    try {
      const decoded = await decodeImage(path.resolve(path.dirname(this.#project.file), image.path));
      await this.#write(image, samples, decoded);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      this.#leftOut.push(`${image.path}: ${error.message}`);
    }
  }

  /** A sample of clicks says nothing in words; masks that are missing cannot be learnt. */
  #isUsable({ objects, prompt }: Sample, { path: name }: Image): boolean {
    const lacks = this.#trainer.needsMasks && objects.some(({ mask }) => mask === null);
    if (lacks)
      this.#leftOut.push(
        `"${prompt.text}" on ${name}: not every object has a mask ("loupe masks" makes them of boxes)`,
      );
    return !lacks && prompt.text.trim() !== '';
  }

  async #write(image: Image, samples: readonly Sample[], decoded: DecodedImage): Promise<void> {
    const part = this.#held.has(image.id) ? 'val' : 'train';
    const frame = this.#trainer.frame(decoded);
    const isApart = this.#trainer.joined === 'apart';
    const stem = String(image.id).padStart(8, '0');
    let first: string | null = null;
    for (const [i, sample] of samples.entries()) {
      const id = `${stem}-${i}`;
      const { file, named } = this.#trainer.picture(isApart ? id : stem, part);
      const place = path.join(this.#folder, file);
      if (first === null) await writePicture(place, decoded, frame);
      // One file a question: the same picture under another name.
      else if (place !== first) await linkOrCopy(first, place);
      this.#counts.pictures += place === first ? 0 : 1;
      first ??= place;
      this.#keep({ id, picture: named, sample, image: decoded, frame }, part);
    }
  }

  #keep(shown: ShownSample, part: Part): void {
    const { samples, negatives, held, pictures } = this.#counts;
    const isNegative = shown.sample.objects.length === 0;
    this.#counts = {
      samples: samples + 1,
      negatives: negatives + Number(isNegative),
      held: held + Number(part === 'val'),
      pictures,
    };
    for (const { file, record } of this.#trainer.records(shown, part)) {
      const records = this.#files.get(file) ?? [];
      records.push(record);
      this.#files.set(file, records);
    }
  }

  async end(trainer: TrainerName): Promise<TrainerReport> {
    const counts = this.#counts;
    if (counts.samples === 0)
      throw new BadInput(
        `${path.basename(this.#project.file)}: there is nothing to learn yet: no labelled shape and no judged answer`,
      );
    for (const [file, records] of this.#files) {
      const place = path.join(this.#folder, file);
      await mkdir(path.dirname(place), { recursive: true });
      await writeFile(place, textOf(records, this.#trainer.joined));
    }
    await writeFile(path.join(this.#folder, 'README.md'), readme(trainer, this.#trainer.about));
    return { ...counts, leftOut: this.#leftOut };
  }
}

function textOf(records: readonly unknown[], joined: Trainer['joined']): string {
  if (joined === 'lines') return records.map((record) => `${JSON.stringify(record)}\n`).join('');
  return `${JSON.stringify(joined === 'list' ? records : records[0], null, 1)}\n`;
}

/** Not every file system has links. */
const linkOrCopy = (from: string, to: string): Promise<void> => link(from, to).catch(() => copyFile(from, to));

async function writePicture(file: string, image: DecodedImage, frame: Frame): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeJpeg(file, framed(image, frame), { quality: 95, chromaSubsampling: '4:4:4' });
}

const readme = (trainer: TrainerName, about: string): string =>
  `# Training files for ${trainer}

${about}

Samples are labelled shapes and judged answers of a Loupe project; images that Loupe holds back for measuring are in the part "val".
A checkpoint comes back by \`loupe model import FOLDER\`.
`;
