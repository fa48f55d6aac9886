// The candidates of one prompt beside each other: look, choose, and see how far they agree.
import { Text, Tooltip } from '@mantine/core';
import { IconBan, IconQuestionMark } from '@tabler/icons-react';
import { useMemo } from 'react';
import { entry } from '../../../main/contract/lookup.ts';
import type { Image, StoredProposal } from '../../../main/contract/project.ts';
import type { ProposalReward } from '../../../main/contract/proposalReward.ts';
import { agreeingWith, agreement } from '../../state/silhouette.ts';
import { foundWords, percent, weightsName } from '../../state/words.ts';
import { useClient } from '../window/client.ts';
import { MaskThumb } from '../window/MaskThumb.tsx';
import { rewardWords } from './proposalRewards.ts';

interface Props {
  readonly image: Image;
  readonly candidates: readonly StoredProposal[];
  readonly current: number | null;
  /** What they earned against what was kept, by proposal. */
  readonly rewards?: ReadonlyMap<number, ProposalReward>;
}

export function Candidates({ image, candidates, current, rewards }: Props) {
  const agreed = useMemo(() => agreement(candidates), [candidates]);
  const counts = useMemo(() => agreeingWith(candidates), [candidates]);
  return (
    <section className="answer-part" aria-label="Candidates">
      <div className="part-line">
        <h2>{candidates.length} candidates</h2>
        {agreed !== null && (
          <Tooltip label="Mean overlap (IoU) of their masks">
            <Text size="xs" c="dimmed" className="number">
              agree to {percent(agreed)}
            </Text>
          </Tooltip>
        )}
      </div>
      <div className="candidates">
        {candidates.map((one, i) => (
          <Candidate
            key={one.id}
            {...{ image, proposal: one, number: i + 1, isCurrent: one.id === current, reward: rewards?.get(one.id) }}
            why={one.chosen ? choiceWords(entry(counts, i, 'counts'), candidates.length - 1) : ''}
          />
        ))}
      </div>
    </section>
  );
}

interface CandidateProps {
  readonly image: Image;
  readonly proposal: StoredProposal;
  readonly number: number;
  readonly isCurrent: boolean;
  readonly reward?: ProposalReward;
  /** Why it is the choice; empty where it is not. */
  readonly why: string;
}

/** Why a candidate was chosen: `count` of `others` agree with it. */
const choiceWords = (count: number, others: number): string =>
  count === 0 ? ', the likeliest, no other agrees with it' : `, the choice, ${count} of ${others} others agree with it`;

function Candidate({ image, proposal, number, isCurrent, why, reward }: CandidateProps) {
  const { actions } = useClient();
  const earned = reward ? `, ${rewardWords(reward)}` : '';
  const words = `Candidate ${number}: ${foundWords[proposal.found]}${why}${earned}`;
  return (
    <Tooltip label={`${words}, ${weightsName(proposal.weights)}`}>
      <button
        type="button"
        className="candidate"
        aria-label={words}
        aria-pressed={isCurrent}
        onClick={() => actions.chooseProposal(proposal.id)}
      >
        {proposal.found === 'objects' ? (
          <MaskThumb image={image} proposal={proposal} />
        ) : (
          <span className="mask-thumb empty">
            {proposal.found === 'nothing' ? (
              <IconBan size={20} aria-hidden />
            ) : (
              <IconQuestionMark size={20} aria-hidden />
            )}
          </span>
        )}
        {proposal.chosen && <span className="candidate-star" aria-hidden />}
        {reward && (
          <span className="candidate-reward number" aria-hidden>
            {reward.total.toFixed(2)}
          </span>
        )}
      </button>
    </Tooltip>
  );
}
