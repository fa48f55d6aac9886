// Changes what a person sets: shown at once, stored by the host, and taken back where the host refuses it.
import type { Settings } from '../../main/contract/settings.ts';
import type { ActionContext } from './actionContext.ts';
import { sentence } from './connection.ts';
import { say } from './workbench.ts';

/** True once it is kept. */
export async function changeSettings({ store, host }: ActionContext, change: Partial<Settings>): Promise<boolean> {
  const { settings: before } = store.getState();
  store.setState({ settings: { ...before, ...change } });
  try {
    const settings = await host.settings.write(change);
    store.setState({ settings });
    return true;
  } catch (error) {
    store.setState({ settings: before });
    say(store, 'bad', `The setting was not kept: ${sentence(error)}`);
    return false;
  }
}
