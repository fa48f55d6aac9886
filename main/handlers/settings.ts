// The settings group: what a person has set; the engine follows its weights and device.
import type { Host } from '../host.ts';
import { contract } from './context.ts';

export const settingsHandlers = (host: Host) => ({
  read: contract.settings.read.handler(() => host.settings.read()),
  write: contract.settings.write.handler(({ input }) => {
    const settings = host.settings.write(input);
    host.configureEngine();
    return settings;
  }),
});
