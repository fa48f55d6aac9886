// Says why there is no picture on the canvas, and what to do.
import { Button, Loader, Stack, Text } from '@mantine/core';
import { IconPhotoPlus, IconPhotoX } from '@tabler/icons-react';
import { stateWords } from '../state/words.ts';
import { useClient, useWorkbench } from './window/client.ts';
import { useFileChoice } from './window/fileChoice.tsx';
import { useCommand } from './window/useCommands.ts';

export function StageNotice() {
  const opening = useWorkbench((state) => state.opening !== null);
  const image = useWorkbench(({ open }) => open?.image ?? null);
  const images = useWorkbench(({ project }) => project?.images ?? 0);
  if (image && (image.state === 'missing' || image.state === 'unreadable')) return <FileProblem />;
  if (image && !opening) return null;
  if (opening) return image ? null : <Loader className="stage-notice" role="status" aria-label="Opening the image" />;
  return images === 0 ? <NoImages /> : <NoneOpen />;
}

function NoImages() {
  const run = useCommand();
  return (
    <Stack className="stage-notice" align="center" gap="sm">
      <IconPhotoPlus size={36} stroke={1.3} aria-hidden />
      <Text size="sm">The project has no images yet. They stay where they are; Loupe only refers to them.</Text>
      <Button onClick={() => run('project.addImages')}>Add images</Button>
    </Stack>
  );
}

function NoneOpen() {
  const { actions } = useClient();
  return (
    <Stack className="stage-notice" align="center" gap="sm">
      <Text size="sm">No image is open.</Text>
      <Button onClick={() => void actions.first()}>Open the first</Button>
    </Stack>
  );
}

/** The shapes are all there; only the file is not. */
function FileProblem() {
  const { actions } = useClient();
  const choose = useFileChoice();
  const image = useWorkbench(({ open }) => open?.image);
  if (!image) return null;
  const find = async () => {
    const [file] = await choose('image');
    if (file !== undefined) await actions.relink(image.id, file);
  };
  return (
    <Stack className="stage-notice card" align="center" gap="sm" role="alert">
      <IconPhotoX size={36} stroke={1.3} aria-hidden />
      <Text fw={600}>{stateWords[image.state]}</Text>
      <Text size="sm" ta="center">
        {image.problem ?? image.path}
      </Text>
      {image.state === 'missing' && <Button onClick={() => void find()}>Say where the file is now</Button>}
    </Stack>
  );
}
