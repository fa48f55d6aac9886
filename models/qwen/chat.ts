// Writes a question as the tokens of a chat: the published prompt texts, ChatML around them, and room for the picture.
import type { Tokenizer } from './tokenizer.ts';

type Part = { readonly type: 'image' } | { readonly type: 'text'; readonly text: string };

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string | readonly Part[];
}

interface Template {
  /** The system message; null leaves it to the chat format, which then puts in `defaultSystem`. */
  readonly system: string | null;
  readonly text: string;
  /** What the published code does to the sentence first. */
  readonly tidy: (question: string) => string;
}

const defaultSystem = 'You are a helpful assistant.';
/** LENS sends it with a blank at the end, and was trained so. */
const lensSystem = `${defaultSystem} `;
const asIs = (question: string) => question;
const thinkThenAnswer = 'Output the thinking process in <think> </think> and final answer in <answer> </answer> tags.';

/** Templates by the names of the published code; the sentence replaces `{question}`. */
const templates = {
  pr1_grounding: {
    system: lensSystem,
    text: 'Output the bounding box of the {question} in the image.',
    tidy: asIs,
  },
  samr1_v4: {
    system: lensSystem,
    text:
      'Locate "{question}", report the bbox coordinates in JSON format.' +
      'Compare the difference between objects and find the most closely matched one.' +
      thinkThenAnswer +
      'Output the one bbox inside the interested object in JSON format.' +
      'i.e., <think>thinking process here</think><answer>answer here</answer>',
    tidy: asIs,
  },
  /** The template of `lens` without the blank behind the system text and with blanks between the sentences. */
  lens_loupe: {
    system: null,
    text:
      'Locate "{question}", report the bbox coordinates in JSON format. ' +
      'Compare the difference between objects and find the most closely matched one. ' +
      `${thinkThenAnswer} ` +
      'Output the one bbox inside the interested object in JSON format, or [] where nothing matches.',
    tidy: asIs,
  },
  /** For an untuned Qwen2.5-VL, which writes boxes as JSON by itself. */
  grounding: {
    system: null,
    text:
      'Locate "{question}" in the image. Output the bounding box of every match as a JSON list, ' +
      '[{"bbox_2d": [x1, y1, x2, y2], "label": "..."}], or [] where nothing matches.',
    tidy: asIs,
  },
  default: { system: lensSystem, text: '{question}', tidy: asIs },
  seg_zero: {
    system: null,
    text:
      "Please find '{question}' with bbox and points." +
      'Compare the difference between objects and find the most closely matched one.' +
      thinkThenAnswer +
      'Output the one bbox and points of two largest inscribed circles inside the interested object in JSON format.' +
      'i.e., <think> thinking process here </think>' +
      "<answer>{'bbox': [10,100,200,210], 'points_1': [30,110], 'points_2': [35,180]}</answer>",
    tidy: (question) => stripEnds(question.toLowerCase(), '.'),
  },
  vision_reasoner: {
    system: null,
    text:
      'Please find "{question}" with bboxs and points.' +
      'Compare the difference between object(s) and find the most closely matched object(s).' +
      thinkThenAnswer +
      'Output the bbox(es) and point(s) inside the interested object(s) in JSON format.' +
      'i.e., <think> thinking process here </think><answer>[{"bbox_2d": [10,100,200,210], "point_2d": [30,110]}, ' +
      '{"bbox_2d": [225,296,706,786], "point_2d": [302,410]}]</answer>',
    tidy: (question) => stripEnds(question.toLowerCase(), '."?!'),
  },
  vlm_r1: {
    system: null,
    text:
      'Please provide the bounding box coordinate of the region this sentence describes: {question}. ' +
      'First output the thinking process in <think> </think> tags and then output the final answer in ' +
      '<answer> </answer> tags. Output the final answer in JSON format.',
    tidy: asIs,
  },
  loupe: {
    system: null,
    text: 'Locate "{question}".',
    tidy: (question) => stripEnds(question.trim().replace(/\s+/gu, ' ').toLowerCase(), ' ."?!'),
  },
} satisfies Record<string, Template>;

export type TemplateName = keyof typeof templates;
export const templateNames = Object.keys(templates) as TemplateName[];

