// The part of the jobs group that is the same for every job: listing and cancelling.
import type { HostContext } from './context.ts';
import { contract } from './context.ts';

export const jobsHandlers = (host: HostContext) => ({
  list: contract.jobs.list.handler(() => host.jobs.list()),
  cancel: contract.jobs.cancel.handler(({ input }) => {
    host.jobs.cancel(input.id);
    return {};
  }),
});
