// Paths of parameters: what a source is asked for from below a prefix.
import { describe, expect, test } from 'vitest';
import { input, type Shape } from '../../models/graph/tensor.ts';
import { type ParamSource, paramsFrom } from '../../models/nn/params.ts';

/** A source that holds `held` and remembers what it was asked. */
function listening(held: readonly string[] = []) {
  const asked: [string, Shape][] = [];
  const source: ParamSource = {
    has: (name) => held.includes(name),
    get: (name, shape) => {
      asked.push([name, shape]);
      return input(name, shape);
    },
  };
  return { asked, source };
}

describe('paramsFrom', () => {
  test('asks for full keys with their shapes', () => {
    const { asked, source } = listening();
    const p = paramsFrom(source);
    p.get('norm.weight', 8);
    p.at('blocks.0').at('attn').get('qkv.weight', 24, 8);
    paramsFrom(source, 'visual').at('merger').get('scale');
    expect(asked).toEqual([
      ['norm.weight', [8]],
      ['blocks.0.attn.qkv.weight', [24, 8]],
      ['visual.merger.scale', []],
    ]);
  });

  test('hands on what the source gives', () => {
    const tensor = input('w', [2]);
    const p = paramsFrom({ has: () => true, get: () => tensor });
    expect(p.at('deep').get('w', 2)).toBe(tensor);
  });

  test('knows what is there below its prefix', () => {
    const p = paramsFrom(listening(['a.bias', 'bias']).source);
    expect([p.has('bias'), p.at('a').has('bias'), p.at('b').has('bias')]).toEqual([true, true, false]);
    expect(p.at('a').at('b').has('bias')).toBe(false);
  });

  test('has no update beside a weight, unless the source has one', () => {
    const { source } = listening();
    expect(paramsFrom(source).at('q').side('weight', 4, 2)).toBeNull();
    const wanted: [string, Shape][] = [];
    const update = { a: input('a', [1, 2]), b: input('b', [4, 1]), scale: 2 };
    const side = (name: string, shape: Shape) => {
      wanted.push([name, shape]);
      return name === 'q.weight' ? update : null;
    };
    const p = paramsFrom({ ...source, side });
    expect(p.at('q').side('weight', 4, 2)).toBe(update);
    expect(p.at('k').side('weight', 4, 2)).toBeNull();
    expect(wanted).toEqual([
      ['q.weight', [4, 2]],
      ['k.weight', [4, 2]],
    ]);
  });
});
