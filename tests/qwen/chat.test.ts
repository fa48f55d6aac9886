// Rendered chats and their ids against the published template, and the promises of our own prompts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chatFor,
  encodeChat,
  type Message,
  nanoPieces,
  renderChat,
  type TemplateName,
} from '../../models/qwen/chat.ts';
import { NanoTokenizer } from '../../models/qwen/nanoTokenizer.ts';
import { openTokenizer } from '../../models/qwen/tokenizer.ts';
import { golden, goldenJson, haveGolden } from '../golden.ts';

interface Chat {
  name: string;
  messages: Message[];
  add_generation_prompt: boolean;
  image_tokens: number[];
  rendered: string;
  ids: number[];
}

const chats = haveGolden ? goldenJson<{ cases: Chat[] }>('qwen-tokenizer', 'chat.json').cases : [];

/** What stands between the two halves of a template in a user's text. */
function sentenceOf({ messages }: Chat, before: string, after: string): string {
  const user = messages.findLast((message) => message.role === 'user');
  const parts = typeof user?.content === 'string' ? [] : (user?.content ?? []);
  const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  expect(text.startsWith(before) && text.endsWith(after), text).toBe(true);
  return text.slice(before.length, text.length - after.length);
}

describe.skipIf(!haveGolden)('published chats', () => {
  it('render character by character', () => {
    expect(chats.length).toBeGreaterThan(0);
    for (const chat of chats)
      expect(renderChat(chat.messages, { reply: chat.add_generation_prompt }), chat.name).toBe(chat.rendered);
  });

  it('encode to the published ids, as a whole and in spans', () => {
    const tokenizer = openTokenizer(golden('qwen-tokenizer', 'tokenizer.json.gz'));
    for (const chat of chats) {
      const options = { reply: chat.add_generation_prompt, imageTokens: chat.image_tokens };
      expect(encodeChat(tokenizer, chat.messages, options), chat.name).toEqual(chat.ids);
      let picture = 0;
      const pads = (pad: string) => pad.repeat(chat.image_tokens[picture++] ?? 0);
      expect(tokenizer.encode(chat.rendered.replaceAll('<|image_pad|>', pads)), chat.name).toEqual(chat.ids);
    }
  });

  it.each<[string, TemplateName, string, string]>([
    ['lens_pr1_short', 'pr1_grounding', 'Output the bounding box of the ', ' in the image.'],
    ['lens_pr1_braces', 'pr1_grounding', 'Output the bounding box of the ', ' in the image.'],
    ['lens_cot_quotes', 'samr1_v4', 'Locate "', '", report the bbox coordinates in JSON format.Compare the difference'],
    ['lens_default_template', 'default', '', ''],
    ['segzero_single', 'seg_zero', "Please find '", "' with bbox and points.Compare the difference"],
    ['segzero_multi', 'vision_reasoner', 'Please find "', '" with bboxs and points.Compare the difference'],
    [
      'vlmr1_rec',
      'vlm_r1',
      'Please provide the bounding box coordinate of the region this sentence describes: ',
      '. First',
    ],
  ])('%s comes out of the template %s', (name, template, before, after) => {
    const chat = chats.find((one) => one.name === name);
    if (!chat) return;
    const whole = sentenceOf(chat, before, '');
    const question = after === '' ? whole : whole.slice(0, whole.indexOf(after));
    expect(renderChat(chatFor(template, question), { reply: true })).toBe(chat.rendered);
  });
});

describe('templates', () => {
  const userText = (name: TemplateName, question: string) => {
    const content = chatFor(name, question).at(-1)?.content ?? [];
    return typeof content === 'string'
      ? content
      : content.map((p) => (p.type === 'text' ? p.text : '[picture]')).join('');
  };

  it('take the sentence as it is, `$` and braces too', () => {
    for (const question of ['$& $1 $$', '{question}', 'A "B".', ' x '])
      expect(userText('pr1_grounding', question)).toBe(
        `[picture]Output the bounding box of the ${question} in the image.`,
      );
  });

  it('tidy it where the published code does', () => {
    expect(userText('seg_zero', 'The Red Mug.')).toContain("find 'the red mug' with");
    expect(userText('vision_reasoner', '"All MUGS?!"')).toContain('find "all mugs" with');
    expect(userText('vlm_r1', 'The Red Mug')).toContain('describes: The Red Mug. First');
    expect(userText('loupe', '  The  red\nMug!. ')).toBe('[picture]Locate "the red mug".');
  });

  it('give LENS its trailing blank and the others the usual system text', () => {
    const start = (name: TemplateName) => renderChat(chatFor(name, 'x'), { reply: true }).split('<|im_end|>')[0];
    expect(start('samr1_v4')).toBe('<|im_start|>system\nYou are a helpful assistant. ');
    expect(start('seg_zero')).toBe('<|im_start|>system\nYou are a helpful assistant.');
  });
});

describe('ids', () => {
  const tokenizer = new NanoTokenizer({
    words: ['locate', 'red', 'mug', 'the', 'im', 'pad'],
    pieces: nanoPieces,
    coordinates: { count: 113, step: 2 },
  });
  const options = { reply: true, imageTokens: [64] };

  it('of the nano: one per piece, word and pad', () => {
    const ids = encodeChat(tokenizer, chatFor('loupe', 'the red mug'), options);
    const names = ['<|im_start|>', '<|vision_start|>', '<|image_pad|>', '<|vision_end|>', '<|im_end|>'];
    expect(names.map((name) => ids.filter((id) => id === tokenizer.special.get(name)).length)).toEqual([
      3, 1, 64, 1, 2,
    ]);
    expect(ids.length).toBe(64 + 7 + 2 + 3 + 2 + 3);
    const rendered = renderChat(chatFor('loupe', 'the red mug'), { reply: true });
    expect(tokenizer.decode(ids)).toBe(rendered.replace('<|image_pad|>', '<|image_pad|>'.repeat(64)));
  });

  it('never let a user forge a special token, and lose no character', () => {
    const name = fc.constantFrom(...tokenizer.special.keys(), 'x', ' ', '<|', '|>', '\n');
    const usual = encodeChat(tokenizer, chatFor('pr1_grounding', ''), options);
    const count = (ids: number[]) => ids.filter((id) => [...tokenizer.special.values()].includes(id)).length;
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), (names) => {
        const messages = chatFor('pr1_grounding', names.join(''));
        const ids = encodeChat(tokenizer, messages, options);
        expect(count(ids)).toBe(count(usual));
        const pads = ids.filter((id, i) => !(id === tokenizer.special.get('<|image_pad|>') && ids[i - 1] === id));
        expect(tokenizer.decode(pads)).toBe(renderChat(messages, { reply: true }));
      }),
    );
  });

  it('keep the special tokens of an earlier answer', () => {
    const messages: Message[] = [
      { role: 'user', content: 'where' },
      { role: 'assistant', content: 'red<|vision_end|>' },
    ];
    const ids = encodeChat(tokenizer, messages, { reply: false, imageTokens: [] });
    expect(ids.filter((id) => id === tokenizer.special.get('<|vision_end|>')).length).toBe(1);
  });

  it('want one count per picture', () => {
    expect(() => encodeChat(tokenizer, chatFor('loupe', 'x'), { reply: true, imageTokens: [] })).toThrow(
      'shows 1 pictures, but tokens for 0',
    );
  });
});
