// Shows a person's verdict on one part of an answer as three switches: right, corrected or wrong.
import { Button, Group } from '@mantine/core';
import type { Verdict } from '../../../main/contract/project.ts';
import type { Part } from '../../state/corrections.ts';
import { useClient } from '../window/client.ts';

const choices = [
  { verdict: 'right', name: 'Right', color: 'green', says: 'is right' },
  { verdict: 'corrected', name: 'Corrected', color: 'yellow', says: 'was corrected' },
  { verdict: 'wrong', name: 'Wrong', color: 'red', says: 'is wrong' },
] as const;

/** Correcting is done by hand, and that verdict follows from what stands: it is there to be taken back. */
export function Verdicts({ part, verdict }: { part: Part; verdict: Verdict }) {
  const { actions } = useClient();
  return (
    <Group gap={2} wrap="nowrap" role="group" aria-label={`Verdict on the ${part}`}>
      {choices
        .filter((choice) => choice.verdict !== 'corrected' || verdict === 'corrected')
        .map(({ verdict: one, name, color, says }) => (
          <Button
            key={one}
            size="compact-xs"
            px={5}
            variant={verdict === one ? 'light' : 'subtle'}
            color={verdict === one ? color : 'gray'}
            aria-pressed={verdict === one}
            aria-label={`The ${part} ${says}`}
            onClick={() => void actions.setVerdict(part, verdict === one ? null : one)}
          >
            {name}
          </Button>
        ))}
    </Group>
  );
}
