// Parameters by key: one array in every graph, live in feeds, copied in snapshots, refused where sizes differ.
import { describe, expect, it } from 'vitest';
import { type FirstValues, Parameters } from '../../../main/learn/loop/parameters.ts';

const counting: FirstValues = (name, shape) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => name.length + i);

describe('Parameters', () => {
  it('are the same array for the same key in every graph', () => {
    const parameters = new Parameters(counting);
    const [one, other] = [parameters.source(), parameters.source()];
    expect(one.get('a', [2, 3])).toBe(one.get('a', [2, 3]));
    expect(other.get('a', [2, 3])).not.toBe(one.get('a', [2, 3]));
    expect(parameters.all.size).toBe(1);
    expect(parameters.feeds(['a']).a).toBe(parameters.values('a'));
    expect([one.has('a'), one.has('b')]).toEqual([true, false]);
  });

  it('put a prefix before every key of a source', () => {
    const parameters = new Parameters(counting);
    const source = parameters.source('old.');
    source.get('a', [1]);
    expect([...source.tensors.keys()]).toEqual(['old.a']);
    expect([source.has('a'), parameters.source().has('a'), parameters.source().has('old.a')]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('take given values, and refuse those that do not fit', () => {
    const parameters = new Parameters(counting);
    parameters.set('w', [2], Float32Array.of(4, 5));
    parameters.source().get('w', [2]);
    expect([...parameters.values('w')]).toEqual([4, 5]);
    expect(() => parameters.set('w', [3], Float32Array.of(1))).toThrow('w: 1 values for [3].');
    expect(() => parameters.source().get('w', [7])).toThrow('w: the graph wants [7], the weights hold [2].');
    expect(() => parameters.values('v')).toThrow('There is no parameter v.');
  });

  it('feed their live arrays, and copy them for a snapshot', () => {
    const parameters = new Parameters(counting);
    parameters.source().get('w', [2]);
    const [live, copy] = [parameters.feeds(['w']), parameters.snapshot(['w'])];
    parameters.values('w')[0] = 9;
    expect([live.w?.[0], copy.w?.[0]]).toEqual([9, 1]);
  });
});
