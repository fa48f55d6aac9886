// The surroundings of commands without a page.
import type { Client } from '../../renderer/state/client.ts';
import type { CommandContext } from '../../renderer/state/commandActions.ts';

/** What the page would lend commands, written down instead of done. */
export function contextOf(client: Client, seen: string[]): CommandContext {
  const note = (what: string) => () => seen.push(what) > 0;
  return {
    client,
    screen: {
      gesture: { finish: note('finish'), back: note('back'), cancel: () => false },
      masks: { fillHoles: (mask) => mask, removeSpecks: (mask) => mask, smooth: (mask) => mask },
      focusPrompt: note('focus the prompt'),
      isDark: () => false,
    },
  };
}
