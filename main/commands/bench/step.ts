// `loupe bench step`: what a training step takes, and what it was expected to take, as a table.
import type { StepFigures, StepPart } from '../../learn/adapter/stepBench.ts';
import { columned } from './figures.ts';

const names: Readonly<Record<StepPart, string>> = {
  updates: 'low-rank updates, 4-bit base',
  decoder: 'mask decoder and context module',
};

export function stepTable(figures: Readonly<Partial<Record<StepPart, StepFigures>>>): string {
  const parts: StepPart[] = ['updates', 'decoder'];
  const rows = parts.flatMap((part) => {
    const one = figures[part];
    return one ? [[names[part], ...cellsOf(one)]] : [];
  });
  const head = ['what learns', 'numbers', 'a step', 'speed', 'memory', 'foreseen', 'error', 'with mapped files'];
  return columned([head, ...rows]);
}

function cellsOf({ seconds, gflops, trained, forecastMB, privateMB, residentMB }: StepFigures): string[] {
  const error = (100 * (forecastMB - privateMB)) / privateMB;
  return [
    ...[`${(trained / 1e6).toFixed(1)} million`, `${seconds.toFixed(1)} s`, `${gflops.toFixed(0)} GFLOP/s`],
    ...[`${privateMB.toFixed(0)} MB`, `${forecastMB.toFixed(0)} MB`, `${error.toFixed(0)} %`],
    `${residentMB.toFixed(0)} MB`,
  ];
}
