// What SAM 3's decoders give, to objects of the picture: boxes in three ways of writing, masks of bits and of logits, and what is refused.
import { describe, expect, it } from 'vitest';
import { maskArea, maskBox } from '../../../main/contract/rle.ts';
import type { WordFiles } from '../../../main/flow/onnx/wordDialects.ts';
import { findWordFiles } from '../../../main/flow/onnx/wordDialects.ts';
import { scoredObjects } from '../../../main/flow/onnx/wordObjects.ts';
import type { ForeignPort, OnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import type { ShapedValue } from '../../../models/runtime/session.ts';

const image = { width: 8, height: 4 };

const ports = (names: readonly string[]): ForeignPort[] => names.map((name) => ({ name, type: 1, shape: [] }));
const header = (file: string, inputs: readonly string[], outputs: readonly string[]): OnnxHeader => ({
  ...{ file, opset: 18, data: [] },
  ...{ inputs: ports(inputs), outputs: ports(outputs) },
});

const maps = [0, 1, 2].flatMap((i) => [`vision_pos_enc_${i}`, `backbone_fpn_${i}`]);
const texts = ['text_attention_mask', 'text_memory', 'text_embeds'];

/** The files of a dialect, known by the outputs of their decoder. */
function filesWith(outputs: readonly string[]): WordFiles {
  const found = outputs.includes('presence_logits')
    ? findWordFiles([
        header('picture.onnx', ['images'], ['fpn_feat_0', 'fpn_feat_1', 'fpn_feat_2', 'fpn_pos_2']),
        header('text.onnx', ['input_ids', 'attention_mask'], ['text_features', 'text_mask']),
        header('decoder.onnx', ['text_features', 'text_mask'], outputs),
      ])
    : findWordFiles([
        header('picture.onnx', ['image'], maps),
        header('text.onnx', ['tokens'], texts),
        header('decoder.onnx', ['language_mask', 'language_features'], outputs),
      ]);
  if (!found) throw new Error('These are no files of SAM 3.');
  return found;
}

const decided = filesWith(['boxes', 'scores', 'masks']);
const centred = filesWith(['pred_masks', 'pred_boxes', 'pred_logits', 'presence_logit_dec']);
const cornered = filesWith(['pred_masks', 'pred_boxes', 'pred_logits', 'presence_logits']);

const floats = (shape: readonly number[], ...values: number[]): ShapedValue => ({
  ...{ shape, data: Float32Array.from(values) },
});

/** Bits of the picture, of two masks: its left half, and a pixel at the top right. */
const bits: ShapedValue = {
  ...{ shape: [2, 1, 4, 8], type: 'bool' },
  data: Uint8Array.from({ length: 64 }, (_, i) => (i < 32 ? (i % 8 < 4 ? 1 : 0) : i === 39 ? 1 : 0)),
};

/** Logits of the same two on a grid of a half, the second one nowhere inside. */
const logits = floats([1, 2, 2, 4], 3, 3, -3, -3, 3, 3, -3, -3, ...new Array<number>(8).fill(-1));

describe('masks of bits, boxes in pixels', () => {
  it('stand as they come, the surest first; half is not enough', () => {
    const results = {
      boxes: floats([2, 4], 0, 0, 4, 4, 6.5, -3, 20, 1),
      scores: floats([2], 0.6, 0.9),
      masks: bits,
    };
    const [first, second] = scoredObjects(results, decided, image);
    expect(first?.box).toEqual({ x1: 6.5, y1: 0, x2: 8, y2: 1 });
    expect(first && [maskArea(first.mask), maskBox(first.mask)]).toEqual([1, { x1: 7, y1: 0, x2: 8, y2: 1 }]);
    expect(second && [maskArea(second.mask), second.box]).toEqual([16, { x1: 0, y1: 0, x2: 4, y2: 4 }]);
    expect(scoredObjects({ ...results, scores: floats([2], 0.5, 0.4) }, decided, image)).toEqual([]);
  });

  it('may be none at all', () => {
    const none = {
      boxes: floats([0, 4]),
      scores: floats([0]),
      masks: { ...bits, shape: [0, 1, 4, 8], data: new Uint8Array(0) },
    };
    expect(scoredObjects(none, decided, image)).toEqual([]);
  });

  it('a box outside of the picture gives way to the one around the mask', () => {
    const results = { boxes: floats([2, 4], 20, 20, 30, 30, 0, 0, 1, 1), scores: floats([2], 0.9, 0), masks: bits };
    expect(scoredObjects(results, decided, image)[0]?.box).toEqual({ x1: 0, y1: 0, x2: 4, y2: 4 });
  });
});

describe('masks of logits', () => {
  const scores = floats([1, 2], 4, 4);

  it('are enlarged, count as much as anything is there, and are none where they are empty', () => {
    const boxes = floats([1, 2, 4], 0, 0.25, 0.5, 1, 0, 0, 1, 1);
    const results = { pred_masks: logits, pred_boxes: boxes, pred_logits: scores, presence_logits: floats([1, 1], 2) };
    const found = scoredObjects(results, cornered, image);
    expect(found).toHaveLength(1);
    expect(found[0]?.box).toEqual({ x1: 0, y1: 1, x2: 4, y2: 4 });
    expect(found[0]?.score).toBeCloseTo((1 / (1 + Math.exp(-4))) * (1 / (1 + Math.exp(-2))), 6);
    expect(found[0] && maskBox(found[0].mask)).toEqual({ x1: 0, y1: 0, x2: 4, y2: 4 });
    expect(scoredObjects({ ...results, presence_logits: floats([1, 1], -1) }, cornered, image)).toEqual([]);
  });

  it('have boxes by their middles in the newer files of samexporter', () => {
    const boxes = floats([1, 2, 4], 0.25, 0.5, 0.5, 1, 0, 0, 1, 1);
    const presence = floats([1, 1], 9);
    const results = { pred_masks: logits, pred_boxes: boxes, pred_logits: scores, presence_logit_dec: presence };
    expect(scoredObjects(results, centred, image)[0]?.box).toEqual({ x1: 0, y1: 0, x2: 4, y2: 4 });
  });
});

describe('what does not belong together is one sentence:', () => {
  const results = { boxes: floats([2, 4], 0, 0, 4, 4, 0, 0, 1, 1), scores: floats([2], 0.9, 0.9), masks: bits };

  it.each([
    ['an output that is missing', { ...results, scores: undefined }, /decoder\.onnx: gave no output scores/],
    [
      'fewer boxes than scores',
      { ...results, boxes: floats([1, 4], 0, 0, 4, 4) },
      /gives 2 scores, 1 boxes and masks of 2 x 1 x 4 x 8/,
    ],
    [
      'fewer masks than scores',
      { ...results, masks: { ...bits, data: new Uint8Array(32) } },
      /which do not belong together/,
    ],
    [
      'masks of whole numbers',
      { ...results, masks: { ...bits, data: new Int32Array(64) } },
      /its output masks holds neither logits nor masks/,
    ],
    [
      'scores of whole numbers',
      { ...results, scores: { shape: [2], data: new Int32Array(2) } },
      /its output scores is not float32/,
    ],
  ])('%s', (_, given, why) => {
    const there = Object.entries(given).filter((one): one is [string, ShapedValue] => one[1] !== undefined);
    expect(() => scoredObjects(Object.fromEntries(there), decided, image)).toThrow(why);
  });
});
