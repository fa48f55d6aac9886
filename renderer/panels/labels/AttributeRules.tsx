// Edits what shapes of one label may say about themselves: a list of rules, stored as a whole.
import { ActionIcon, Button, Group, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { Diff } from '../../../main/contract/diff.ts';
import { same } from '../../../main/contract/equal.ts';
import type { AttributeRule, Label } from '../../../main/contract/project.ts';
import { ruleAttributes } from '../../state/labelEdits.ts';

const kinds: readonly AttributeRule['kind'][] = ['text', 'number', 'yes or no', 'choice'];

interface Props {
  readonly label: Label;
  edit(make: () => Diff | null): void;
}

interface Draft extends AttributeRule {
  /** Names the row while it has no name of its own. */
  readonly key: number;
}

const draftsOf = ({ attributes }: Label): readonly Draft[] => attributes.map((rule, key) => ({ ...rule, key }));

const rulesOf = (drafts: readonly Draft[]): AttributeRule[] => drafts.map(({ key: _, ...rule }) => rule);

export function AttributeRules({ label, edit }: Props) {
  const [drafts, setDrafts] = useState(() => draftsOf(label));
  const change = (key: number, part: Partial<AttributeRule>) =>
    setDrafts(drafts.map((draft) => (draft.key === key ? { ...draft, ...part } : draft)));
  const add = () =>
    setDrafts([...drafts, { name: '', kind: 'text', key: Math.max(-1, ...drafts.map(({ key }) => key)) + 1 }]);
  return (
    <Stack gap="xs" p="xs" pl={40}>
      {drafts.length === 0 && (
        <Text size="xs" c="dimmed">
          Shapes of “{label.name}” say nothing yet. An attribute may be “occluded”, “material” or “count”.
        </Text>
      )}
      {drafts.map((draft) => (
        <RuleRow
          key={draft.key}
          draft={draft}
          onChange={(part) => change(draft.key, part)}
          onRemove={() => setDrafts(drafts.filter(({ key }) => key !== draft.key))}
        />
      ))}
      <Group gap="xs">
        <Button size="compact-xs" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
          Add attribute
        </Button>
        <Button
          size="compact-xs"
          disabled={same(rulesOf(drafts), label.attributes)}
          onClick={() => edit(() => ruleAttributes(label, rulesOf(drafts)))}
        >
          Save attributes
        </Button>
      </Group>
    </Stack>
  );
}

interface RuleProps {
  readonly draft: Draft;
  onChange(part: Partial<AttributeRule>): void;
  onRemove(): void;
}

const RuleRow = ({ draft, onChange, onRemove }: RuleProps) => (
  <Group gap="xs" wrap="nowrap" align="flex-start">
    <TextInput
      aria-label="Name of the attribute"
      placeholder="name"
      value={draft.name}
      maxLength={100}
      onChange={(event) => onChange({ name: event.currentTarget.value })}
      w={160}
    />
    <Select
      aria-label={`Kind of ${draft.name || 'the attribute'}`}
      data={[...kinds]}
      value={draft.kind}
      allowDeselect={false}
      onChange={(value) => onChange({ kind: kinds.find((kind) => kind === value) ?? draft.kind })}
      w={120}
    />
    {draft.kind === 'choice' && (
      <TagsInput
        aria-label={`Choices of ${draft.name || 'the attribute'}`}
        placeholder="type a choice, then Enter"
        size="xs"
        value={draft.choices ?? []}
        onChange={(choices) => onChange({ choices })}
        flex={1}
      />
    )}
    <ActionIcon aria-label={`Remove ${draft.name || 'the attribute'}`} onClick={onRemove}>
      <IconTrash size={16} aria-hidden />
    </ActionIcon>
  </Group>
);
