// A person's word on one part of an answer: right, corrected or wrong, as three small switches.
import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { IconCheck, IconPencil, IconX } from '@tabler/icons-react';
import type { Verdict } from '../../main/contract/project.ts';
import type { Part } from '../state/corrections.ts';
import { useClient } from './client.ts';

const choices = [
  { verdict: 'right', icon: IconCheck, color: 'green', says: 'is right' },
  { verdict: 'corrected', icon: IconPencil, color: 'yellow', says: 'was corrected' },
  { verdict: 'wrong', icon: IconX, color: 'red', says: 'is wrong' },
] as const;

export function Verdicts({ part, verdict }: { part: Part; verdict: Verdict }) {
  const { actions } = useClient();
  return (
    <Group gap={2} wrap="nowrap" role="group" aria-label={`Verdict on the ${part}`}>
      {choices.map(({ verdict: one, icon: Icon, color, says }) => (
        <Tooltip key={one} label={`The ${part} ${says}`}>
          <ActionIcon
            size={24}
            variant={verdict === one ? 'light' : 'subtle'}
            color={verdict === one ? color : 'gray'}
            aria-pressed={verdict === one}
            aria-label={`The ${part} ${says}`}
            // Correcting is done by hand; the verdict follows from what stands.
            disabled={one === 'corrected' && verdict !== one}
            onClick={() => void actions.setVerdict(part, verdict === one ? null : one)}
          >
            <Icon size={15} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ))}
    </Group>
  );
}
