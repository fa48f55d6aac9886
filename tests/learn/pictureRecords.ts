// Records that call every picture unlike what a reasoner learnt, or none, made for weights of any width.
import { Reasoner } from '../../main/flow/reasoner/reasoner.ts';
import { openWeights } from '../../main/weights/open.ts';
import { type PictureRecord, writePictureRecord } from '../../main/weights/records/pictureRecord.ts';

/** Written into the folder. */
export async function callsPictures(weights: string, what: 'unlike' | 'like', taught?: string[]): Promise<void> {
  const reasoner = await Reasoner.open(await openWeights(weights), {});
  const side = 64;
  const { length } = await reasoner.signs({ width: side, height: side, data: new Uint8Array(side * side * 3) });
  await reasoner.release();
  const all = (value: number) => Array.from({ length }, () => value);
  const record: PictureRecord = {
    ...{ mean: all(0), spread: all(1), weights: all(0), bias: what === 'unlike' ? 1 : -1 },
    figures: { falseAlarms: 0, recognised: 1, pictures: 2 },
    ...(taught && { taught }),
  };
  await writePictureRecord(weights, record);
}
