// `loupe segment`: asks the model about an image file and gives reasoning, boxes and masks, on screen and in files.
import type { Command } from 'commander';
import { inconsistentSentence, onceWords, saysNone, unlikeWords } from '../contract/answer.ts';
import { BadInput } from '../contract/badInput.ts';
import { compress } from '../contract/cocoMask.ts';
import type { Frame } from '../contract/geometry.ts';
import { inPicture } from '../contract/reasoning.ts';
import type { Box, Mask, Point, Prompt } from '../contract/records.ts';
import { maskArea, unionOf } from '../contract/rle.ts';
import { exitCode } from '../failure.ts';
import type { Proposal } from '../flow/predictor.ts';
import type { ImageFile } from '../pictures/image.ts';
import type { Terminal } from '../terminal.ts';
import { numberBetween, parseBox, parsePoint, parseSeed, wholeNumber } from './arguments/options.ts';
import { prepareFolder } from './arguments/outFolder.ts';
import { openPredictor, type WeightsOptions, weightsOptions } from './arguments/weights.ts';
import { printable, ReasoningStream } from './reasoningStream.ts';

const MOST_SAMPLES = 64;
const MOST_CHARACTERS = 4000;

export interface SegmentOptions extends WeightsOptions {
  readonly prompt: string;
  readonly out: string;
  readonly json?: boolean;
  readonly samples?: number;
  readonly box?: Box;
  readonly point?: Point[];
  readonly seed?: number;
  readonly temperature?: number;
}

/** One run as it is reported: what was found, by what, in which times (milliseconds). */
interface Outcome {
  readonly image: ImageFile;
  readonly proposal: Proposal;
  /** What there is to say of how many answers were drawn; null: as many as were asked for. */
  readonly once: string | null;
  readonly device: string;
  readonly timings: Readonly<Record<string, number>>;
}

export function addSegment(program: Command, terminal: Terminal): void {
  const command = program
    .command('segment')
    .description('find what a sentence describes: prints the reasoning, writes overlay.png, mask.png and coco.json')
    .argument('<image>', 'JPEG, PNG, WebP, TIFF, GIF, AVIF or SVG file')
    .requiredOption('--prompt <text>', 'what to segment, in words')
    .option('--out <folder>', 'where the three files go', 'out')
    .option('--json', 'print one JSON document instead of text')
    .option('--samples <count>', 'answers to draw, the best one counts', wholeNumber(1, MOST_SAMPLES))
    .option('--box <x1,y1,x2,y2>', 'box around it, in image pixels', parseBox)
    .option('--point <x,y[,+|-]>', 'point on it (+) or off it (-), in image pixels; may be repeated', parsePoint)
    .option('--seed <number>', 'seed of the draws', parseSeed)
    .option('--temperature <number>', '0 takes the likeliest word each time', numberBetween(0, 10));
  weightsOptions(command).action((file: string, options: SegmentOptions) => segment(file, options, terminal));
}

/** Finishes with `nothing` where the model found nothing that matches. */
async function segment(file: string, options: SegmentOptions, terminal: Terminal): Promise<void> {
  const prompt = toPrompt(options);
  // Loaded late: no other command needs sharp before it has work.
  const [{ decodeImage }, { writeAnswerFiles }] = await Promise.all([
    import('../pictures/image.ts'),
    import('./answerFiles.ts'),
  ]);
  const started = performance.now();
  const image = await decodeImage(file);
  const decodeMs = performance.now() - started;
  refuseOutside(prompt, image);
  await prepareFolder(options.out);
  const { loadMs, device, proposal } = await propose(image, prompt, { options, terminal });
  const outcome = {
    image,
    proposal,
    once: onceOf(proposal, options),
    device,
    timings: { decodeMs, loadMs, ...proposal.timings },
  };
  const files = await writeAnswerFiles(options.out, { image, prompt: prompt.text, proposal });
  terminal.print(options.json ? asJson(outcome) : asText(outcome, files));
  terminal.finish(isFound(proposal) ? exitCode.done : exitCode.nothing);
}

function toPrompt({ prompt, box, point }: SegmentOptions): Prompt {
  const text = prompt.trim();
  if (text === '') throw new BadInput('the prompt is empty; --prompt takes what to segment, in words');
  if (text.length > MOST_CHARACTERS) {
    throw new BadInput(`the prompt is ${text.length} characters long; at most ${MOST_CHARACTERS} are read`);
  }
  return { text, box, points: point };
}

function refuseOutside({ box, points = [] }: Prompt, { file, width, height }: Frame & { file: string }): void {
  const frame = `${file} (${width} x ${height} pixels)`;
  if (box && (box.x1 < 0 || box.y1 < 0 || box.x2 > width || box.y2 > height)) {
    throw new BadInput(`box ${box.x1},${box.y1},${box.x2},${box.y2} reaches outside ${frame}`);
  }
  const stray = points.find(({ x, y }) => x < 0 || y < 0 || x >= width || y >= height);
  if (stray) throw new BadInput(`point ${stray.x},${stray.y} lies outside ${frame}`);
}

interface SegmentCall {
  readonly options: SegmentOptions;
  readonly terminal: Terminal;
}

