// Defines what is known of a run before it starts, and says it in sentences: what teaches, which tier fits, time and memory.
import { z } from 'zod';
import { tiers } from './learning.ts';

export const RunPlan = z.object({
  /** Images and prompts that teach or are held back. */
  images: z.int(),
  prompts: z.int(),
  /** Prompts on images that no run has learnt from or measured on. */
  fresh: z.int(),
  /** null: it is chosen by what is measured when the run begins. */
  tier: z.enum(tiers).nullable(),
  /** Why this tier, in a sentence. */
  why: z.string(),
  /** Minutes that the run may train, and those of all of it; null: nothing says how long an answer takes. */
  training: z.number(),
  minutes: z.number().nullable(),
  /** The most memory that it needs, and what is free; null: nobody has measured such a run. */
  memoryMB: z.number().nullable(),
  freeMB: z.number(),
  /** New words on fewer pictures than are enough to learn one. */
  rare: z.array(z.object({ word: z.string(), pictures: z.int() })),
  /** Why nothing would be learnt, as far as it is known without looking at a picture; null: nothing speaks against it. */
  refusal: z.string().nullable(),
});
export type RunPlan = z.infer<typeof RunPlan>;

export function planSentences(plan: RunPlan): string[] {
  const { images, prompts, fresh, refusal, why, rare } = plan;
  if (refusal !== null) return [refusal];
  const isFirst = fresh === prompts;
  const teach = `${plural(prompts, 'correction or labelled thing', 'corrections and labelled things')} on ${plural(images, 'image')} teach${isFirst ? '' : `, ${fresh} of them new since the last run`}.`;
  const words = rare.map(({ word, pictures }) => `${word} (${pictures})`).join(', ');
  const few = `On too few pictures to be relied on: ${words}.`;
  return [teach, why, timeOf(plan), ...memoryOf(plan), ...(rare.length > 0 ? [few] : [])];
}

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

function timeOf({ training, minutes }: RunPlan): string {
  const part = plural(Math.ceil(training), 'minute');
  return minutes === null
    ? `It trains ${part} at most, and measures before and after.`
    : `It takes about ${plural(Math.ceil(minutes), 'minute')}: ${part} of training at most, the rest measures before and after.`;
}

function memoryOf({ memoryMB, freeMB }: RunPlan): string[] {
  if (memoryMB === null) return [];
  const size = (mb: number) => `${(mb / 1024).toFixed(1)} GB`;
  const room = `It needs about ${size(memoryMB)} of the ${size(freeMB)} of memory that are free.`;
  return [memoryMB <= freeMB ? room : `${room} That is more than there is: close other programs first.`];
}
