// Reads what the proposals of the open image earned against what was kept, anew after each edit.
import { useEffect, useState } from 'react';
import type { ProposalReward } from '../../../main/contract/proposalReward.ts';
import { useClient, useWorkbench } from '../window/client.ts';

const none: ReadonlyMap<number, ProposalReward> = new Map();

/** By proposal; a prompt that nobody has judged has none. */
export function useProposalRewards(): ReadonlyMap<number, ProposalReward> {
  const { host, edits } = useClient();
  const open = useWorkbench((state) => state.open);
  const [rewards, setRewards] = useState(none);
  const isJudged = [...(open?.prompts.values() ?? [])].some(({ correction }) => correction !== null);
  useEffect(() => {
    let current = true;
    const read = async () => {
      await edits.settled();
      const all = open && isJudged ? await host.learning.rewardsOf({ imageId: open.image.id }) : [];
      if (current) setRewards(new Map(all.map((one) => [one.proposalId, one])));
    };
    // A line that is missing is no reason to stop anybody.
    read().catch(() => current && setRewards(none));
    return () => {
      current = false;
    };
  }, [host, edits, open, isJudged]);
  return rewards;
}

/** "reward 2.41 of 3: format 1.00, box 0.81, mask 0.60". */
export const rewardWords = ({ total, format, box, mask }: Omit<ProposalReward, 'promptId' | 'proposalId'>): string =>
  `reward ${total.toFixed(2)} of 3: format ${format.toFixed(2)}, box ${box.toFixed(2)}, mask ${mask.toFixed(2)}`;
