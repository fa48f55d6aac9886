// Reads what a weights folder says about how it wants to be asked as one typed recipe; holds a row for each published system.
import { z } from 'zod';
import { templateNames } from '../../models/qwen/chat.ts';
import type { Framing } from '../../models/qwen/processor.ts';

const count = z.int().min(1).max(65_536);
const side = z.int().min(28).max(4096);

const FramingFile = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('smart') }),
  z.strictObject({ kind: z.literal('longest'), side }),
  z.strictObject({ kind: z.literal('square'), side, filter: z.enum(['bilinear', 'bicubic']) }),
]) satisfies z.ZodType<Framing>;

const Sampling = z.strictObject({
  temperature: z.number().min(0).max(10).optional(),
  topK: count.optional(),
  topP: z.number().min(0).max(1).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().min(0.1).max(10).optional(),
});

/** What a text is read by; `answer.ts` in flow has one reader for each. */
export const parsers = ['first box', 'loupe', 'seg zero', 'vision reasoner', 'grounding'] as const;
export type Parser = (typeof parsers)[number];
/** Readers whose objects have clicks beside their boxes. */
const withPoints: readonly Parser[] = ['seg zero', 'vision reasoner'];

const ReasonerRecipe = z.strictObject({
  /** By the name of the table in models/qwen/chat.ts: system text, words around the question, what is done to it first. */
  template: z.enum(templateNames),
  framing: FramingFile,
  /** Limits of the smart size. */
  pixels: z.strictObject({ least: z.int().min(1), most: z.int().min(1) }),
  /** For one answer, and for one of several. */
  sampling: z.strictObject({ one: Sampling, several: Sampling }),
  answerTokens: count,
  /** Limit of prompt and answer together. Null: no such limit. */
  totalTokens: count.nullable(),
  /**
   * Where picture and question leave fewer than `below` of the total, which no picture of a published evaluation did, the answer
   * has `tokens`, as in the published demo. Left out: the total counts, whatever is left.
   */
  crowded: z.strictObject({ below: count, tokens: count }).optional(),
  parser: z.enum(parsers),
  /** `frame`: pixels of the picture as the reasoner sees it; `thousandths` of either side. */
  coordinates: z.enum(['frame', 'thousandths']),
  /**
   * How the context queries are read. `continued`: they go on where the answer ends; `reread`: prompt and answer are read
   * again with positions in one line, as LENS was released. Null: there are none.
   */
  queries: z.enum(['continued', 'reread']).nullable(),
  /** Words that it has read and that name nothing it can find; all others must be in its tokenizer. Left out: any word goes. */
  vocabulary: z.strictObject({ unfindable: z.array(z.string().min(1)).max(10_000) }).optional(),
});

const SegmenterRecipe = z.strictObject({
  /** `squash`: the picture fills the square; `keep`: its longest side does, and zeros the rest. */
  aspect: z.enum(['squash', 'keep']),
  resize: z.enum(['pillow', 'opencv', 'float', 'floatPlain']),
  /** What an answer gives the segmenter. */
  prompts: z.array(z.enum(['context', 'box', 'points'])).min(1),
  /** Points that it was trained with, empty ones told to be none. Null: as many as there are. */
  slots: z.int().min(2).max(64).nullable(),
  /** Whether box and clicks are drawn on the rough mask as well. */
  promptMap: z.boolean(),
  /** `stable`: mask 0 unless it is unstable; `best`: of the three alternatives the one it thinks best of. */
  choice: z.enum(['stable', 'best']),
  /** Whether outlines are moved to the edges of the picture, beyond what the decoder's grid can say. */
  followsEdges: z.boolean(),
  /** The part that it looks at, in multiples of the box's longer side, and where clicks are looked for. Null: all of it. */
  crop: z
    .strictObject({
      context: z.number().min(1).max(8),
      search: z.array(z.number().positive().max(1)).min(1).max(8),
    })
    .nullable(),
});

const Recipe = z.strictObject({ reasoner: ReasonerRecipe, segmenter: SegmenterRecipe });
export type Recipe = z.infer<typeof Recipe>;
export type ReasonerRecipe = Recipe['reasoner'];
export type SegmenterRecipe = Recipe['segmenter'];

/** LENS's limit of pixels, and with it that of everything that is built on it. */
const pixels = { least: 3136, most: 1_000_000 };
const several = { temperature: 0.9, topK: 50, topP: 0.9 };
const square840 = { kind: 'square', side: 840, filter: 'bilinear' } as const;

const lensReasoner: ReasonerRecipe = {
  ...{ template: 'pr1_grounding', framing: { kind: 'smart' }, pixels, answerTokens: 768, totalTokens: 768 },
  crowded: { below: 64, tokens: 256 },
  sampling: { one: { repetitionPenalty: 1.05 }, several },
  ...{ parser: 'first box', coordinates: 'frame', queries: 'reread' },
};
/** One context token and nothing else; mask 0 unless it is unstable. */
const lensSegmenter: SegmenterRecipe = {
  ...{ aspect: 'squash', resize: 'pillow', prompts: ['context'], slots: null, promptMap: false },
  ...{ choice: 'stable', followsEdges: false, crop: null },
};
const longest640 = { kind: 'longest', side: 640 } as const;
/** SAM 2's own predictor, best of three masks. */
const predictor: SegmenterRecipe = {
  ...{ aspect: 'squash', resize: 'float', prompts: ['box', 'points'], slots: null, promptMap: false },
  ...{ choice: 'best', followsEdges: false, crop: null },
};
/** SAM 1's own: the picture keeps its aspect; best of three masks. */
export const samPredictor: SegmenterRecipe = { ...predictor, aspect: 'keep', resize: 'pillow' };
const segZeroReasoner: ReasonerRecipe = {
  ...{ template: 'seg_zero', framing: square840, pixels, answerTokens: 1024, totalTokens: null },
  sampling: { one: {}, several: { temperature: 1 } },
  ...{ parser: 'seg zero', coordinates: 'frame', queries: null },
};

