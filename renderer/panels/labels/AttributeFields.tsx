// Shows and edits the attributes of the selected shapes, by the rules of their label.
import { Checkbox, NumberInput, Select, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { AttributeRule, AttributeValue, Shape } from '../../../main/contract/project.ts';
import { useClient, useWorkbench } from '../window/client.ts';

/** Shown while all selected shapes have one label, and the label has rules. */
export function AttributeFields() {
  const selected = useWorkbench((state) => state.selected);
  const open = useWorkbench((state) => state.open);
  const labels = useWorkbench((state) => state.labels);
  const shapes = [...selected].flatMap((id) => open?.shapes.get(id) ?? []);
  const [labelId, ...others] = new Set(shapes.map((shape) => shape.labelId));
  const rules = labelId === undefined || others.length > 0 ? [] : (labels.get(labelId)?.attributes ?? []);
  if (rules.length === 0) return null;
  return (
    <fieldset className="attributes">
      <legend>Attributes</legend>
      {rules.map((rule) => (
        <Field key={rule.name} rule={rule} shapes={shapes} />
      ))}
    </fieldset>
  );
}

/** The value that all shapes share; undefined where they differ or say nothing. */
export function sharedValue(shapes: readonly Shape[], name: string): AttributeValue | undefined {
  const [first, ...rest] = shapes.map(({ attributes }) => attributes[name]);
  return rest.every((value) => value === first) ? first : undefined;
}

function Field({ rule, shapes }: { rule: AttributeRule; shapes: readonly Shape[] }) {
  const { actions } = useClient();
  const value = sharedValue(shapes, rule.name);
  const ids = shapes.map(({ id }) => id);
  const keep = (next: AttributeValue | null) => {
    if (next !== (value ?? null)) void actions.setAttribute(ids, rule.name, next);
  };
  if (rule.kind === 'yes or no') {
    return (
      <Checkbox
        size="xs"
        label={rule.name}
        checked={value === true}
        indeterminate={value === undefined && shapes.length > 1}
        onChange={(event) => keep(event.currentTarget.checked)}
      />
    );
  }
  if (rule.kind === 'choice') {
    return (
      <Select
        label={rule.name}
        data={rule.choices ?? []}
        value={typeof value === 'string' ? value : null}
        onChange={keep}
        clearable
        clearButtonProps={{ 'aria-label': `Clear ${rule.name}` }}
      />
    );
  }
  return <Written rule={rule} value={value} onKeep={keep} />;
}

interface WrittenProps {
  readonly rule: AttributeRule;
  readonly value: AttributeValue | undefined;
  onKeep(value: AttributeValue | null): void;
}

/** The text is stored when the field is left, so that one word is one step of undo. */
function Written({ rule, value, onKeep }: WrittenProps) {
  const shown = value === undefined ? '' : String(value);
  const [draft, setDraft] = useState(shown);
  useEffect(() => setDraft(shown), [shown]);
  if (rule.kind === 'number') {
    return (
      <NumberInput
        label={rule.name}
        hideControls
        value={draft}
        onChange={(next) => setDraft(String(next))}
        onBlur={() => onKeep(draft.trim() === '' || Number.isNaN(Number(draft)) ? null : Number(draft))}
      />
    );
  }
  return (
    <TextInput
      label={rule.name}
      value={draft}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={() => onKeep(draft.trim() === '' ? null : draft.trim())}
    />
  );
}
