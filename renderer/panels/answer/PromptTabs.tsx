// Lists the prompts of this image so far: one line for each prompt, with its result.
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconBan, IconCircle, IconCircleCheck, IconCircleHalf2, IconCircleX, IconTrash } from '@tabler/icons-react';
import { isAccepted } from '../../../main/contract/correction.ts';
import type { Correction, StoredPrompt } from '../../../main/contract/project.ts';
import { useClient } from '../window/client.ts';

interface Props {
  readonly prompts: readonly StoredPrompt[];
  readonly current: number | null;
}

export function PromptTabs({ prompts, current }: Props) {
  if (prompts.length === 0) return null;
  return (
    <ul className="plain-list prompt-tabs" aria-label="Prompts of this image">
      {prompts.map((prompt) => (
        <PromptLine key={prompt.id} prompt={prompt} isCurrent={prompt.id === current} />
      ))}
    </ul>
  );
}

function PromptLine({ prompt, isCurrent }: { prompt: StoredPrompt; isCurrent: boolean }) {
  const { actions } = useClient();
  const { icon: Icon, words, tone } = outcome(prompt.correction);
  return (
    <li className="prompt-line" data-current={isCurrent || undefined}>
      <button type="button" aria-pressed={isCurrent} onClick={() => actions.choosePrompt(prompt.id)}>
        <Icon size={14} aria-label={words} data-tone={tone} />
        <Tooltip label={prompt.text} position="left" multiline maw={360} openDelay={700}>
          <span className="ellipsis">{prompt.text}</span>
        </Tooltip>
      </button>
      <Tooltip label="Delete the prompt; shapes stay">
        <ActionIcon
          size={22}
          className="on-hover"
          aria-label={`Delete the prompt ${prompt.text}`}
          onClick={() => void actions.removePrompt(prompt.id)}
        >
          <IconTrash size={13} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}

/** The result of a prompt, as a sign and in words. */
export function outcome(correction: Correction | null) {
  if (correction === null) return { icon: IconCircle, words: 'Not judged yet', tone: undefined };
  const { objects, reasoning } = correction;
  const isJudged = reasoning.verdict !== null && objects.every(({ box, mask }) => box.verdict && mask.verdict);
  const isRefused = objects.length > 0 && objects.every(({ mask }) => mask.verdict === 'wrong');
  if (isJudged && isRefused) return { icon: IconCircleX, words: 'Judged wrong', tone: 'bad' };
  if (!isAccepted(correction)) return { icon: IconCircleHalf2, words: 'Being judged', tone: 'warn' };
  if (correction.found.value === 'nothing') return { icon: IconBan, words: 'Nothing matches', tone: 'good' };
  return { icon: IconCircleCheck, words: 'Judged', tone: 'good' };
}
