// Proposals for tests, as a model would write them for an image of 40 x 30.
import { packMask, type StoredProposal } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { block } from './block.ts';

/** Without a box: the word that nothing matches. */
export function proposed(box: Box | null, also: Partial<StoredProposal> = {}): StoredProposal {
  const reasoning = '1 red car [56, 56, 112, 112]. The car.';
  const json = box ? `[{"bbox_2d": [${box.x1}, ${box.y1}, ${box.x2}, ${box.y2}], "label": "car"}]` : '[]';
  return {
    id: 900,
    promptId: 800,
    weights: 'weights/loupe-nano',
    device: 'cpu',
    answer: { text: `<think>${reasoning}</think><answer>${json}</answer>`, reasoning },
    frame: { width: 224, height: 224 },
    found: box ? 'objects' : 'nothing',
    objects: box ? [{ box, label: 'car', mask: packMask(block(box)) }] : [],
    rewards: { format: 1 },
    timings: { firstTokenMs: 300, answerMs: 900, maskMs: 100, totalMs: 1000 },
    chosen: true,
    ...also,
  };
}