async function propose(image: ImageFile, prompt: Prompt, { options, terminal }: SegmentCall) {
  const started = performance.now();
  const predictor = await openPredictor(options, terminal);
  const loadMs = performance.now() - started;
  try {
    terminal.signal.throwIfAborted();
    const { samples, seed, temperature } = options;
    const onText = options.json
      ? undefined
      : streamTo(terminal, (text) => inPicture(text, predictor.frameOf(image), image));
    const settings = { samples, seed, temperature, signal: terminal.signal, onText };
    return { loadMs, device: predictor.device, proposal: await predictor.predict(image, prompt, settings) };
  } finally {
    await predictor.release();
  }
}

/** The first of several answers is shown as it is written, its coordinates in picture pixels. */
function streamTo(terminal: Terminal, shown: (text: string) => string): (piece: string, candidate: number) => void {
  const stream = new ReasoningStream(shown);
  return (piece, candidate) => {
    if (candidate > 0) return;
    const free = stream.push(piece);
    if (free !== '') terminal.print(free);
  };
}

/** Words that the model does not know are told of by themselves. */
const onceOf = ({ candidates, answer }: Proposal, { samples = 1 }: SegmentOptions): string | null =>
  samples > 1 && !candidates && !answer.unknownWords ? onceWords(samples) : null;

const isFound = ({ objects }: Proposal): boolean => objects.length > 0;

const maskAsJson = (mask: Mask) => ({ counts: compress(mask), size: mask.size });

/** The mask of all objects, and the box around them; nulls where there are none. */
function wholeOf({ objects }: Proposal): { box: Box | null; mask: Mask | null; area: number } {
  const mask = unionOf(objects.map((object) => object.mask));
  const edge = (pick: (...values: number[]) => number, side: keyof Box) => pick(...objects.map(({ box }) => box[side]));
  if (mask === null) return { box: null, mask, area: 0 };
  const box = {
    x1: edge(Math.min, 'x1'),
    y1: edge(Math.min, 'y1'),
    x2: edge(Math.max, 'x2'),
    y2: edge(Math.max, 'y2'),
  };
  return { box, mask, area: maskArea(mask) };
}

/** Masks as COCO writes them: compressed runs and [height, width]. `box`, `mask` and `area` are of all objects together. */
function asJson({ image, proposal, once, device, timings }: Outcome): string {
  const { answer, frame, objects, rewards } = proposal;
  const { box, mask, area } = wholeOf(proposal);
  const found = {
    answer: isFound(proposal) ? 'found' : 'nothing',
    reasoning: inPicture(answer.reasoning, frame, image),
    ...(answer.unlikePicture && { unlikePicture: true }),
    ...(isInconsistent(proposal) && { inconsistent: true }),
    ...(once !== null && { note: once }),
    ...(answer.unknownWords && { unknownWords: answer.unknownWords }),
    objects: objects.map((one) => ({ ...one, mask: maskAsJson(one.mask), area: maskArea(one.mask) })),
    box,
    mask: mask && maskAsJson(mask),
    area,
    rewards,
    device,
    timings,
  };
  return `${JSON.stringify(found)}\n`;
}

const isInconsistent = ({ found, answer }: Proposal): boolean => found === 'objects' && saysNone(answer.reasoning);

const edges = ({ x1, y1, x2, y2 }: Box): string => [x1, y1, x2, y2].map((edge) => Math.round(edge)).join(', ');

/** One line for one object; where there are several, one line for each and one for all. */
function foundLines({ objects }: Proposal, area: string): [string, string][] {
  const [only, ...more] = objects;
  if (!only)
    return [
      ['box', 'none'],
      ['area', area],
    ];
  if (more.length === 0)
    return [
      ['box', edges(only.box)],
      ['area', area],
    ];
  const each = objects.map(({ box, mask, label, score }, i): [string, string] => {
    const name = label === undefined ? '' : `${printable(label)}, `;
    const sure = score === undefined ? '' : `, score ${score.toFixed(2)}`;
    return [`box ${i + 1}`, `${edges(box)} (${name}${maskArea(mask)} pixels${sure})`];
  });
  return [...each, ['area', `${area}, all together`]];
}

function asText(outcome: Outcome, files: readonly string[]): string {
  const { image, proposal, once, device, timings } = outcome;
  const { answer, frame, objects, rewards } = proposal;
  const { area } = wholeOf(proposal);
  const share = ((100 * area) / (image.width * image.height)).toFixed(1);
  const several = objects.length > 1 ? `found ${objects.length}` : 'found';
  const notKnown = answer.unknownWords && `not asked: unknown ${answer.unknownWords.join(', ')}`;
  const lines = [
    ['answer', isFound(proposal) ? several : (notKnown ?? 'nothing matches')],
    ...(answer.unlikePicture ? [['but', unlikeWords(isFound(proposal))]] : []),
    ...(isInconsistent(proposal) ? [['but', inconsistentSentence]] : []),
    ...(once !== null ? [['note', once]] : []),
    ...foundLines(proposal, `${area} pixels (${share} %)`),
    [
      'rewards',
      Object.entries(rewards)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ['device', device],
    [
      'timings',
      Object.entries(timings)
        .map(([name, ms]) => `${name} ${Math.round(ms)}`)
        .join(', '),
    ],
    ['files', files.join(', ')],
  ];
  // Words that the model does not know were not asked, and an answer without reasoning tags streamed nothing.
  const unasked = answer.unknownWords ? answer.reasoning : '';
  const unstreamed = inPicture(answer.reasoning === '' ? answer.text : unasked, frame, image);
  return `${printable(unstreamed)}\n\n${lines.map(([name, value]) => `${name?.padEnd(9)}${value}`).join('\n')}\n`;
}
