// Panels as markup with everything laid open that folds: dialogs, menus and lists of choices, without a browser.
import { MantineProvider, mergeThemeOverrides } from '@mantine/core';
import { createElement, type FunctionComponent } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ClientContext } from '../../../renderer/panels/window/client.ts';
import { FileChoiceProvider } from '../../../renderer/panels/window/fileChoice.tsx';
import { cssVariables, theme } from '../../../renderer/panels/window/theme.ts';
import { CommandsContext } from '../../../renderer/panels/window/useCommands.ts';
import type { Workbench } from '../../../renderer/state/workbench.ts';
import { contextOf } from '../contextOf.ts';
import { deskAlone } from '../rendered.tsx';

const here = { withinPortal: false };
const open = { defaultProps: { ...here, defaultOpened: true } };
const choices = { defaultProps: { comboboxProps: here, defaultDropdownOpened: true } };

/** What would hang elsewhere on the page stays where it was made, and is open from the start. */
const spread = mergeThemeOverrides(theme, {
  components: {
    ...{ Modal: { defaultProps: here }, Drawer: { defaultProps: here }, Menu: open, Popover: open },
    ...{ Select: choices, Combobox: { defaultProps: here } },
  },
});

/** The same, and every tip stands beside what it explains. */
const explained = mergeThemeOverrides(spread, { components: { Tooltip: open } });

/** The markup of a panel on a client whose host never answers, without the style sheet of the theme. */
export function laidOpen<P extends object>(
  panel: FunctionComponent<P>,
  state: Partial<Workbench> = {},
  props?: P,
  { tips = false } = {},
): string {
  const { client, stop } = deskAlone(state);
  const inside = createElement(FileChoiceProvider, null, createElement(panel, props ?? null));
  const commands = createElement(CommandsContext.Provider, { value: contextOf(client, []) }, inside);
  const on = createElement(ClientContext.Provider, { value: client }, commands);
  const whole = { theme: tips ? explained : spread, cssVariablesResolver: cssVariables, env: 'test' as const };
  const markup = renderToStaticMarkup(createElement(MantineProvider, whole, on));
  stop();
  return markup.replaceAll(/<style.*?<\/style>/gsu, '');
}
