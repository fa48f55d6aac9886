// Rewards the proposals of an image by what a person kept of them, as answers are rewarded that a run samples.
import { type ImageDetail, type StoredProposal, unpackMask } from '../contract/project.ts';
import type { ProposalReward } from '../contract/proposalReward.ts';
import { unionOf } from '../contract/rle.ts';
import { contradictsItself, meantMask, overlapTerms } from '../reward/objects.ts';
import { correctionSamples, type Sample } from './samples/sample.ts';

/** Every proposal of each prompt that is judged far enough to teach; `rewards.format` is what its own recipe gave the form. */
export const proposalRewards = (detail: ImageDetail): ProposalReward[] =>
  detail.prompts.flatMap((prompt) => {
    const [sample] = correctionSamples({ ...detail, prompts: [prompt] });
    const proposals = detail.proposals.filter(({ promptId }) => promptId === prompt.id);
    return sample ? proposals.map((one) => rewardOf(one, sample)) : [];
  });

function rewardOf(proposal: StoredProposal, { objects }: Sample): ProposalReward {
  const { id: proposalId, promptId, answer, found, objects: named, rewards } = proposal;
  const kept = objects.map(({ box, mask }) => ({ box, mask: mask && unpackMask(mask) }));
  const said = { found, boxes: named.map(({ box }) => box), mask: unionOf(named.flatMap(masksOf)) };
  const { box, mask } = overlapTerms(said, { boxes: kept.map((one) => one.box), mask: meantMask({ objects: kept }) });
  const format = contradictsItself(answer.text) ? 0 : rewards.format;
  return { promptId, proposalId, format, box, mask, total: format + box + mask };
}

const masksOf = ({ mask }: StoredProposal['objects'][number]) => (mask ? [unpackMask(mask)] : []);
