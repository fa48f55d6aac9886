// The labels of the project: names, colours, keys, attributes and order; merging two, and deleting one with its shapes.
import { Alert, Button, EmptyState, Group, ScrollArea, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTags } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Diff } from '../../main/contract/diff.ts';
import { sentence } from '../state/connection.ts';
import { checkName, longestTyped, orderedLabels } from '../state/labelEdits.ts';
import { several } from '../state/words.ts';
import { useClient, useWorkbench } from './client.ts';
import { DialogFrame } from './DialogFrame.tsx';
import { type Doubt, LabelRow, type Use } from './LabelRow.tsx';

export const LabelsDialog = () => (
  <DialogFrame name="labels" title="Labels" size="xl">
    <LabelList />
  </DialogFrame>
);

const unused: Use = { shapes: 0, images: 0 };

/** Read anew whenever something was recorded. */
function useLabelUse(): ReadonlyMap<number, Use> {
  const { host, edits } = useClient();
  const version = useWorkbench(({ listVersion }) => listVersion);
  const [use, setUse] = useState<ReadonlyMap<number, Use>>(new Map());
  useEffect(() => {
    let current = version >= 0;
    const read = async () => {
      await edits.settled();
      const rows = await host.project.labelUse();
      if (current) setUse(new Map(rows.map(({ labelId, ...rest }) => [labelId, rest])));
    };
    read().catch(() => {});
    return () => {
      current = false;
    };
  }, [host, edits, version]);
  return use;
}

function LabelList() {
  const { edits } = useClient();
  const labels = useWorkbench((state) => state.labels);
  const use = useLabelUse();
  const [problem, setProblem] = useState<string | null>(null);
  const [doubt, setDoubt] = useState<Doubt | null>(null);
  const all = orderedLabels(labels);
  /** Does what `make` says, or shows why that cannot be. */
  const edit = (make: () => Diff | null) => {
    try {
      setProblem(null);
      const diff = make();
      if (diff) void edits.commit(diff);
    } catch (error) {
      setProblem(sentence(error));
    }
  };
  const ask = (about: Doubt) => {
    setProblem(null);
    setDoubt(about);
  };
  return (
    <Stack gap="sm">
      <NewLabel onProblem={setProblem} />
      {problem && (
        <Alert color="red" role="alert" withCloseButton closeButtonLabel="Close" onClose={() => setProblem(null)}>
          {problem}
        </Alert>
      )}
      {doubt && (
        <SecondWord {...{ doubt, setProblem }} use={use.get(doubt.label.id) ?? unused} onDone={() => setDoubt(null)} />
      )}
      {all.length === 0 ? (
        <EmptyState
          icon={<IconTags aria-hidden />}
          title="No labels yet"
          description="A label says what a shape is. Keys 1 to 9 give the first nine."
        />
      ) : (
        <ScrollArea.Autosize mah={440} type="auto">
          <ul className="plain-list" aria-label="Labels in their order">
            {all.map((label, index) => (
              <LabelRow
                key={label.id}
                {...{ label, index, labels, edit }}
                last={index === all.length - 1}
                use={use.get(label.id) ?? unused}
                onDoubt={ask}
              />
            ))}
          </ul>
        </ScrollArea.Autosize>
      )}
    </Stack>
  );
}

function NewLabel({ onProblem }: { onProblem(problem: string | null): void }) {
  const { actions } = useClient();
  const labels = useWorkbench((state) => state.labels);
  const [name, setName] = useState('');
  const add = async () => {
    try {
      const checked = checkName(labels, name, null);
      setName('');
      onProblem(null);
      await actions.createLabel(checked);
    } catch (error) {
      onProblem(sentence(error));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <Group align="flex-end" wrap="nowrap">
        <TextInput
          label="New label"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={longestTyped}
          data-autofocus
          flex={1}
        />
        <Button type="submit" leftSection={<IconPlus size={16} aria-hidden />} disabled={name.trim() === ''}>
          Add
        </Button>
      </Group>
    </form>
  );
}

/** "Delete “car” with its 12 shapes on 3 images?" */
export function doubtWords({ kind, label, into }: Doubt, { shapes, images }: Use): string {
  const spread = `${several(shapes, 'shape')} on ${several(images, 'image')}`;
  if (kind === 'merge') return `Make ${spread} “${into?.name}” and remove the label “${label.name}”?`;
  return shapes === 0 ? `Delete “${label.name}”? No shape has it.` : `Delete “${label.name}” with its ${spread}?`;
}

interface SecondWordProps {
  readonly doubt: Doubt;
  readonly use: Use;
  setProblem(problem: string | null): void;
  onDone(): void;
}

function SecondWord({ doubt, use, setProblem, onDone }: SecondWordProps) {
  const { host, edits, store } = useClient();
  const [busy, setBusy] = useState(false);
  const { kind, label, into } = doubt;
  const go = async () => {
    setBusy(true);
    try {
      await edits.settled();
      const recorded = into
        ? await host.edit.mergeLabels({ from: label.id, into: into.id })
        : await host.edit.deleteLabel({ id: label.id });
      edits.received(recorded);
      store.setState(({ labelId }) => ({ labelId: labelId === label.id ? (into?.id ?? null) : labelId }));
    } catch (error) {
      setProblem(sentence(error));
    }
    onDone();
  };
  return (
    <Alert color={kind === 'delete' ? 'red' : 'yellow'} role="alert" title={doubtWords(doubt, use)}>
      <Group>
        <Button
          size="compact-sm"
          color={kind === 'delete' ? 'red' : undefined}
          loading={busy}
          onClick={() => void go()}
          autoFocus
        >
          {kind === 'delete' ? 'Delete' : 'Merge'}
        </Button>
        <Button size="compact-sm" variant="default" onClick={onDone}>
          Leave it
        </Button>
        <span className="hint">Undo brings everything back.</span>
      </Group>
    </Alert>
  );
}
