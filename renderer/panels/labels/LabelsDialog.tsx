// The labels of the project: names, colours, keys, attributes and order; merging two, and deleting one with its shapes.
import { Alert, Button, EmptyState, Group, Stack, TextInput } from '@mantine/core';
import { IconPlus, IconTags } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import type { Diff } from '../../../main/contract/diff.ts';
import { sentence } from '../../state/connection.ts';
import { checkName, deletion, longestTyped, orderedLabels } from '../../state/labelEdits.ts';
import { counted, several } from '../../state/words.ts';
import { say } from '../../state/workbench.ts';
import { useClient, useWorkbench } from '../window/client.ts';
import { DialogFrame } from '../window/DialogFrame.tsx';
import type { LabelConfirmation, Use } from './LabelRow.tsx';
import { LabelTable, unused } from './LabelTable.tsx';

export const LabelsDialog = () => (
  <DialogFrame name="labels" title="Labels" size="xl">
    <LabelList />
  </DialogFrame>
);

/** Use of the labels that are used at all; null: not known yet. Read again whenever something was recorded. */
function useLabelUse(): ReadonlyMap<number, Use> | null {
  const { host, edits } = useClient();
  const version = useWorkbench(({ listVersion }) => listVersion);
  const [use, setUse] = useState<ReadonlyMap<number, Use> | null>(null);
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
  const [doubt, setDoubt] = useState<LabelConfirmation | null>(null);
  const all = useMemo(() => orderedLabels(labels), [labels]);
  const idle = use === null ? [] : all.filter(({ id }) => !use.has(id));
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
  const ask = (about: LabelConfirmation) => {
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
        <SecondWord
          {...{ doubt, setProblem }}
          use={(doubt.kind !== 'unused' && use?.get(doubt.label.id)) || unused}
          onDone={() => setDoubt(null)}
        />
      )}
      {all.length === 0 ? (
        <EmptyState
          icon={<IconTags aria-hidden />}
          title="No labels yet"
          description="A label says what a shape is. Keys 1 to 9 give the first nine."
        />
      ) : (
        <LabelTable {...{ all, labels, use, edit }} onDoubt={ask} />
      )}
      {idle.length > 0 && (
        <Group justify="flex-end">
          <Button variant="default" size="compact-sm" onClick={() => ask({ kind: 'unused', labels: idle })}>
            Delete {several(idle.length, 'unused label')}…
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function NewLabel({ onProblem }: { onProblem(problem: string | null): void }) {
  const { actions, store } = useClient();
  const labels = useWorkbench((state) => state.labels);
  const [name, setName] = useState('');
  const addList = async (text: string) => {
    try {
      onProblem(null);
      const { added, known } = await actions.createLabels(text);
      say(store, 'plain', `${several(added, 'label')} added${known > 0 ? `, ${counted(known)} there already` : ''}.`);
    } catch (error) {
      onProblem(sentence(error));
    }
  };
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
          description="Paste a list, one name a line, to add all of them."
          onChange={(event) => setName(event.currentTarget.value)}
          onPaste={(event) => {
            const text = event.clipboardData.getData('text');
            if (!text.trim().includes('\n')) return;
            event.preventDefault();
            void addList(text);
          }}
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
export function doubtWords(doubt: LabelConfirmation, { shapes, images }: Use): string {
  if (doubt.kind === 'unused') return `Delete ${several(doubt.labels.length, 'label')} that no shape has?`;
  const { kind, label, into } = doubt;
  const spread = `${several(shapes, 'shape')} on ${several(images, 'image')}`;
  if (kind === 'merge') return `Make ${spread} “${into?.name}” and remove the label “${label.name}”?`;
  return shapes === 0 ? `Delete “${label.name}”? No shape has it.` : `Delete “${label.name}” with its ${spread}?`;
}

interface SecondWordProps {
  readonly doubt: LabelConfirmation;
  readonly use: Use;
  setProblem(problem: string | null): void;
  onDone(): void;
}

function SecondWord({ doubt, use, setProblem, onDone }: SecondWordProps) {
  const { host, edits, store } = useClient();
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      await edits.settled();
      if (doubt.kind === 'unused') await edits.commit(deletion(doubt.labels));
      else await moveShapes(doubt);
    } catch (error) {
      setProblem(sentence(error));
    }
    onDone();
  };
  const moveShapes = async ({ label, into }: Exclude<LabelConfirmation, { kind: 'unused' }>) => {
    const recorded = into
      ? await host.edit.mergeLabels({ from: label.id, into: into.id })
      : await host.edit.deleteLabel({ id: label.id });
    edits.received(recorded);
    store.setState(({ labelId }) => ({ labelId: labelId === label.id ? (into?.id ?? null) : labelId }));
  };
  const isMerge = doubt.kind === 'merge';
  return (
    <Alert color={isMerge ? 'yellow' : 'red'} role="alert" title={doubtWords(doubt, use)}>
      <Group>
        <Button
          size="compact-sm"
          color={isMerge ? undefined : 'red'}
          loading={busy}
          onClick={() => void go()}
          autoFocus
        >
          {isMerge ? 'Merge' : 'Delete'}
        </Button>
        <Button size="compact-sm" variant="default" onClick={onDone}>
          Leave it
        </Button>
        <span className="hint">Undo brings everything back.</span>
      </Group>
    </Alert>
  );
}
