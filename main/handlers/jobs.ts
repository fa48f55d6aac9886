// The part of the jobs group that is the same for every job: listing and cancelling.
import type { Host } from '../host.ts';
import { contract } from './contract.ts';

export const jobsHandlers = (host: Host) => ({
  list: contract.jobs.list.handler(() => host.jobs.list()),
  cancel: contract.jobs.cancel.handler(({ input }) => {
    host.jobs.cancel(input.id);
    return {};
  }),
});
