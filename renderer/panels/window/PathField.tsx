// A file or folder as text that can be typed, pasted or chosen in a dialog.
import { Button, Group, TextInput } from '@mantine/core';
import { IconFolderOpen } from '@tabler/icons-react';
import type { DialogKind } from '../../../main/contract/shell.ts';
import { useFileChoice } from './fileChoice.tsx';

interface Props {
  readonly label: string;
  readonly description?: string;
  readonly what: DialogKind;
  /** Offered as the name of a file that is made. */
  readonly name?: string;
  readonly value: string;
  readonly autoFocus?: boolean;
  readonly readOnly?: boolean;
  onChange(path: string): void;
}

export function PathField({ label, description, what, name, value, autoFocus, readOnly, onChange }: Props) {
  const choose = useFileChoice();
  const pick = async () => {
    const [path] = await choose(what, name);
    if (path !== undefined) onChange(path);
  };
  return (
    <Group align="flex-end" wrap="nowrap" gap="xs">
      <TextInput
        label={label}
        description={description}
        value={value}
        readOnly={readOnly}
        onChange={(event) => onChange(event.currentTarget.value)}
        data-autofocus={autoFocus || undefined}
        spellCheck={false}
        flex={1}
      />
      <Button
        variant="default"
        leftSection={<IconFolderOpen size={16} aria-hidden />}
        onClick={() => void pick()}
        aria-label={`Choose: ${label}`}
      >
        Choose…
      </Button>
    </Group>
  );
}
