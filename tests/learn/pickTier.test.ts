// What `auto` is where words are missed: by free memory, and by how many steps the minutes hold here.
import { describe, expect, it } from 'vitest';
import { pickTier } from '../../main/learn/pickTier.ts';

/** As on two quick cores. */
const room = { freeMB: 8000, minutes: 10, secondsOfAnswer: 0.1 };

describe('the tier that fits', () => {
  it('is rl where the minutes hold enough supervised steps before rewards begin', () => {
    expect(pickTier(room)).toEqual({
      tier: 'rl',
      because: '10 minutes hold about 972 steps that teach words before rewards begin',
    });
    expect(pickTier({ ...room, minutes: 4.2 }).tier).toBe('rl');
  });

  it('is supervised where they hold fewer, or nobody knows how many', () => {
    for (const less of [{ minutes: 4 }, { secondsOfAnswer: 0.6 }]) {
      const { tier, because } = pickTier({ ...room, ...less });
      expect(tier).toBe('supervised');
      expect(because).toMatch(
        /minutes hold about \d+ steps that teach words before rewards begin, and rewards need 400$/u,
      );
    }
    expect(pickTier({ ...room, minutes: 1 }).because).toMatch(/^1 minute holds about/u);
    expect(pickTier({ ...room, secondsOfAnswer: null })).toEqual({
      tier: 'supervised',
      because: 'nothing says yet how fast this machine is',
    });
  });

  it('passes over what has no room, with the reason', () => {
    expect(pickTier({ ...room, freeMB: 1434 })).toEqual({
      tier: 'supervised',
      because: 'tier rl needs about 1.6 GB of memory and 1.4 GB are free',
    });
    expect(pickTier({ ...room, freeMB: 1024 })).toEqual({
      tier: 'decoder',
      because: 'tier supervised needs about 1.3 GB of memory and 1.0 GB are free',
    });
  });
});
