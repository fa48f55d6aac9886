// Picks the tier that `auto` is where loupe-nano misses words, by the memory that is free and the speed that was measured, and says why.
import type { Tier } from '../contract/learning.ts';

/** Megabytes of runs of loupe-nano at most, as they were measured. */
export const usualPeakMB: Readonly<Record<Tier, number>> = { decoder: 800, supervised: 1300, rl: 1600 };

/** Share of the minutes in which words are taught, before rewards begin. */
export const wordsShare = 0.6;
/** Supervised steps that rewards began from where they found as much as supervised steps of the same minutes, or more. */
const enoughSteps = 400;
/** Whole answers that take as long as one supervised step, on two machines of which one is four times as fast. */
const answersOfStep = 3.7;

export interface Room {
  readonly freeMB: number;
  readonly minutes: number;
  /** Of a whole answer on this machine; null: none was timed. */
  readonly secondsOfAnswer: number | null;
}

interface PickedTier {
  readonly tier: Tier;
  /** What goes on a sentence. */
  readonly because: string;
}

/** A mask decoder cannot mend an answer that names no box, so it is taken only where nothing larger has room. */
export function pickTier(room: Room): PickedTier {
  const large = (['rl', 'supervised'] as const).filter((tier) => usualPeakMB[tier] > room.freeMB);
  if (large.includes('supervised')) return { tier: 'decoder', because: withoutMemory('supervised', room) };
  if (large.includes('rl')) return { tier: 'supervised', because: withoutMemory('rl', room) };
  const steps = stepsBeforeRewards(room);
  if (steps === null) return { tier: 'supervised', because: 'nothing says yet how fast this machine is' };
  const minutes = room.minutes === 1 ? '1 minute holds' : `${room.minutes} minutes hold`;
  const words = `${minutes} about ${steps} steps that teach words before rewards begin`;
  return steps >= enoughSteps
    ? { tier: 'rl', because: words }
    : { tier: 'supervised', because: `${words}, and rewards need ${enoughSteps}` };
}

const gigabytes = (mb: number): string => `${(mb / 1024).toFixed(1)} GB`;

const withoutMemory = (tier: Tier, { freeMB }: Room): string =>
  `tier ${tier} needs about ${gigabytes(usualPeakMB[tier])} of memory and ${gigabytes(freeMB)} are free`;

function stepsBeforeRewards({ minutes, secondsOfAnswer }: Room): number | null {
  if (secondsOfAnswer === null || secondsOfAnswer <= 0) return null;
  return Math.floor((wordsShare * minutes * 60) / (answersOfStep * secondsOfAnswer));
}
