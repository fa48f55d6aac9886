// `loupe import`, `loupe export` and `loupe verify`: take annotations into a project, write them out and check them, without a window.
import { existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { BadInput } from '../contract/badInput.ts';
import { type TrainerName, trainers } from '../contract/jobs.ts';
import { exitCode } from '../failure.ts';
import {
  linesOfImport,
  sentenceOfExport,
  sentenceOfImport,
  sentenceOfVerify,
} from '../jobs/exporting/importExportReports.ts';
import type { Progress } from '../jobs/queue/queue.ts';
import { refuseOwnFile } from '../store/ownFile.ts';
import type { Project } from '../store/project.ts';
import type { Terminal } from '../terminal.ts';
import { prepareFolder } from './arguments/outFolder.ts';
import { exportFor } from './exportFor.ts';

const REPORT_EVERY_MS = 2000;

interface Json {
  readonly json?: boolean;
}
type ImportOptions = Json & { readonly images?: string };
type ExportOptions = Json & {
  readonly polygons?: boolean;
  readonly runs?: boolean;
  readonly accepted?: boolean;
  readonly writeBack?: boolean;
  readonly for?: TrainerName;
};
type VerifyOptions = Json & { readonly project?: string };

export function addImport(program: Command, terminal: Terminal): void {
  program
    .command('import')
    .description('take annotations (COCO, LabelMe, ISAT, YOLO, VOC, Label Studio, CVAT, VIA and others) into a project')
    .argument('<project>', 'the .loupe file; made where there is none')
    .argument('<file or folder>', 'annotations, or a folder of them')
    .option('--images <folder>', 'where the pictures are; else in the project and beside the annotations')
    .option('--json', 'print one JSON document instead of text')
    .action((project: string, file: string, options: ImportOptions) =>
      importInto({ project, file }, options, terminal),
    );
}

export function addExport(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .description('write a project as a COCO file')
    .argument('<project>', 'the .loupe file')
    .argument('<out.json>', 'the file to write; one that Loupe did not write is kept beside it as a backup')
    .option('--polygons', 'all masks as polygons, holes filled; what is lost is said')
    .option('--runs', 'all masks as run lengths')
    .option('--accepted', 'only images that were accepted')
    .option('--write-back', 'out.json is the file that the project came from: change in it only what was changed here')
    .addOption(
      new Option(
        '--for <trainer>',
        'out.json is a new folder, for the training files of a published trainer, negatives included',
      ).choices(trainers),
    )
    .option('--json', 'print one JSON document instead of text')
    .action((project: string, file: string, options: ExportOptions) => {
      if (options.for) return exportFor({ project, folder: file, trainer: options.for }, options, terminal);
      const at = { project, file };
      return options.writeBack ? backTo(at, options, terminal) : exportTo(at, options, terminal);
    });
}

export function addVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify')
    .description('check a COCO file against every rule that its readers hang on, and against the project it came from')
    .argument('<file>', 'the COCO file')
    .option('--project <file>', 'compare every mask with that of this .loupe file')
    .option('--json', 'print one JSON document instead of text')
    .action((file: string, options: VerifyOptions) => verify(file, options, terminal));
}

interface At {
  readonly project: string;
  readonly file: string;
}

async function importInto({ project: given, file }: At, options: ImportOptions, terminal: Terminal): Promise<void> {
  if (!existsSync(file)) throw new BadInput(`${file}: there is no such file or folder`);
  const project = path.resolve(given);
  const fresh = !existsSync(project);
  if (fresh) await prepareFolder(path.dirname(project));
  // Loaded late, here and below: no other command needs SQLite and sharp.
  const { importAnnotations } = await import('../jobs/importing/importing.ts');
  const { images } = options;
  const work = (open: Project) => importAnnotations(open, file, { images, progress: progressOn(terminal) });
  const report = await withProject(project, { create: true }, work).catch((error: unknown) => {
    // A project that was made for annotations which cannot be read is of no use.
    if (fresh && error instanceof BadInput) rmSync(project, { force: true });
    throw error;
  });
  print(report, { json: options.json, lines: [sentenceOfImport(report), ...linesOfImport(report)] }, terminal);
  terminal.finish(report.images + report.shapes > 0 ? exitCode.done : exitCode.nothing);
}