/** One token each for the nano: its template, the chat around it, and the fixed part of its answers. */
export const nanoPieces: readonly string[] = [
  `system\n${defaultSystem}`,
  'user\n',
  'assistant\n',
  'Locate "',
  '".',
  '<think>',
  '</think><answer>```json\n[',
  '{"bbox_2d":',
  '{"listed": "',
  '", "bbox_2d":',
  ', "label": "',
  '"}',
  '"}, {"bbox_2d":',
  '"}, {"listed": "',
  ']\n```</answer>',
];

/** The request for one picture and one sentence, the picture first. */
export function chatFor(name: TemplateName, question: string): Message[] {
  const { system, text, tidy }: Template = templates[name];
  const asked = text.replace('{question}', () => tidy(question));
  const user: Message = { role: 'user', content: [{ type: 'image' }, { type: 'text', text: asked }] };
  return system === null ? [user] : [{ role: 'system', content: system }, user];
}

/** The chat as text, one `<|image_pad|>` per picture; `reply` opens the assistant's turn. */
export function renderChat(messages: readonly Message[], options: { reply: boolean }): string {
  return spansOf(messages, options.reply)
    .map((span) => span.text)
    .join('');
}

/**
 * The chat as ids, picture k taking `imageTokens[k]` pads. Names of special tokens inside a user's text stay ordinary
 * characters, so that nobody can end their own turn or add pads by asking for them.
 */
export function encodeChat(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  options: { reply: boolean; imageTokens: readonly number[] },
): number[] {
  const spans = spansOf(messages, options.reply);
  const counts = [...options.imageTokens];
  const pictures = spans.filter((span) => span.kind === 'image').length;
  if (pictures !== counts.length)
    throw new Error(`The chat shows ${pictures} pictures, but tokens for ${counts.length} were given.`);
  return joined(spans).flatMap((span) => {
    if (span.kind === 'text') return tokenizer.encode(span.text, { plain: true });
    if (span.kind === 'mixed') return tokenizer.encode(span.text);
    const id = tokenizer.special.get(span.text);
    if (id === undefined) throw new Error(`The tokenizer has no ${span.text}; it cannot write this chat.`);
    if (span.kind !== 'image') return [id];
    const count = counts.shift();
    if (count === undefined) throw new Error('A picture of the chat has no number of tokens.');
    return new Array<number>(count).fill(id);
  });
}

/** special, image: one token's name; mixed: an assistant's or system text, in which names are tokens; text: any other. */
interface Span {
  readonly kind: 'special' | 'image' | 'mixed' | 'text';
  readonly text: string;
}

const special = (text: string): Span => ({ kind: 'special', text });
const plain = (text: string): Span => ({ kind: 'text', text });

function spansOf(messages: readonly Message[], reply: boolean): Span[] {
  const first: Message[] = messages[0]?.role === 'system' ? [] : [{ role: 'system', content: defaultSystem }];
  const turns = [...first, ...messages].flatMap((message) => [
    special('<|im_start|>'),
    plain(`${message.role}\n`),
    ...contentSpans(message),
    special('<|im_end|>'),
    plain('\n'),
  ]);
  return reply ? [...turns, special('<|im_start|>'), plain('assistant\n')] : turns;
}

function contentSpans({ role, content }: Message): Span[] {
  const parts: readonly Part[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  return parts.flatMap((part): Span[] => {
    if (part.type === 'text') return [{ kind: role === 'user' ? 'text' : 'mixed', text: part.text }];
    return [special('<|vision_start|>'), { kind: 'image', text: '<|image_pad|>' }, special('<|vision_end|>')];
  });
}

/** Neighbouring texts become one, because tokens may reach across them; one part that names tokens makes all do so. */
function joined(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last && isText(last) && isText(span)) {
      const kind = last.kind === 'mixed' || span.kind === 'mixed' ? 'mixed' : 'text';
      out[out.length - 1] = { kind, text: last.text + span.text };
    } else out.push(span);
  }
  return out;
}

const isText = (span: Span): boolean => span.kind === 'text' || span.kind === 'mixed';

/** Python's `str.strip(characters)`. */
function stripEnds(text: string, characters: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && characters.includes(text.charAt(start))) start++;
  while (end > start && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
