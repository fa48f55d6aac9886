// Imports shapes from a file or folder, and says afterwards what was taken and what was left out.
import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { isActive } from '../../state/words.ts';
import { useClient } from '../window/client.ts';
import { DialogFrame, FormEnd, useCloseDialog } from '../window/DialogFrame.tsx';
import { JobView } from '../window/JobView.tsx';
import { PathField } from '../window/PathField.tsx';
import { useStartedJob } from '../window/startedJob.ts';

export const ImportDialog = () => (
  <DialogFrame name="import" title="Import shapes">
    <ImportForm />
  </DialogFrame>
);

function ImportForm() {
  const { host } = useClient();
  const [file, setFile] = useState('');
  const [images, setImages] = useState('');
  const close = useCloseDialog();
  const { job, problem, starting, start, clear } = useStartedJob();
  const run = () =>
    start(() => host.jobs.importFile({ file: file.trim(), ...(images.trim() ? { images: images.trim() } : {}) }));
  if (job) {
    return (
      <Stack>
        <JobView job={job} notesTitle="Left out or changed" />
        {isActive(job) && (
          <Text size="xs" c="dimmed">
            You can close this and go on working; Jobs shows how far it is.
          </Text>
        )}
        <Group justify="flex-end">
          {!isActive(job) && (
            <Button variant="default" onClick={clear}>
              Import another
            </Button>
          )}
          <Button onClick={close}>{isActive(job) ? 'Go on in the background' : 'Done'}</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <Stack>
        <PathField
          label="File or folder"
          description="COCO, LabelMe, X-AnyLabeling, ISAT, YOLO, Pascal VOC, CVAT, VIA or Label Studio; the format is found out by itself."
          what="import"
          value={file}
          onChange={setFile}
          autoFocus
        />
        <PathField
          label="Folder of the images"
          description="Only where they do not lie beside the file, or are not in the project yet."
          what="folder"
          value={images}
          onChange={setImages}
        />
        <FormEnd problem={problem} starting={starting} disabled={file.trim() === ''}>
          Import
        </FormEnd>
      </Stack>
    </form>
  );
}
