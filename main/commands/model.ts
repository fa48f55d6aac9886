// `loupe model`: the catalogue and what lies on this machine; download and import add, verify looks again, remove forgets.
import { totalmem } from 'node:os';
import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Job } from '../contract/jobs.ts';
import { exitCode } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import type { CatalogueModel, InstalledModel } from '../weights/catalogue.ts';
import { wholeNumber } from './arguments/options.ts';

interface ListOptions {
  readonly json?: boolean;
}

interface DownloadOptions {
  readonly mirror?: readonly string[];
}

interface VersionOptions {
  readonly number?: number;
}

interface QuantiseOptions {
  readonly bits: '4' | '8' | '16';
  readonly block: '32' | '128';
}

export function addModel(program: Command, terminal: Terminal): void {
  const model = program.command('model').description('models of this machine, and those that could be');
  model
    .command('list')
    .description('what is there, and the catalogue with size, licence and memory')
    .option('--json', 'one JSON document')
    .action((options: ListOptions) => list(options, terminal));
  model
    .command('download')
    .description('fetch a model of the catalogue into the cache of the Hub; goes on where it was stopped')
    .argument('<name>')
    .option('--mirror <address...>', 'other addresses of the Hub, asked when its own fails')
    .action((name: string, options: DownloadOptions) => downloadNamed(name, options, terminal));
  model
    .command('import')
    .description('recognise what lies in a folder or file by its tensors; it stays where it is')
    .argument('<place>')
    .option('--name <name>', 'what to call it; default: the name of the folder or file')
    .action((place: string, options: { name?: string }) => importNamed(place, options, terminal));
  model
    .command('verify')
    .description('open every model that was imported, or one, once more')
    .argument('[name]')
    .action((name: string | undefined) => verify(name, terminal));
  model
    .command('quantise')
    .description(
      'write the weights of a checkpoint in 4, 8 or 16 bits beside it; 4 and 8 are faster and smaller on a processor, 16 halves float32; checked against the source',
    )
    .argument('<folder>')
    .addOption(new Option('--bits <bits>', 'bits a weight').choices(['4', '8', '16']).default('4'))
    .addOption(
      new Option('--block <columns>', 'columns that share a scale, in 4 and 8 bits')
        .choices(['32', '128'])
        .default('32'),
    )
    .action((folder: string, options: QuantiseOptions) => quantise(folder, options, terminal));
  addVersions(model, terminal);
  model
    .command('remove')
    .description('forget a model; its files stay')
    .argument('<name>')
    .action((name: string) => remove(name, terminal));
}

/** What was taught, or trained elsewhere as an adapter, for other programs and machines. */
function addVersions(model: Command, terminal: Terminal): void {
  const taught = (name: string, description: string) =>
    model
      .command(name)
      .description(description)
      .argument(
        '<place>',
        'a project whose weights in use were taught, or a folder of an adapter or of a taught version',
      )
      .argument('<folder>', 'a new one')
      .option('--number <number>', 'of the project, as "loupe weights list" has it', wholeNumber(1, 2 ** 31));
  taught('adapter', 'write the low-rank update that was taught as a folder of peft’s').action(
    (place: string, to: string, options: VersionOptions) => adapterOut(place, { to, ...options }, terminal),
  );
  taught('merge', 'write one whole checkpoint with all that was taught in it').action(
    (place: string, to: string, options: VersionOptions) => mergeOut(place, { to, ...options }, terminal),
  );
}

/** Loaded late: other commands must not wait for what opens weights. */
async function rooms() {
  const [catalogue, { damaged }, { recogniseModel }, { foldersBelow }] = await Promise.all([
    import('../weights/catalogue.ts'),
    import('../weights/hub/hubCache.ts'),
    import('../flow/recogniseModel.ts'),
    import('../settings.ts'),
  ]);
  return { ...catalogue, damaged, recogniseModel, config: foldersBelow(process.env.LOUPE_HOME).config };
}

async function list({ json }: ListOptions, terminal: Terminal): Promise<void> {
  const { readCatalogue, readInstalled, config } = await rooms();
  const [catalogue, installed] = await Promise.all([readCatalogue(config), readInstalled(config)]);
  if (json) return terminal.print(`${JSON.stringify({ installed, catalogue }, null, 2)}\n`);
  const here = installed.map(hereLine);
  terminal.print(`On this machine:\n${here.length > 0 ? here.join('') : '  none but loupe-nano\n'}\n`);
  terminal.print(`Catalogue (this machine has ${gigabytes(totalmem())} of memory):\n`);
  terminal.print(catalogue.map((model) => catalogueLine(model, totalmem())).join(''));
}

const hereLine = ({ name, kind, detail, place }: InstalledModel): string =>
  `  ${name}  ${kind} (${detail})  ${place}\n`;

const gigabytes = (bytes: number): string =>
  bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

export function catalogueLine(model: CatalogueModel, total: number): string {
  const { id, kind, bytes, memory, quantisedMemory, licence, note } = model;
  const fits = (need: number) => (need <= total ? 'fits' : 'does not fit');
  const small = quantisedMemory ? `, in 4 bits about ${gigabytes(quantisedMemory)}, ${fits(quantisedMemory)}` : '';
  const need = `needs ${gigabytes(memory)}, ${fits(memory)}${small}`;
  const columns = [id.padEnd(22), kind.padEnd(9), gigabytes(bytes).padStart(7), need];
  return `  ${columns.join('  ')}; ${licence}${note === undefined ? '' : ` (${note})`}\n`;
}