async function exportTo({ project, file }: At, options: ExportOptions, terminal: Terminal): Promise<void> {
  const { exportCoco } = await import('../jobs/exporting/exporting.ts');
  const { isOwnExport, keepBackup } = await import('../jobs/queue/backups.ts');
  const { polygons, runs, accepted = false } = options;
  if (polygons && runs)
    throw new BadInput('--polygons and --runs exclude each other; without either, what fits a mask is taken');
  const masks = polygons ? 'polygons' : runs ? 'run lengths' : 'auto';
  const settings = { masks, onlyAccepted: accepted } as const;
  let backup: string | null = null;
  const written = await withProject(path.resolve(project), {}, (open) => {
    refuseOwnFile(open, path.resolve(file));
    // An earlier export can be made again; what anybody else wrote cannot.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() && !isOwnExport(file))
      backup = keepBackup(path.resolve(file));
    return exportCoco(open, path.resolve(file), { settings, progress: progressOn(terminal) });
  });
  const kept = backup === null ? [] : [`what stood there is kept as ${backup}`];
  print(
    written,
    { json: options.json, lines: [sentenceOfExport(written, file), ...kept, ...written.stated] },
    terminal,
  );
  terminal.finish(written.annotations > 0 ? exitCode.done : exitCode.nothing);
}

async function backTo({ project, file }: At, options: ExportOptions, terminal: Terminal): Promise<void> {
  const { polygons, runs, accepted, json } = options;
  if (polygons || runs || accepted)
    throw new BadInput('--write-back goes with neither --polygons, --runs nor --accepted: the file keeps what it has');
  const { writeBack } = await import('../jobs/exporting/writeBack.ts');
  const written = await withProject(path.resolve(project), {}, (open) => {
    refuseOwnFile(open, path.resolve(file));
    return writeBack(open, file, progressOn(terminal));
  });
  const kept = `what stood there is kept as ${written.backup}`;
  print(written, { json, lines: [sentenceOfExport(written, file), kept, ...written.stated] }, terminal);
  terminal.finish(written.annotations > 0 ? exitCode.done : exitCode.nothing);
}

async function verify(file: string, options: VerifyOptions, terminal: Terminal): Promise<void> {
  const { verifyCoco } = await import('../jobs/exporting/exporting.ts');
  const check = (open: Project | null) => verifyCoco(open, path.resolve(file), { signal: terminal.signal });
  const report =
    options.project === undefined ? await check(null) : await withProject(path.resolve(options.project), {}, check);
  print(report, { json: options.json, lines: [sentenceOfVerify(report), ...report.problems] }, terminal);
  terminal.finish(report.problems.length === 0 ? exitCode.done : exitCode.nothing);
}

async function withProject<T>(
  file: string,
  options: { create?: boolean },
  work: (open: Project) => Promise<T>,
): Promise<T> {
  const { openChecked } = await import('../jobs/opening/opening.ts');
  const open = await openChecked(file, options);
  try {
    return await work(open);
  } finally {
    open.close();
  }
}

function print(
  value: unknown,
  { json, lines }: { json?: boolean; lines: readonly string[] },
  terminal: Terminal,
): void {
  terminal.print(json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
}

/** A line is printed now and then, as nobody looks at a bar in a log. */
function progressOn({ signal, note }: Terminal): Pick<Progress, 'signal' | 'total' | 'step' | 'resumeAt'> {
  let [done, total, told] = [0, Number.NaN, performance.now()];
  return {
    signal,
    total: (count) => {
      total = count ?? Number.NaN;
    },
    resumeAt: (at) => {
      done = at;
    },
    step: (count = 1) => {
      done += count;
      if (performance.now() - told < REPORT_EVERY_MS) return;
      told = performance.now();
      const of = Number.isNaN(total) ? '' : ` of ${total.toLocaleString('en')}`;
      note(`${done.toLocaleString('en')}${of} shapes\n`);
    },
  };
}
