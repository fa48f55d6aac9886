// The answer in review: reasoning, box and mask, each with its own verdict, and what is to become of the whole.
import { Alert, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconBan, IconMessageQuestion, IconPlus } from '@tabler/icons-react';
import { inconsistentSentence, saysNone, unlikeWords } from '../../../main/contract/answer.ts';
import type { CommandId } from '../../../main/contract/commands.ts';
import { isAccepted } from '../../../main/contract/correction.ts';
import type { Correction, StoredPrompt, StoredProposal } from '../../../main/contract/project.ts';
import type { ProposalReward } from '../../../main/contract/proposalReward.ts';
import { reasoningSoFar } from '../../../main/contract/reasoning.ts';
import { candidatesOf, inReview, reviewed } from '../../state/answers.ts';
import { deviceName, duration, weightsName } from '../../state/words.ts';
import type { OpenImage } from '../../state/workbench.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { useKeys } from '../window/useCommands.ts';
import { Candidates } from './Candidates.tsx';
import { ObjectParts } from './ObjectParts.tsx';
import { PromptTabs } from './PromptTabs.tsx';
import { rewardWords, useProposalRewards } from './proposalRewards.ts';
import { LiveText, Reasoning } from './Reasoning.tsx';
import { Verdicts } from './Verdicts.tsx';

export function AnswerPanel() {
  const open = useWorkbench((state) => state.open);
  const writing = useWorkbench((state) => state.writing);
  useWorkbench((state) => state.promptId);
  useWorkbench((state) => state.proposalId);
  useWorkbench((state) => state.objectAt);
  const { store } = useClient();
  const rewards = useProposalRewards();
  if (open === null) return null;
  const { prompt, proposal } = inReview(store.getState());
  if (open.prompts.size === 0 && !writing) return <Nothing />;
  const candidates = prompt ? candidatesOf(store.getState(), prompt.id) : [];
  const unreadable = proposal?.found === 'unreadable' && prompt?.correction?.proposalId !== proposal.id;
  return (
    <>
      <div className="answer">
        <PromptTabs prompts={[...open.prompts.values()]} current={prompt?.id ?? null} />
        {writing && <BeingWritten open={open} />}
        {candidates.length > 1 && (
          <Candidates {...{ image: open.image, candidates, rewards, current: proposal?.id ?? null }} />
        )}
        {prompt && proposal && <Words {...{ open, proposal, unreadable, reward: rewards.get(proposal.id) }} />}
        {prompt && !proposal && !writing && <Unanswered prompt={prompt} />}
      </div>
      {prompt && proposal && <Parts {...{ open, proposal }} />}
      {prompt && proposal && <Deeds {...{ prompt, proposal, unreadable }} />}
    </>
  );
}

function Nothing() {
  return (
    <div className="hint">
      <IconMessageQuestion size={22} aria-hidden />
      <Text size="xs">
        Ask for something in words, and the model shows how it found it, a box and a mask. You can correct each of the
        three.
      </Text>
    </div>
  );
}

/** Text as it comes; of several candidates the one that is furthest, the others as a count. */
function BeingWritten({ open }: { open: OpenImage }) {
  const writing = useWorkbench((state) => state.writing);
  if (!writing) return null;
  const [first = ''] = writing.texts;
  const { reasoning, complete } = reasoningSoFar(first);
  const begun = writing.texts.filter((text) => text !== '').length;
  const several = writing.texts.length > 1;
  return (
    <section className="answer-part" aria-label="Answer being written" aria-busy="true">
      <h2 className="writing">
        {complete ? 'Drawing the mask' : 'Reasoning'}
        {several ? `, ${begun} of ${writing.texts.length} answers begun` : ''}
      </h2>
      <LiveText
        text={reasoning === '' ? '…' : reasoning}
        image={open.image}
        frame={writing.frame}
        answers={writing.boxes[0] ?? []}
        frozen
      />
    </section>
  );
}

function Unanswered({ prompt }: { prompt: StoredPrompt }) {
  const { actions } = useClient();
  const ready = useWorkbench(({ engine }) => engine?.state === 'ready');
  const samples = useWorkbench((state) => state.samples);
  return (
    <div className="hint">
      <Text size="xs">No answer to this prompt was kept.</Text>
      <Group gap={6}>
        <Button variant="default" disabled={!ready} onClick={() => void actions.ask(prompt.text, samples)}>
          Ask again
        </Button>
        <UseSelected />
      </Group>
    </div>
  );
}

interface ReviewProps {
  readonly open: OpenImage;
  readonly prompt: StoredPrompt;
  readonly proposal: StoredProposal;
  /** Also: nobody has said yet what it should have been. */
  readonly unreadable: boolean;
}

interface Rewarded {
  /** Missing: the prompt is not judged. */
  readonly reward?: ProposalReward;
}

/** What the model said; long texts scroll here, so that box, mask and shapes below stay in sight. */
function Words({ open, proposal, unreadable, reward }: Omit<ReviewProps, 'prompt'> & Rewarded) {
  const { store } = useClient();
  const { correction } = reviewed(store.getState());
  if (!correction) return null;
  const { reasoning, found, objects } = correction;
  const { unknownWords, unlikePicture } = proposal.answer;
  // A warning comes before what it is about: below long words nobody would see it.
  return (
    <>
      {!unreadable && unlikePicture && <Unlike found={proposal.found === 'objects'} />}
      {proposal.found === 'objects' && saysNone(proposal.answer.reasoning) && <Inconsistent />}
      {!(unreadable && unknownWords?.length) && (
        <Reasoning
          key={proposal.id}
          text={reasoning.text}
          verdict={reasoning.verdict}
          image={open.image}
          frame={proposal.frame}
          answers={objects.map(({ box }) => box.value)}
        />
      )}
      {unreadable && <Unreadable answer={proposal.answer} />}
      {found.value === 'nothing' && !unreadable && <FoundNothing found={found} />}
      <Provenance proposal={proposal} />
      {reward && (
        <Text size="xs" c="dimmed" aria-label="Reward" role="note">
          Against what you kept: {rewardWords(reward)}
        </Text>
      )}
    </>
  );
}

