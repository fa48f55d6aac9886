// Means and speed between two reports of a training run.
import { expect, test } from 'vitest';
import { StepMeter } from '../../../main/learn/loop/meter.ts';

const run = { name: 'rewards', steps: 25, perStep: 12 };

test('a report is made every ten steps and after the last one, of the means since the one before', () => {
  const meter = new StepMeter(run);
  const reports = Array.from({ length: 25 }, (_, i) => meter.add(i + 1, { loss: i }, i === 24)).filter(
    (one) => one !== null,
  );
  expect(reports.map(({ step }) => step)).toEqual([10, 20, 25]);
  expect(reports.map(({ figures }) => figures.loss)).toEqual([4.5, 14.5, 22]);
  expect(reports.at(-1)?.secondsLeft).toBe(0);
});

test('of steps that take long each is reported', () => {
  const time = { now: 0 };
  const meter = new StepMeter(run, () => time.now);
  const reports = [1, 2, 3].flatMap((step) => {
    time.now += step === 2 ? 9 : 500;
    return meter.add(step, { loss: step }, false) ?? [];
  });
  expect(reports.map(({ step, secondsLeft }) => [step, secondsLeft])).toEqual([
    [1, 24 * 500],
    [3, (22 * 509) / 2],
  ]);
});

test('the speed of answers that have a length is told in tokens as well', () => {
  const meter = new StepMeter(run);
  const report = meter.add(1, { length: 30, loss: 1 }, true);
  expect(report?.figures.tokensPerSecond).toBeCloseTo(30 * (report?.samplesPerSecond ?? 0), 6);
  expect(new StepMeter(run).add(1, { loss: 1 }, true)?.figures).toEqual({ loss: 1 });
});
