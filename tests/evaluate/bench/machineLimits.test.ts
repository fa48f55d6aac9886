// What the machine gives: measured in the unit of the work, the best kept, memory told apart where the system does.
import { expect, it } from 'vitest';
import { highWater, ProductGauge, privateBytes, resetHighWater } from '../../../main/evaluate/bench/machineLimits.ts';

it.each([
  ['square', () => ProductGauge.square(64)],
  ['vector', () => ProductGauge.vector(128, 256)],
] as const)('a %s product keeps its best speed', async (_, open) => {
  const gauge = await open();
  expect(gauge.best).toBe(0);
  await gauge.measure(5);
  const { best } = gauge;
  expect(best).toBeGreaterThan(0);
  await gauge.measure(5);
  expect(gauge.best).toBeGreaterThanOrEqual(best);
  await gauge.release();
});

it('memory of the process is there, and what no file backs is part of it', () => {
  resetHighWater();
  expect(privateBytes()).toBeGreaterThan(2 ** 20);
  expect(highWater()).toBeGreaterThanOrEqual(privateBytes() * 0.9);
});
