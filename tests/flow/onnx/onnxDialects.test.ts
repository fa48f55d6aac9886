// Sets of ONNX files, told apart by the names of their inputs and outputs alone: headers without any graph behind them.
import { describe, expect, it } from 'vitest';
import { dialects, recognise } from '../../../main/flow/onnx/onnxDialects.ts';
import type { OnnxHeader } from '../../../models/runtime/onnxHeader.ts';

const ports = (names: readonly string[]) => names.map((name) => ({ name, type: 1, shape: [] }));

const file = (name: string, inputs: readonly string[], outputs: readonly string[]): OnnxHeader => ({
  ...{ file: name, opset: 17, data: [] },
  inputs: ports(inputs),
  outputs: ports(outputs),
});

type Dialect = (typeof dialects)[number];

const encoderOf = ({ encoder, decoder }: Dialect, name = 'encoder.onnx') =>
  file(name, [encoder.input], encoder.outputs ?? decoder.features.map((_, i) => `output ${i}`));

const promptsOf = ({ decoder: { points, labels, boxes, rough, hasRough, pictureSize } }: Dialect): string[] =>
  [points, labels, boxes, rough, hasRough, pictureSize].filter((name) => name !== undefined);

const resultsOf = ({ decoder: { masks, iou } }: Dialect): string[] => [masks ?? 'some masks', iou ?? 'some scores'];

const decoderOf = (dialect: Dialect, name = 'decoder.onnx') =>
  file(name, [...dialect.decoder.features, ...promptsOf(dialect)], resultsOf(dialect));

const oneOf = (dialect: Dialect, name = 'segmenter.onnx') =>
  file(name, [dialect.encoder.input, ...promptsOf(dialect)], resultsOf(dialect));

/** Masks are found by their names where one file holds all: without them it could be anything. */
const named = dialects.filter(({ decoder }) => decoder.masks !== null);

describe.each(dialects.map((dialect) => [dialect.id, dialect] as const))('dialect %s', (id, dialect) => {
  it('is told from all others by its two files', () => {
    const found = recognise('here', [decoderOf(dialect), encoderOf(dialect)]);
    expect([found.dialect.id, found.encoder.file, found.decoder.file]).toEqual([id, 'encoder.onnx', 'decoder.onnx']);
  });

  it('names the file that is missing', () => {
    expect(() => recognise('here', [encoderOf(dialect)])).toThrow(
      /the decoder's file is missing beside it|takes inputs/,
    );
    expect(() => recognise('here', [decoderOf(dialect)])).toThrow(/the encoder's file is missing beside it/);
  });
});

describe('names behind that of a scope', () => {
  const behind = (scope: string, header: OnnxHeader): OnnxHeader => ({
    ...header,
    inputs: ports(header.inputs.map(({ name }) => scope + name)),
    outputs: ports(header.outputs.map(({ name }) => scope + name)),
  });
  const cases = dialects.flatMap((dialect) =>
    ['model/', 'sam2.', 'onnx::', 'a/b.'].map((scope) => [dialect, scope] as const),
  );

  it.each(cases)('are known without it: $id, "%s"', (dialect, scope) => {
    const found = recognise('here', [behind(scope, decoderOf(dialect)), behind(scope, encoderOf(dialect))]);
    expect([found.dialect.id, found.encoder.prefix, found.decoder.prefix]).toEqual([dialect.id, scope, scope]);
    expect(found.encoder.inputs.map(({ name }) => name)).toEqual([dialect.encoder.input]);
  });

  it('stay as they are where the files are known by them', () => {
    for (const dialect of dialects) {
      const { encoder, decoder } = recognise('here', [decoderOf(dialect), encoderOf(dialect)]);
      expect([encoder.prefix, decoder.prefix]).toEqual([undefined, undefined]);
    }
  });

  it('may differ from file to file, and are no reason to take a file of something else', () => {
    const [first] = dialects;
    if (!first) throw new Error('There is no dialect.');
    const found = recognise('here', [behind('prompts/', decoderOf(first)), encoderOf(first)]);
    expect([found.encoder.prefix, found.decoder.prefix]).toEqual(['', 'prompts/']);
    expect(() => recognise('here', [file('x.onnx', ['model/a', 'model/b'], ['model/c'])])).toThrow(
      /takes inputs of these names \(x\.onnx: model\/a, model\/b\)/,
    );
    expect(() => recognise('here', [behind('prompts/', decoderOf(first))])).toThrow(/the encoder's file is missing/);
  });
});

describe('one file', () => {
  it.each(named.map(({ id }) => id))('of dialect %s is encoder and decoder', (id) => {
    const dialect = named.find((one) => one.id === id);
    const found = dialect && recognise('here', [oneOf(dialect)]);
    expect(found?.encoder).toBe(found?.decoder);
    expect(found?.dialect.encoder.input).toBe(dialect?.encoder.input);
  });

  it('is taken only where there are no two', () => {
    const [first] = named;
    if (!first) throw new Error('There is no dialect.');
    const found = recognise('here', [oneOf(first, 'a.onnx'), encoderOf(first), decoderOf(first)]);
    expect([found.encoder.file, found.decoder.file]).toEqual(['encoder.onnx', 'decoder.onnx']);
  });
});

describe('of several files', () => {
  it('the ones with shorter names are taken: lower precision adds to them', () => {
    const [first] = dialects;
    if (!first) throw new Error('There is no dialect.');
    const all = [
      encoderOf(first, 'encoder_fp16.onnx'),
      encoderOf(first),
      decoderOf(first, 'decoder_q4.onnx'),
      decoderOf(first),
    ];
    const found = recognise('here', all);
    expect([found.encoder.file, found.decoder.file]).toEqual(['encoder.onnx', 'decoder.onnx']);
  });

  it.each([
    ['its picture', 'image', [0, 1, 2].flatMap((i) => [`vision_pos_enc_${i}`, `backbone_fpn_${i}`])],
    ['its words', 'tokens', ['text_attention_mask', 'text_memory', 'text_embeds']],
    ['its decoder', 'language_features', ['boxes', 'scores', 'masks']],
    ['its picture of usls', 'images', ['fpn_feat_0', 'fpn_feat_1', 'fpn_feat_2', 'fpn_pos_2']],
    ['its words of usls', 'input_ids', ['text_features', 'text_mask']],
  ] as const)('SAM 3 for words is known by %s alone, and what is missing is named', (_, input, outputs) => {
    const why = /^here: holds a part of SAM 3 for words of .*; missing beside it: .* and the file of its/;
    expect(() => recognise('here', [file('part.onnx', [input], outputs)])).toThrow(why);
  });
});
