// Lists all jobs of this session: running, waiting and ended ones.
import { Drawer, EmptyState, Stack } from '@mantine/core';
import { IconProgressCheck } from '@tabler/icons-react';
import type { Job } from '../../main/contract/jobs.ts';
import { isActive } from '../state/words.ts';
import { useWorkbench } from './window/client.ts';
import { useCloseDialog } from './window/DialogFrame.tsx';
import { JobView } from './window/JobView.tsx';

export function JobsPanel() {
  const open = useWorkbench(({ dialog }) => dialog === 'jobs');
  const jobs = useWorkbench((state) => state.jobs);
  const close = useCloseDialog();
  const all = sortedJobs([...jobs.values()]);
  return (
    <Drawer
      opened={open}
      onClose={close}
      position="right"
      size={420}
      title="Jobs"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {all.length === 0 ? (
        <EmptyState
          icon={<IconProgressCheck aria-hidden />}
          title="Nothing is at work"
          description="Import, export and asking all images show here how far they are."
        />
      ) : (
        <Stack gap="lg">
          {all.map((job) => (
            <JobView key={job.id} job={job} />
          ))}
        </Stack>
      )}
    </Drawer>
  );
}

/** Sorts jobs: those at work come first, then the newest. */
export const sortedJobs = (jobs: readonly Job[]): Job[] => {
  const active = jobs.filter(isActive);
  return [...active, ...jobs.filter((job) => !isActive(job)).toReversed()];
};