function Parts({ open, proposal }: Pick<ReviewProps, 'open' | 'proposal'>) {
  const { store } = useClient();
  const { correction, at } = reviewed(store.getState());
  if (!correction || correction.found.value === 'nothing') return null;
  return (
    <div className="answer-parts">
      <ObjectParts {...{ open, correction, proposal, at }} />
    </div>
  );
}

function Unreadable({ answer: { text, reasoning, unknownWords } }: Pick<StoredProposal, 'answer'>) {
  if (unknownWords && unknownWords.length > 0)
    return (
      <Alert color="yellow" p="xs" my={4} title="Words that the model does not know">
        <Text size="xs">{reasoning}</Text>
      </Alert>
    );
  return (
    <Alert color="yellow" p="xs" my={4} title="The answer cannot be read">
      <Text size="xs" className="raw-answer">
        {text === '' ? 'The model wrote nothing.' : text}
      </Text>
    </Alert>
  );
}

const Unlike = ({ found }: { found: boolean }) => (
  <Alert
    color="yellow"
    p="xs"
    my={4}
    title={found ? 'A kind of picture that the model did not learn' : 'Not found does not mean not there'}
  >
    <Text size="xs">{unlikeWords(found)}</Text>
  </Alert>
);

const Inconsistent = () => (
  <Alert color="yellow" p="xs" my={4} title="Reasoning and boxes contradict each other">
    <Text size="xs">{inconsistentSentence}</Text>
  </Alert>
);

function FoundNothing({ found }: Pick<Correction, 'found'>) {
  return (
    <section className="answer-part" aria-label="Answer">
      <div className="part-line">
        <h2 className="nothing">
          <IconBan size={15} aria-hidden /> Nothing matches
        </h2>
        <Verdicts part="answer" verdict={found.verdict} />
      </div>
      <Text size="xs" c="dimmed">
        To correct this, draw the object, or click a box in the reasoning.
      </Text>
    </section>
  );
}

function Deeds({ prompt, proposal, unreadable }: Omit<ReviewProps, 'open'>) {
  const { actions } = useClient();
  const { correction } = prompt;
  const accepted = correction?.proposalId === proposal.id && isAccepted(correction);
  const several = proposal.objects.length > 1;
  const accept = accepted ? 'Accepted' : several ? 'Accept all' : 'Accept';
  return (
    <div className="deeds">
      <Button
        variant={accepted ? 'light' : 'default'}
        color={accepted ? 'green' : undefined}
        disabled={unreadable}
        aria-label={accept}
        rightSection={<ShortKeys id="answer.keep" />}
        onClick={() => void actions.accept()}
      >
        {accept}
      </Button>
      <Button
        flex={1}
        variant={proposal.answer.unlikePicture ? 'default' : 'filled'}
        disabled={unreadable}
        aria-label="Accept, next image"
        rightSection={<ShortKeys id="review.accept" />}
        onClick={() => void actions.acceptAndNext()}
      >
        Accept, next image
      </Button>
      <Tooltip label="Nothing on this image matches the prompt">
        <Button
          variant="default"
          aria-label="Nothing matches"
          rightSection={<ShortKeys id="answer.nothing" />}
          onClick={() => void actions.nothingMatches()}
        >
          Nothing
        </Button>
      </Tooltip>
      <UseSelected />
    </div>
  );
}

const signs: Readonly<Record<string, string>> = { Enter: '\u23ce', Shift: '\u21e7', Backspace: '\u232b' };

/** The keys of a button, short and for the eye alone: painted by the style sheet, so that its name stays its name. */
function ShortKeys({ id }: { id: CommandId }) {
  const keys = useKeys()(id).map((key) => signs[key] ?? key);
  return <span className="short-keys" data-keys={keys.join(' ')} aria-hidden />;
}

/** A shape that was drawn by hand can be the answer as well. */
function UseSelected() {
  const { actions } = useClient();
  const selected = useWorkbench((state) => (state.selected.size === 1 ? [...state.selected][0] : undefined));
  const isAnswer = useWorkbench(
    (state) => !!reviewed(state).correction?.objects.some((one) => one.mask.shapeId === selected),
  );
  const some = useWorkbench((state) => (reviewed(state).correction?.objects.length ?? 0) > 0);
  if (selected === undefined || isAnswer) return null;
  return (
    <>
      <Button
        variant="default"
        rightSection={<ShortKeys id="answer.shape" />}
        aria-label="The selected shape is it"
        onClick={() => void actions.shapeIsAnswer(selected)}
      >
        The selected shape is it
      </Button>
      {some && (
        <Tooltip label="The answer lacks it: the prompt means this shape as well">
          <Button
            variant="default"
            aria-label="The selected shape matches as well"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => void actions.shapeIsAnswer(selected, true)}
          >
            This one too
          </Button>
        </Tooltip>
      )}
    </>
  );
}

function Provenance({ proposal: { weights, timings, device } }: { proposal: StoredProposal }) {
  const { totalMs } = timings;
  return (
    <Text size="xs" c="dimmed" mt={6} className="ellipsis">
      {weightsName(weights)} on {deviceName(device)}
      {totalMs ? `, ${duration(totalMs)}` : ''}
    </Text>
  );
}
