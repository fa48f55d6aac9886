// Checks a COCO file against every rule that its readers rely on, and against the project's masks.
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import type { VerifyReport } from '../../../main/contract/jobs.ts';
import { sentence } from '../../state/connection.ts';
import { several } from '../../state/words.ts';
import { useClient } from '../window/client.ts';
import { DialogFrame, useCloseDialog } from '../window/DialogFrame.tsx';
import { Notes } from '../window/JobView.tsx';
import { PathField } from '../window/PathField.tsx';

export const VerifyDialog = () => (
  <DialogFrame name="verify" title="Verify a COCO file">
    <VerifyForm />
  </DialogFrame>
);

function VerifyForm() {
  const [file, setFile] = useState('');
  const close = useCloseDialog();
  const { report, problem, busy, verify } = useVerify();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        verify(file.trim());
      }}
    >
      <Stack>
        <PathField label="COCO file" what="import" value={file} onChange={setFile} autoFocus />
        <VerifyResult {...{ report, problem }} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Close
          </Button>
          <Button type="submit" loading={busy} disabled={file.trim() === ''}>
            Verify
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function useVerify() {
  const { host, edits } = useClient();
  const [report, setReport] = useState<VerifyReport | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const verify = async (file: string) => {
    setBusy(true);
    setReport(null);
    setProblem(null);
    try {
      await edits.settled();
      setReport(await host.jobs.verify({ file }));
    } catch (error) {
      setProblem(sentence(error));
    }
    setBusy(false);
  };
  return { report, problem, busy, verify: (file: string) => void verify(file) };
}

interface ResultProps {
  readonly report: VerifyReport | null;
  readonly problem: string | null;
}

export function VerifyResult({ report, problem }: ResultProps) {
  if (problem) {
    return (
      <Alert color="red" role="alert">
        {problem}
      </Alert>
    );
  }
  if (!report) return null;
  return report.problems.length === 0 ? (
    <Alert color="green" icon={<IconCircleCheck size={20} aria-hidden />} title="Nothing is wrong" role="status">
      <Text size="sm">{checkedWords(report)}</Text>
    </Alert>
  ) : (
    <Alert color="red" title={several(report.problems.length, 'broken rule')} role="alert">
      <Text size="sm" mb="xs">
        {checkedWords(report)}
      </Text>
      <Notes title="Broken rules" lines={report.problems} />
    </Alert>
  );
}

/** "3 images and 12 annotations were checked, and every mask was compared with the project." */
export function checkedWords({ images, annotations, boxes, compared }: VerifyReport): string {
  const alone = boxes > 0 ? ` (${boxes.toLocaleString('en')} without a mask)` : '';
  const checked = `${several(images, 'image')} and ${several(annotations, 'annotation')}${alone} were checked`;
  return compared ? `${checked}, and every mask was compared with the project.` : `${checked}.`;
}
