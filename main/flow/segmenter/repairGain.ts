// Expects the gain in IoU of a repair, from its features and the record beside the weights.
import type { GainTree, RepairRecord } from '../../weights/records/repairRecord.ts';

export function treeValue(tree: GainTree, features: readonly number[]): number {
  let at: GainTree = tree;
  while (typeof at !== 'number') {
    const [index, threshold, below, above]: Exclude<GainTree, number> = at;
    const feature = features[index];
    if (feature === undefined) throw new RangeError(`A tree asks for feature ${index} of ${features.length}.`);
    at = feature < threshold ? below : above;
  }
  return at;
}

/** Null where the record asks for a feature that is not measured here: it is of another version of Loupe. */
export function expectedGain(record: RepairRecord, measured: Readonly<Record<string, number>>): number | null {
  const features: number[] = [];
  for (const name of record.features) {
    const value = measured[name];
    if (value === undefined) return null;
    features.push(value);
  }
  return record.trees.reduce<number>((sum, tree) => sum + treeValue(tree, features), record.base - record.margin);
}
