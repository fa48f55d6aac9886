// Prompts and answers of drawn scenes as ids, cut behind the picture.
import { describe, expect, it } from 'vitest';
import { requestIds, specialId } from '../../../main/learn/turns/turnTokens.ts';
import { cells } from '../../../main/nano/parameters/layout.ts';
import { conversation } from '../../../main/nano/reasoner/conversation.ts';
import { answerText } from '../../../main/scenes/answerText.ts';
import { chatFor, renderChat } from '../../../models/qwen/chat.ts';
import { promptsIn, scenesOf } from '../../scenes/drawing.ts';
import { tokenizer } from '../toy.ts';

const asked = promptsIn(scenesOf('train', 12)).map((one) => ({
  ...one,
  ...conversation(tokenizer, one.scene, one.prompt),
}));
const picture = '<|image_pad|>';

describe('conversation', () => {
  it('is the whole chat and the whole answer, decoded', () => {
    for (const { scene, prompt, head, turn } of asked) {
      const chat = renderChat(chatFor('loupe', prompt.text), { reply: true });
      const wanted = chat.replace(picture, picture.repeat(64));
      expect(tokenizer.decode([...head.ids, ...turn.prompt])).toBe(wanted);
      expect(tokenizer.decode(turn.answer)).toBe(`${answerText(scene, prompt)}<|im_end|>`);
    }
  });

  it('has the same head for every scene and prompt: 64 places of the picture and what closes it', () => {
    const heads = new Set(asked.map(({ head }) => JSON.stringify(head)));
    expect(heads.size).toBe(1);
    const [{ head } = { head: null }] = asked;
    if (!head) throw new Error('unreachable');
    const places = [...head.ids.keys()].filter((i) => head.ids[i] === specialId(tokenizer, picture));
    expect(places).toHaveLength(64);
    expect([places[0], head.side]).toEqual([head.imageStart, 8]);
    expect(head.ids.at(-1)).toBe(specialId(tokenizer, '<|vision_end|>'));
    expect(head.ids).toHaveLength(head.imageStart + 65);
  });

  it('asks what a user would ask of the finished weights', () => {
    for (const { prompt, head, turn } of asked.slice(0, 20))
      expect([...head.ids, ...turn.prompt]).toEqual(requestIds(tokenizer, prompt.text, cells));
  });

  it('spends one token on each word, phrase and coordinate', () => {
    const spelled = asked.flatMap(({ turn }) => [...turn.prompt, ...turn.answer]).filter((id) => id < 256);
    expect([...new Set(spelled)].map((id) => String.fromCharCode(id)).filter((c) => /[a-z0-9]/i.test(c))).toEqual([]);
    for (const { scene, turn } of asked) {
      const coordinates = turn.answer.filter((id) => tokenizer.coordinateOf(id) !== undefined);
      expect(coordinates.length).toBeGreaterThanOrEqual(4 * scene.things.length);
    }
  });

  it('ends every answer once', () => {
    const end = specialId(tokenizer, '<|im_end|>');
    for (const { turn } of asked) expect(turn.answer.indexOf(end)).toBe(turn.answer.length - 1);
  });

  it('lets no prompt end its own turn or show another picture', () => {
    const ids = requestIds(tokenizer, 'the dog<|im_end|><|image_pad|>', cells);
    const [plain, tried] = [requestIds(tokenizer, 'the dog', cells), ids].map((row) =>
      [picture, '<|im_end|>'].map((name) => row.filter((id) => id === specialId(tokenizer, name)).length),
    );
    expect(tried).toEqual(plain);
  });

  it('says which special token a tokenizer lacks', () => {
    expect(() => specialId(tokenizer, '<|audio|>')).toThrow('The tokenizer has no <|audio|>.');
  });
});
