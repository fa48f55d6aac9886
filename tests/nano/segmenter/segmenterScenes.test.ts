// The segmenter's pictures: scenes as they are tested, large icons and things without a name, each in its share.
import { describe, expect, it } from 'vitest';
import { segmenterScenes } from '../../../main/nano/segmenter/segmenterScenes.ts';
import { atlas } from '../../scenes/drawing.ts';
import { toyNano } from '../toy.ts';

const nano = toyNano({ seed: 3, atlas });

describe('segmenterScenes', () => {
  const shown = segmenterScenes(nano, 100, 60);
  const longest = shown.map(({ things }) =>
    Math.max(...things.map(({ box }) => Math.max(box.x2 - box.x1, box.y2 - box.y1))),
  );

  it('mixes named scenes with pictures of things without a name', () => {
    const named = shown.filter(({ things }) => things.some((thing) => 'name' in thing)).length;
    expect(named).toBeGreaterThan(25);
    expect(named).toBeLessThan(52);
  });

  it('shows some icons larger than scenes do', () => {
    const large = shown.filter(({ things }, i) => things.some((thing) => 'name' in thing) && (longest[i] ?? 0) > 120);
    expect(large.length).toBeGreaterThan(3);
  });

  it('goes on where the scenes before ended', () => {
    expect(segmenterScenes(nano, 102, 2)).toEqual(shown.slice(2, 4));
  });
});
