// `pictures.json` beside a reasoner's weights: by what signs a picture is unlike those that its words were learnt on.
import { z } from 'zod';
import { longestPrompt } from '../../contract/project.ts';
import { type RecordKind, readRecordBeside, writeRecordBeside } from './recordBeside.ts';

/** Names; a project that teaches more keeps the first of them. */
export const mostTaught = 1000;

const signs = z.array(z.number()).min(1).max(100_000);

const PictureRecord = z
  .strictObject({
    /** Of each sign over the pictures that were compared. */
    mean: signs,
    spread: signs,
    /** A picture is unlike where `bias` and the weighted signs, each less its mean and by its spread, sum to more than 0. */
    weights: signs,
    bias: z.number(),
    /** Names that the reasoner was taught on pictures that are unlike: there it finds these and no others of its words. */
    taught: z.array(z.string().min(1).max(longestPrompt)).max(mostTaught).optional(),
    /** Measured on pictures that the fit had not seen: shares of learnt kinds and of other kinds that are called unlike. */
    figures: z.strictObject({ falseAlarms: z.number(), recognised: z.number(), pictures: z.int() }),
  })
  .refine(({ mean, spread, weights }) => mean.length === spread.length && mean.length === weights.length, {
    message: 'mean, spread and weights are not of one length',
  });
export type PictureRecord = z.infer<typeof PictureRecord>;

const kind: RecordKind<PictureRecord> = {
  name: 'pictures.json',
  schema: PictureRecord,
  command: 'loupe train pictures',
};

/** Null where the folder has none: then no picture is called unlike. */
export const readPictureRecord = (folder: string): Promise<PictureRecord | null> => readRecordBeside(folder, kind);

/** Its text by its file's name. */
export const pictureRecordText = (record: PictureRecord): Record<string, string> => ({
  [kind.name]: `${JSON.stringify(record)}\n`,
});

export const writePictureRecord = (folder: string, record: PictureRecord): Promise<string> =>
  writeRecordBeside(folder, kind, record);
