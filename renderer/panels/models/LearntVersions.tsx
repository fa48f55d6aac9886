// The weights that the open project has learnt: which of them answers, the way to another and back to the chosen weights.
import { Alert, Button, Group, Select, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { LearningState, WeightsVersion } from '../../../main/contract/learning.ts';
import type { ActionContext } from '../../state/actionContext.ts';
import { sentence } from '../../state/connection.ts';
import { say } from '../../state/workbench.ts';
import { useClient, useWorkbench } from '../window/client.ts';

/** What is in use of the project's own, and a way to set it aside. Read anew whenever other weights answer. */
export function useLearntVersion(): { version: WeightsVersion | null; setAside(): void } {
  const client = useClient();
  const { host } = client;
  const answering = useWorkbench(({ engine }) => engine?.weights ?? null);
  const hasProject = useWorkbench(({ project }) => project !== null);
  const [state, setState] = useState<LearningState | null>(null);
  useEffect(() => {
    // Null while a model is opened: then it is not known yet.
    if (!hasProject || answering === null) return setState(null);
    let isWanted = true;
    const keep = (read: LearningState | null) => isWanted && setState(read);
    host.learning.state().then(keep, () => keep(null));
    return () => {
      isWanted = false;
    };
  }, [host, hasProject, answering]);
  const version = state?.versions.find(({ inUse }) => inUse) ?? null;
  return { version, setAside: () => void learntSetAside(client).then((after) => after && setState(after)) };
}

/** The versions, of which none is in use any more; null where the host refuses, which is said. */
export async function learntSetAside({ host, store }: ActionContext): Promise<LearningState | null> {
  try {
    return await host.learning.setAside();
  } catch (error) {
    say(store, 'bad', sentence(error));
    return null;
  }
}

interface NoticeProps {
  readonly version: WeightsVersion | null;
  onSetAside(): void;
}

/** Where weights are chosen: the choice has no effect while a version is in use. */
export const LearntNotice = ({ version, onSetAside }: NoticeProps) =>
  version && (
    <Alert color="yellow" role="status" aria-label="Learnt weights">
      <Group gap="xs" wrap="nowrap">
        <Text size="sm" flex={1}>
          This project answers by {version.name}, which it has learnt, and not by the weights that are chosen here.
        </Text>
        <Button
          size="compact-sm"
          variant="default"
          title="What was learnt is kept; Teach can use it again"
          onClick={onSetAside}
        >
          Use the chosen weights
        </Button>
      </Group>
    </Alert>
  );

interface ChoiceProps {
  readonly versions: readonly WeightsVersion[];
  /** null: none of them. */
  onChoose(id: number | null): void;
}

/** Every version can be used again, whatever was rolled back. */
export const VersionChoice = ({ versions, onChoose }: ChoiceProps) =>
  versions.length > 0 && (
    <Select
      label="Weights that answer in this project"
      data={[
        { value: '', label: 'Those of the settings' },
        ...versions.map((version) => ({ value: String(version.id), label: versionWords(version) })),
      ]}
      value={String(versions.find(({ inUse }) => inUse)?.id ?? '')}
      allowDeselect={false}
      onChange={(value) => onChoose(value ? Number(value) : null)}
    />
  );

/** "3: cats 1a2b3c4d, learnt 2026-08-01 14:05, kept back as it was no better". */
const versionWords = ({ id, name, made, report }: WeightsVersion): string =>
  `${id}: ${name}, learnt ${dayOf(made)}${report.gate.promoted ? '' : ', kept back as it was no better'}`;

/** "2026-08-01 14:05", as the clock here shows it. */
function dayOf(made: string): string {
  const time = new Date(made);
  return Number.isNaN(time.getTime()) ? made : time.toLocaleString('sv').slice(0, 16);
}
