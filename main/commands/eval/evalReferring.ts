// `loupe eval refcoco` and its like: asks the published sets, as they lie on disk, sentence by sentence and prints the papers' figures.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { BadInput } from '../../contract/badInput.ts';
import { type Expression, type ExpressionSet, type ReferringSet, referringSets } from '../../evaluate/expressions.ts';
import type { ReferringAccuracy, ReferringFigures } from '../../evaluate/referring.ts';
import { exitCode } from '../../failure.ts';
import type { Terminal } from '../../terminal.ts';
import { wholeNumber } from '../arguments/options.ts';
import { openPredictor, type WeightsOptions, weightsOptions } from '../arguments/weights.ts';

interface ReferringOptions extends WeightsOptions {
  readonly split: string;
  readonly images?: string;
  readonly sentences?: string;
  readonly items?: string;
  readonly most?: number;
  readonly json?: boolean;
}

const about: Readonly<Record<ReferringSet, { what: string; splits: readonly string[] }>> = {
  refcoco: {
    what: 'RefCOCO: the folder of refs(unc).p and instances.json',
    splits: ['val', 'testA', 'testB', 'train'],
  },
  'refcoco+': { what: 'RefCOCO+: as refcoco', splits: ['val', 'testA', 'testB', 'train'] },
  refcocog: { what: 'RefCOCOg: the folder of refs(umd).p and instances.json', splits: ['val', 'test', 'train'] },
  reasonseg: { what: 'ReasonSeg: the folder of train, val and test', splits: ['val', 'test', 'train'] },
  groundingsuite: { what: 'GroundingSuite-Eval: its jsonl file', splits: ['dev'] },
};

/** What another program wrote of each reference can be asked in place of what people wrote. */
const setsOfReferences: readonly ReferringSet[] = ['refcoco', 'refcoco+', 'refcocog'];

export function addReferring(evaluation: Command, terminal: Terminal): void {
  for (const set of referringSets) {
    const { what, splits } = about[set];
    const command = evaluation
      .command(set)
      .description(`${what}; gIoU, cIoU and box accuracy as the papers count them, and more strictly beside it`)
      .argument('<data>', 'where the set lies')
      .addOption(new Option('--split <name>', 'part of the set').choices(splits).default(splits[0]))
      .option('--images <folder>', 'where its pictures lie; default: where the set has them')
      .option('--items <file>', 'a line for each sentence; a run that was stopped goes on with it')
      .option('--most <count>', 'the first so many sentences alone', wholeNumber(1, 1_000_000))
      .option('--json', 'print one JSON document instead of a table');
    if (setsOfReferences.includes(set))
      command.option('--sentences <file>', 'sentences by reference that are asked in place of the set’s own (JSON)');
    weightsOptions(command).action((data: string, options: ReferringOptions) =>
      evalReferring(set, data, { options, terminal }),
    );
  }
}

interface ReferringCall {
  readonly options: ReferringOptions;
  readonly terminal: Terminal;
}

async function evalReferring(set: ReferringSet, data: string, { options, terminal }: ReferringCall): Promise<void> {
  const { leftOut, ...whole } = await readSet(set, data, options);
  const expressions = whole.expressions.slice(0, options.most);
  await refuseMissing(expressions);
  const [{ evaluateReferring }, { decodeImage }] = await Promise.all([
    import('../../evaluate/referring.ts'),
    import('../../pictures/image.ts'),
  ]);
  const predictor = await openPredictor(options, terminal);
  try {
    const weights = [predictor.name, predictor.segmenterName].filter((name) => name !== null).join(' with ');
    const by = options.sentences === undefined ? '' : ` as said in ${path.basename(options.sentences)}`;
    const named = `${set} ${options.split}`;
    const figures = await evaluateReferring(predictor, expressions, {
      ...{ set: `${named}${by}`, weights: `${weights}, ${path.resolve(options.weights)}`, signal: terminal.signal },
      items: path.resolve(options.items ?? `loupe-eval-${set}-${options.split}.jsonl`),
      ...{ read: decodeImage, leftOut },
      progress: (done, of, left) => terminal.note(`\r${done} of ${of} sentences${leftWords(left)}   `),
    });
    terminal.note('\n');
    refuseUnmeasured(figures);
    if (figures.failed.length > 0) terminal.finish(exitCode.nothing);
    terminal.print(
      options.json ? `${JSON.stringify({ set: named, weights, ...figures })}\n` : referringTable(named, figures),
    );
  } finally {
    await predictor.release();
  }
}

const leftWords = (seconds: number): string => (seconds < 1 ? '' : `, ${Math.ceil(seconds / 60)} min left`);

async function readSet(set: ReferringSet, data: string, options: ReferringOptions): Promise<ExpressionSet> {
  const placeOf = (name: string | undefined) => (name === undefined ? null : path.resolve(name));
  const [images, sentences] = [placeOf(options.images), placeOf(options.sentences)];
  const source = { set, data: path.resolve(data), split: options.split, images, sentences };
  for (const place of [source.data, source.sentences ?? source.data])
    if (!(await stat(place).catch(() => null))) throw new BadInput(`${place}: there is no such file or folder`);
  if (set === 'reasonseg') return (await import('../../evaluate/referringFiles.ts')).readReasonSegSet(source);
  if (set === 'groundingsuite') return (await import('../../evaluate/referringFiles.ts')).readGroundingSuiteSet(source);
  return (await import('../../evaluate/refCoco.ts')).readRefer(source);
}

/** Hours of asking are not begun where the pictures are elsewhere. One that is missing among others is told with its sentences. */
async function refuseMissing(expressions: readonly Expression[]): Promise<void> {
  for (const picture of new Set(expressions.map((one) => one.picture)))
    if (await stat(picture).catch(() => null)) return;
  const [first] = expressions;
  if (first) throw new BadInput(`${first.picture}: is not there; --images names the folder of the pictures`);
}

/** Figures of no sentence are none. */
function refuseUnmeasured({ count, failed }: ReferringFigures): void {
  if (count === 0)
    throw new BadInput(`no sentence could be measured: ${failed.length} left out; the first: ${failed[0]}`);
}

export function referringTable(
  set: string,
  { count, papers, strict, kinds, unreadable, medianMs, failed }: ReferringFigures,
) {
  const heads = [set, 'sentences', 'gIoU', 'cIoU', 'box>=0.5', 'box IoU'];
  const row = (name: string, some: number, one: ReferringAccuracy): string[] => [
    ...[name, String(some)],
    ...[one.gIoU, one.cIoU, one.box50, one.boxIoU].map((share) => share.toFixed(3)),
  ];
  const rows = [
    row('as in the papers', count, papers),
    row('more strictly', count, strict),
    ...Object.entries(kinds).map(([kind, one]) => row(`  ${kind}`, one.count, one)),
  ];
  const lines = [heads, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(22), ...cells.map((cell) => cell.padStart(10))].join('').trimEnd(),
  );
  const told = `${unreadable} answers cannot be read; median ${medianMs.toFixed(0)} ms`;
  const left = failed.map((line) => `left out: ${line}\n`).join('');
  const fewer = `these figures are not of the whole set: ${failed.length} left out, ${count} measured\n`;
  return `${lines.join('\n')}\n${told}\n${failed.length > 0 ? fewer : ''}${left}`;
}