/** Nouns of nano's phrases ("would a person wear it?") that none of its things is called by. */
const UNFINDABLE =
  `arms bamboo bat beach beam beard beetle body books box bun camp caterpillar chest child coffee corner door
  ears engine eyes family farm feathers fields flesh friend garden glass hand handle head hole home honey hospital jaws king
  lady lamp leaves legs letter letters milk moon movies music neck nest net ocean people person plant pond popcorn rails rain
  rider ring rings rivers road rotor saddle sand sausage school screen skin skirt sky spines sticks strings sun table tea thorns
  trunk water waves wax wheels wind wings winner wood wool worker wrist`.split(/\s+/u);

/** Every published system, and the embedded model. */
export const recipes = {
  nano: {
    reasoner: {
      ...{ template: 'loupe', framing: { kind: 'square', side: 224, filter: 'bilinear' }, pixels },
      // An answer lists at most a dozen things; beyond this it has lost its way.
      ...{ sampling: { one: {}, several }, answerTokens: 224, totalTokens: null },
      ...{ parser: 'loupe', coordinates: 'frame', queries: 'continued' },
      vocabulary: { unfindable: UNFINDABLE },
    },
    segmenter: {
      ...{ aspect: 'squash', resize: 'pillow', prompts: ['context', 'box'], slots: 4, promptMap: true },
      ...{ choice: 'stable', followsEdges: true, crop: null },
    },
  },
  'lens-released': { reasoner: lensReasoner, segmenter: lensSegmenter },
  'lens-reasonseg': {
    reasoner: { ...lensReasoner, framing: longest640 },
    segmenter: { ...lensSegmenter, resize: 'opencv' },
  },
  'lens-reasonseg-cot': {
    reasoner: { ...lensReasoner, framing: longest640, template: 'samr1_v4' },
    segmenter: { ...lensSegmenter, resize: 'opencv' },
  },
  // Qwen2-VL names places in thousandths.
  'lens-2b-released': { reasoner: { ...lensReasoner, coordinates: 'thousandths' }, segmenter: lensSegmenter },
  'lens-loupe': {
    reasoner: {
      ...{ ...lensReasoner, template: 'lens_loupe', answerTokens: 768, totalTokens: null, parser: 'loupe' },
      ...{ sampling: { one: {}, several }, crowded: undefined, queries: 'continued' },
    },
    segmenter: { ...lensSegmenter, prompts: ['context', 'box'] },
  },
  'seg-zero': { reasoner: segZeroReasoner, segmenter: predictor },
  'vision-reasoner': {
    reasoner: { ...segZeroReasoner, template: 'vision_reasoner', parser: 'vision reasoner', answerTokens: 2000 },
    segmenter: predictor,
  },
  'qwen-zero-shot': {
    reasoner: {
      ...{ ...segZeroReasoner, template: 'grounding', framing: { kind: 'smart' }, parser: 'grounding' },
      sampling: { one: { repetitionPenalty: 1.05 }, several },
    },
    segmenter: { ...predictor, prompts: ['box'] },
  },
} satisfies Record<string, Recipe>;
export type RecipeName = keyof typeof recipes;

const Changed = z.strictObject({
  base: z.string(),
  reasoner: ReasonerRecipe.partial().default({}),
  segmenter: SegmenterRecipe.partial().default({}),
});

/** A recipe by its name, or by the name of one and what is different; throws one sentence. */
export function recipeFrom(json: unknown): Recipe {
  if (typeof json === 'string') return named(json);
  const changed = Changed.safeParse(json);
  if (!changed.success) throw new Error(`its recipe cannot be used: ${z.prettifyError(changed.error)}`);
  const { base, reasoner, segmenter } = changed.data;
  const known = named(base);
  return agreeing({
    reasoner: { ...known.reasoner, ...reasoner },
    segmenter: { ...known.segmenter, ...segmenter },
  });
}

function named(name: string): Recipe {
  if (Object.hasOwn(recipes, name)) return recipes[name as RecipeName];
  throw new Error(`its recipe "${name}" is not known; there are ${Object.keys(recipes).join(', ')}.`);
}

/** What a recipe asks for must be what it can have. */
function agreeing(recipe: Recipe): Recipe {
  const { parser, queries, totalTokens, answerTokens, pixels: limit } = recipe.reasoner;
  const { prompts, aspect, crop, followsEdges } = recipe.segmenter;
  const has = (prompt: (typeof prompts)[number]) => prompts.includes(prompt);
  const complaints: [boolean, string][] = [
    [has('context') && queries === null, 'the segmenter is given a context token, but there are no queries'],
    [!has('context') && queries !== null, 'there are queries, but the segmenter is given no context token'],
    [has('points') && !withPoints.includes(parser), `the segmenter is given points, which "${parser}" does not read`],
    [totalTokens !== null && totalTokens < answerTokens, `an answer of ${answerTokens} in ${totalTokens} tokens`],
    [limit.most < limit.least, `at least ${limit.least} and at most ${limit.most} pixels`],
    [aspect === 'keep' && followsEdges, 'outlines follow edges only where the aspect is not kept'],
    [aspect === 'keep' && crop !== null, 'a crop is a square already, so its aspect is not kept'],
  ];
  const wrong = complaints.filter(([is]) => is).map(([, what]) => what);
  if (wrong.length > 0) throw new Error(`its recipe contradicts itself: ${wrong.join('; ')}.`);
  return recipe;
}
