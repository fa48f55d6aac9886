// Takes what a person wants to segment: words, how many answers, and the words that were used before.
import { ActionIcon, Button, Kbd, Menu, Select, Text, Textarea, Tooltip } from '@mantine/core';
import { IconHistory, IconPlayerStopFilled, IconSparkles } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { EngineStatus } from '../../../main/contract/api.ts';
import { several } from '../../state/words.ts';
import { useClient, useWorkbench } from '../window/client.ts';

/** Commands find the text field by this id. */
export const promptFieldId = 'prompt-text';

const sampleCounts = [1, 2, 4, 8];

export function PromptBar() {
  const { actions, store } = useClient();
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const isTyped = useRef(false);
  const samples = useWorkbench((state) => state.samples);
  const open = useWorkbench((state) => state.open !== null);
  const engine = useWorkbench((state) => state.engine);
  const asking = useWorkbench((state) => state.asking);
  const recall = useRecall(setText);
  const promptId = useWorkbench((state) => state.promptId);
  const asked = useWorkbench(({ open: image }) => (promptId === null ? undefined : image?.prompts.get(promptId)?.text));
  // The field says what is in review; on an image that was asked nothing, what was written stays to be asked there.
  // An earlier prompt is in review only once it is stored: what a person has begun to write by then is not replaced.
  useEffect(() => {
    const isBeingWritten = isTyped.current && document.activeElement === field.current;
    if (promptId !== null && asked !== undefined && !isBeingWritten) setText(asked);
  }, [promptId, asked]);
  const ready = open && engine?.state === 'ready';
  const ask = () => {
    if (!ready || text.trim() === '') return;
    recall.rest();
    isTyped.current = false;
    void actions.ask(text, samples);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Escape') return asking ? actions.cancel() : event.currentTarget.blur();
    if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      // The next key is a tool's again; `/` comes back to these words.
      if (ready && text.trim() !== '') event.currentTarget.blur();
      return ask();
    }
    const oneLine = !text.includes('\n');
    if (
      oneLine &&
      (event.key === 'ArrowUp' || event.key === 'ArrowDown') &&
      recall.step(event.key === 'ArrowUp' ? 1 : -1)
    ) {
      event.preventDefault();
    }
  };
  return (
    <section className="prompt-bar" aria-label="Prompt">
      <Textarea
        ref={field}
        id={promptFieldId}
        aria-label="What to segment"
        placeholder="Say what to segment: the dog left of the car"
        autosize
        minRows={1}
        maxRows={5}
        size="sm"
        value={text}
        onChange={(event) => {
          isTyped.current = true;
          setText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
        rightSection={text === '' ? <Kbd size="xs">/</Kbd> : null}
        rightSectionPointerEvents="none"
      />
      <div className="prompt-row">
        <History onPick={setText} />
        <Tooltip label="How many answers are sampled to choose from">
          <Select
            aria-label="Number of answers"
            data={sampleCounts.map((count) => ({ value: `${count}`, label: several(count, 'answer') }))}
            value={`${samples}`}
            onChange={(value) => store.setState({ samples: Number(value ?? samples) })}
            allowDeselect={false}
            w={104}
          />
        </Tooltip>
        <span className="status-gap" />
        {asking ? (
          <Button
            color="red"
            variant="light"
            leftSection={<IconPlayerStopFilled size={14} aria-hidden />}
            onClick={() => actions.cancel()}
          >
            Stop
          </Button>
        ) : (
          <Button
            leftSection={<IconSparkles size={15} aria-hidden />}
            onClick={ask}
            disabled={!ready || text.trim() === ''}
          >
            Ask
          </Button>
        )}
      </div>
      {engine && engine.state !== 'ready' && <NoModel engine={engine} />}
    </section>
  );
}

/** Arrows walk through what was asked before; walking back down ends at what was being written. */
function useRecall(setText: (text: string) => void) {
  const { actions } = useClient();
  const at = useRef(-1);
  return {
    rest: () => {
      at.current = -1;
    },
    step: (by: 1 | -1): boolean => {
      const past = actions.history();
      const next = at.current + by;
      if (next < -1 || next >= past.length) return false;
      at.current = next;
      setText(past[next] ?? '');
      return true;
    },
  };
}

function History({ onPick }: { onPick(text: string): void }) {
  const { actions } = useClient();
  const [past, setPast] = useState<readonly string[]>([]);
  return (
    <Menu position="bottom-start" onOpen={() => setPast(actions.history())} width={300}>
      <Menu.Target>
        <Tooltip label="Prompts asked before (arrow up)">
          <ActionIcon aria-label="Prompts asked before">
            <IconHistory size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {past.length === 0 && <Menu.Label>Nothing was asked yet</Menu.Label>}
        {past.map((text) => (
          <Menu.Item key={text} onClick={() => onPick(text)}>
            {text}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function NoModel({ engine }: { engine: EngineStatus }) {
  const { store } = useClient();
  if (engine.state === 'starting') {
    return (
      <Text size="xs" c="dimmed">
        The model is starting. You can write the prompt already.
      </Text>
    );
  }
  return (
    <div className="no-model" role="status">
      <Text size="xs">
        {engine.problem?.replace(/\.?$/u, '.') ?? 'There is no model.'} Everything but prompts, points and boxes works
        without.
      </Text>
      <Button variant="default" size="compact-xs" onClick={() => store.setState({ dialog: 'settings' })}>
        Choose weights
      </Button>
    </div>
  );
}
