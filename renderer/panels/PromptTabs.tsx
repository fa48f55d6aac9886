// What was asked of this image so far: one line for each prompt, with what came of it.
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconBan, IconCircle, IconCircleCheck, IconPencil, IconTrash } from '@tabler/icons-react';
import type { Correction, StoredPrompt } from '../../main/contract/project.ts';
import { useClient } from './client.ts';

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
  const { icon: Icon, words, tone } = outcome(prompt.kept);
  return (
    <li className="prompt-line" data-current={isCurrent || undefined}>
      <button type="button" aria-pressed={isCurrent} onClick={() => actions.choosePrompt(prompt.id)}>
        <Icon size={14} aria-label={words} data-tone={tone} />
        <span className="ellipsis" title={prompt.text}>
          {prompt.text}
        </span>
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

/** What came of a prompt, as a sign and in words. */
export function outcome(kept: Correction | null) {
  if (kept === null) return { icon: IconCircle, words: 'Not judged yet', tone: undefined };
  const verdicts = [kept.reasoning.verdict, kept.box.verdict, kept.mask.verdict];
  if (verdicts.includes(null)) return { icon: IconPencil, words: 'Being judged', tone: 'warn' };
  if (kept.found === 'nothing') return { icon: IconBan, words: 'Nothing matches', tone: 'good' };
  return { icon: IconCircleCheck, words: 'Judged', tone: 'good' };
}
