// Writes the linear maps of opened weights as float16 into a file beside them, and checks it against the source before it counts.

import { toFloat16 } from '../../../models/runtime/float16.ts';
import { openSafetensors } from '../../../models/runtime/safetensors.ts';
import { asFloat32, type WeightSpan, WeightsError, type WeightsFile } from '../../../models/runtime/weightsFile.ts';
import { writeLargeSafetensors } from '../../../models/runtime/writeSafetensors.ts';
import { eachRow, isLinearWeight, progress, type WritePlan } from './quantise.ts';

/**
 * Keys stay as they are, so that the copy serves wherever the weight is asked for, and a token table is among them. Worth it
 * where the source is float32: half the bytes. Returns the keys, in the order of the source; throws one sentence that
 * names the first element that float16 cannot hold, and then nothing is written.
 */
export async function halveWeights(source: WeightsFile, plan: WritePlan): Promise<string[]> {
  const { to, chooses = isLinearWeight } = plan;
  const chosen = [...source.tensors].filter(([key, { shape }]) => chooses(key, shape));
  if (chosen.length === 0) throw new WeightsError(`${to}: the source holds no linear weight that could be halved.`);
  const report = progress(plan, 2 * chosen.length);
  const tensors = chosen.map(([name, span]) => ({
    ...{ name, dtype: 'F16' as const, shape: span.shape },
    async make() {
      const halves = await halved(span);
      report();
      return halves;
    },
  }));
  await writeLargeSafetensors(to, tensors, {
    metadata: { bits: '16', ...(plan.from !== undefined && { from: plan.from }) },
    keepIf: async (written) => {
      const copy = await openSafetensors(written);
      for (const [key, span] of chosen) {
        await checkHalves(copy, key, span);
        report();
      }
    },
  });
  return chosen.map(([key]) => key);
}

async function halved(span: WeightSpan): Promise<Uint16Array> {
  const [rows = 0, columns = 0] = span.shape;
  const halves = new Uint16Array(rows * columns);
  await eachRow(span, (row, weights) => halves.set(toFloat16(weights), row * columns));
  return halves;
}

/** Half a unit in the last of 11 places, and half of the smallest number; beyond 65504 there is none. */
const rounding = { share: 2 ** -11, least: 2 ** -25 };

async function checkHalves(copy: WeightsFile, key: string, span: WeightSpan): Promise<void> {
  const [, columns = 0] = span.shape;
  const written = asFloat32(await copy.readRaw(key), 'float16');
  if (!written) throw new WeightsError(`${span.file}: tensor "${key}" was not written as float16.`);
  await eachRow(span, (row, weights) => {
    for (const [i, weight] of weights.entries()) {
      const off = Math.abs(weight - (written[row * columns + i] ?? Number.NaN));
      if (off <= Math.abs(weight) * rounding.share + rounding.least) continue;
      throw new WeightsError(
        `${span.file}: element ${i} of row ${row} of "${key}" is ${weight}, which float16 cannot hold; nothing was written.`,
      );
    }
  });
}
