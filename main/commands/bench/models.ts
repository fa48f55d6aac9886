// `loupe bench models`: figures of published models at full size, as a table.
import type { ModelFigures, PeakMemory, Speed } from '../../evaluate/bench/modelBenchTask.ts';
import { columned } from './figures.ts';

/** One row a figure: what was measured, what it took, and its share of what the machine gave at best in the same run. */
export function modelTable({ matmulGflops, bandwidthGBs, segmenters, reasoners }: ModelFigures): string {
  const rows = [
    ...Object.entries(segmenters).flatMap(([name, { encode, readMs, fileMB, clickMs, ...memory }]) => [
      speedRow(name, 'image', encode, matmulGflops),
      [
        name,
        'image from the cache',
        `${readMs.toFixed(0)} ms`,
        `${((1000 * fileMB) / readMs).toFixed(0)} MB/s`,
        `${fileMB.toFixed(1)} MB`,
      ],
      [name, 'click', `${clickMs.toFixed(0)} ms`, '', ''],
      memoryRow(name, 'memory', memory),
    ]),
    ...Object.entries(reasoners).flatMap(([name, { questionMs, vision, prompt, writing, together, ...memory }]) => [
      [name, 'a first question', `${questionMs.toFixed(0)} ms`, '', ''],
      speedRow(name, 'picture', vision, matmulGflops),
      speedRow(name, `prompt of ${prompt.tokens} tokens`, prompt, matmulGflops),
      [name, 'prompt', '', `${prompt.tokensPerSecond.toFixed(1)} tokens/s`],
      [
        ...[name, 'one answer', `${(1000 / writing.tokensPerSecond).toFixed(0)} ms a token`],
        ...[
          `${writing.tokensPerSecond.toFixed(1)} tokens/s`,
          `${(writing.weightGBs / bandwidthGBs).toFixed(2)} of bandwidth`,
        ],
      ],
      [
        ...[name, `${writing.group} answers`, '', `${writing.groupTokensPerSecond.toFixed(1)} tokens/s`],
        `${(writing.groupTokensPerSecond / writing.tokensPerSecond).toFixed(2)} of one`,
      ],
      memoryRow(name, 'memory', memory),
      ...(together ? [memoryRow(name, 'memory with its segmenter', together)] : []),
    ]),
  ];
  const table = columned([['model', 'work', 'time', 'speed', 'share'], ...rows]);
  const limits = [
    `MatMul peak in this run: ${matmulGflops.toFixed(0)} GFLOP/s`,
    ...(bandwidthGBs > 0 ? [`float32 weights that a product reads: ${bandwidthGBs.toFixed(1)} GB/s`] : []),
  ];
  return `${table}${limits.join('; ')}\n`;
}

const speedRow = (name: string, work: string, { ms, gflops }: Speed, peak: number) => [
  ...[name, work, `${ms.toFixed(0)} ms`, `${gflops.toFixed(0)} GFLOP/s`, `${(gflops / peak).toFixed(2)} of peak`],
];

const memoryRow = (name: string, work: string, { privateMB, residentMB }: PeakMemory) => [
  ...[name, work, '', `${privateMB.toFixed(0)} MB`, `${residentMB.toFixed(0)} MB with mapped files`],
];
