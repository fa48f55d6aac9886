// Trains a LENS checkpoint of toy size by rewards in a process of its own; prints what was foretold of its memory and what it grew by.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { MemoryPeak } from '../../main/evaluate/bench/machineLimits.ts';
import { Reasoner } from '../../main/flow/reasoner/reasoner.ts';
import { answerRun } from '../../main/learn/adapter/answerRl.ts';
import { answerPolicy, askedAnswers } from '../../main/learn/adapter/answerTask.ts';
import { rewardsMemory } from '../../main/learn/adapter/runMemory.ts';
import { train } from '../../main/learn/loop/loop.ts';
import { openModel } from '../../main/weights/openCheckpoint.ts';
import { toySamJson, writeToy } from '../weights/toyCheckpoint.ts';
import { teachingImages } from './teaching.ts';

const [root = '', side = '56'] = process.argv.slice(2);
const quiet = { report: () => {} };

/** A checkpoint whose pictures have a square of so many pixels. */
async function checkpoint(): Promise<string> {
  const folder = path.join(root, `LENS-${side}`);
  await writeToy(folder, { says: ['I do not know.', '[{"bbox_2d": [4, 5, 50, 52], "label": "cat"}]'], lens: true });
  writeFileSync(path.join(folder, 'segmenter.json'), JSON.stringify(toySamJson));
  const reasoner = { framing: { kind: 'square', side: Number(side), filter: 'bilinear' }, answerTokens: 64 };
  writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ base: 'lens-released', reasoner }));
  return folder;
}

const weights = await openModel(await checkpoint());
const reasoner = await Reasoner.open(weights, {});
const asked = await askedAnswers({ weights, reasoner }, teachingImages(2), quiet);
await reasoner.release();
const { hidden } = weights.reasoner.language;
const sizes = asked.map(({ prompt: { ids, features } }) => {
  return { tokens: ids.length, features: features.length / hidden };
});
const { own } = await rewardsMemory(weights, sizes);
const policy = await answerPolicy(weights, { seed: 1 });
const peak = await MemoryPeak.start();
await train(answerRun(policy, asked, { steps: 2, seed: 1 }), { folder: path.join(root, `run-${side}`), ...quiet });
const { privateBytes } = await peak.stop();
process.stdout.write(JSON.stringify({ foretold: own, grown: privateBytes }));