/** The licence is printed before anything is fetched. */
async function downloadNamed(id: string, { mirror = [] }: DownloadOptions, terminal: Terminal): Promise<void> {
  const [{ catalogued, download }, { Meter }, { foldersBelow }] = await Promise.all([
    import('../jobs/models/downloading.ts'),
    import('../jobs/queue/queue.ts'),
    import('../settings.ts'),
  ]);
  const { config, data } = foldersBelow(process.env.LOUPE_HOME);
  const { title, licence, bytes, memory } = await catalogued(config, id);
  terminal.note(`${title}: about ${gigabytes(bytes)}, needs ${gigabytes(memory)} of memory; licence: ${licence}\n`);
  const meter = new Meter(terminal.signal, (fields) => terminal.note(`\r${downloaded(fields)}   `));
  const work = { id, config, data, env: process.env, mirrors: mirror };
  // What went wrong stands on a line of its own as well.
  const { kind, detail, place } = await download(work, meter).finally(() => terminal.note('\n'));
  terminal.print(`${id}: ${kind} (${detail})  ${place}\n`);
}

/** "1.2 GB of 7.5 GB, 210 s left". */
export function downloaded({ done = 0, total, secondsLeft }: Partial<Job>): string {
  const far = total === null || total === undefined ? gigabytes(done) : `${gigabytes(done)} of ${gigabytes(total)}`;
  return typeof secondsLeft === 'number' ? `${far}, ${Math.ceil(secondsLeft)} s left` : far;
}

async function importNamed(place: string, { name }: { name?: string }, terminal: Terminal): Promise<void> {
  const [{ importModel }, { foldersBelow }] = await Promise.all([
    import('../jobs/models/importModel.ts'),
    import('../settings.ts'),
  ]);
  const model = await importModel(foldersBelow(process.env.LOUPE_HOME).config, place, name);
  terminal.print(`${model.name}: ${model.kind} (${model.detail})\n`);
}

async function verify(name: string | undefined, terminal: Terminal): Promise<void> {
  const { readInstalled, recogniseModel, damaged, config } = await rooms();
  const wanted = (await readInstalled(config)).filter((model) => name === undefined || model.name === name);
  if (wanted.length === 0) terminal.note(`${name ?? 'Nothing'} is not among the imported models\n`);
  let isBad = wanted.length === 0 && name !== undefined;
  for (const model of wanted) {
    // Damage first: a damaged file is seldom read as what it was, and then its tensors say nothing of what to do.
    const problem =
      (await damaged(model.place)) ??
      (await recogniseModel(model.place).then(
        ({ kind }) => (kind === model.kind ? null : `is now a ${kind}`),
        (error: Error) => error.message,
      ));
    isBad ||= problem !== null;
    terminal.print(`${model.name}: ${problem ?? 'good'}\n`);
  }
  if (isBad) terminal.finish(exitCode.nothing);
}

async function quantise(folder: string, { bits, block }: QuantiseOptions, terminal: Terminal): Promise<void> {
  const { quantiseCheckpoint } = await import('../jobs/models/quantising.ts');
  const { quantisedName } = await import('../weights/openCheckpoint.ts');
  const task = { folder, bits: bitsOf[bits], block: block === '32' ? 32 : 128 } as const;
  const written = await quantiseCheckpoint(task, (done, total) =>
    terminal.note(`${done} of ${total} weights written and checked\n`),
  );
  terminal.print(
    `${path.join(folder, quantisedName)}: ${written} weights in ${bits} bits; they are used from now on\n`,
  );
}

const bitsOf = { '4': 4, '8': 8, '16': 16 } as const;

interface Output extends VersionOptions {
  readonly to: string;
}

/** The folder itself, or that of a project's version. */
async function taughtFolder(place: string, { number }: VersionOptions): Promise<string> {
  const [{ BadInput }, { folderOf, versionInUse, versionOf }, { openChecked }] = await Promise.all([
    import('../contract/badInput.ts'),
    import('../jobs/teaching/teaching.ts'),
    import('../jobs/opening/opening.ts'),
  ]);
  if (!place.endsWith('.loupe')) {
    if (number !== undefined) throw new BadInput('--number is of a project (a .loupe file)');
    return path.resolve(place);
  }
  const project = await openChecked(place);
  try {
    const version = number === undefined ? versionInUse(project) : versionOf(project, number);
    if (version) return folderOf(project, version);
    throw new BadInput(`${place}: uses no weights that it taught; "loupe weights list" names them`);
  } finally {
    project.close();
  }
}

async function adapterOut(place: string, { to, ...options }: Output, terminal: Terminal): Promise<void> {
  const { exportAdapter } = await import('../weights/mergeCheckpoint.ts');
  const { base, left } = await exportAdapter(await taughtFolder(place, options), path.resolve(to));
  terminal.print(`${to}: an adapter of ${base}\n`);
  if (left > 0)
    terminal.note(
      `${left} tensors of the mask decoder and context module learnt as a whole and are not in it; "loupe model merge" keeps them\n`,
    );
}

async function mergeOut(place: string, { to, ...options }: Output, terminal: Terminal): Promise<void> {
  const { mergeCheckpoint } = await import('../weights/mergeCheckpoint.ts');
  const every = 50;
  const onProgress = (done: number, total: number) => {
    if (done % every === 0 || done === total) terminal.note(`${done} of ${total} tensors written\n`);
  };
  await mergeCheckpoint(await taughtFolder(place, options), path.resolve(to), { onProgress });
  terminal.print(`${to}: one whole checkpoint\n`);
}

async function remove(name: string, terminal: Terminal): Promise<void> {
  const { removeInstalled, config } = await rooms();
  const { place } = await removeInstalled(config, name);
  terminal.print(`${name} is forgotten; its files stay in ${place}\n`);
}
