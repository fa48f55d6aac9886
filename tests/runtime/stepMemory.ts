// Run as a program: one transformer's training step, its forecast and its measured peak in bytes, as JSON.
import { forecastStepBytes, measureStep, transformerStep } from '../../main/evaluate/bench/engineBench.ts';
import { Session } from '../../models/runtime/session.ts';

const config = JSON.parse(process.argv[2] ?? '');
// The library's own pages are there before anything is measured.
const tiny = { layers: 1, width: 8, heads: 1, hidden: 8, tokens: 4, batch: 1, vocabulary: 8 };
await (await Session.create(transformerStep(tiny).outputs, { purpose: 'train' })).release();
const forecast = forecastStepBytes(config);
globalThis.gc?.();
const { peakMB } = await measureStep(config, 1);
process.stdout.write(JSON.stringify({ forecast, measured: peakMB * 2 ** 20 }));
