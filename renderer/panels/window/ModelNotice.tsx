// Says why the model does not run where it is needed; shows nothing where it runs.
import { Alert, Button, Group, Loader, Text } from '@mantine/core';
import type { EngineStatus } from '../../../main/contract/api.ts';
import { useWorkbench } from './client.ts';
import { useCommand } from './useCommands.ts';

/** Null where the model can be asked. */
export function modelWords(engine: EngineStatus | null): string | null {
  if (engine === null || engine.state === 'starting') return 'The model is starting.';
  if (engine.state === 'ready') return null;
  if (engine.state === 'absent') return 'No model is there. Settings can name the folder of the weights.';
  return engine.problem ?? 'The model does not run.';
}

export function ModelNotice() {
  const engine = useWorkbench((state) => state.engine);
  const run = useCommand();
  const inSettings = useWorkbench(({ dialog }) => dialog === 'settings');
  const words = modelWords(engine);
  if (words === null) return null;
  const starts = engine === null || engine.state === 'starting';
  return (
    <Alert color={starts ? 'gray' : 'yellow'} role={starts ? 'status' : 'alert'}>
      <Group gap="xs">
        {starts && <Loader size="xs" aria-hidden />}
        <Text size="sm" flex={1}>
          {words}
        </Text>
        {!starts && !inSettings && (
          <Button size="compact-sm" variant="default" onClick={() => run('app.settings')}>
            Settings…
          </Button>
        )}
      </Group>
    </Alert>
  );
}
