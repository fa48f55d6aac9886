// What a run hands back, asked for by name and type.
import { expect, test } from 'vitest';
import { floats } from '../../models/graph/value.ts';

test('a float32 output is handed out as it is', () => {
  const token = Float32Array.of(1, 2);
  expect(floats({ token }, 'token')).toBe(token);
});

test.each([
  ['a missing output', {}],
  ['an output of another type', { token: Int32Array.of(1) }],
])('%s is named', (_, results) => {
  expect(() => floats(results, 'token')).toThrow('The run gave no float32 output "token".');
});
