// The edge of the wipe comparison as a slider: what stands on one side, what the model proposes on the other.
import { Button, Group, Slider, Text } from '@mantine/core';
import { IconArrowsLeftRight } from '@tabler/icons-react';
import { useClient, useWorkbench } from './window/client.ts';
import { useCommand } from './window/useCommands.ts';

export function WipeBar() {
  const { store } = useClient();
  const at = useWorkbench(({ wipe }) => wipe?.at ?? null);
  const run = useCommand();
  if (at === null) return null;
  const move = (value: number) => store.setState(({ wipe }) => ({ wipe: wipe && { ...wipe, at: value } }));
  return (
    <section className="wipe-bar" aria-label="Wipe comparison">
      <Group justify="space-between" gap="xs">
        <Text size="xs">Present mask</Text>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconArrowsLeftRight size={14} aria-hidden />}
          onClick={() => run('repair.wipeFlip')}
        >
          Show the other
        </Button>
        <Text size="xs">Proposal</Text>
      </Group>
      <Slider
        min={0}
        max={1}
        step={0.01}
        label={null}
        value={at}
        onChange={move}
        thumbLabel="Edge of the wipe comparison"
      />
    </section>
  );
}
