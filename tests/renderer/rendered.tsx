// A panel as the page would first show it, on a window of the tests' own; portals and effects need a browser.
import { MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ClientContext } from '../../renderer/panels/window/client.ts';
import { FileChoiceProvider } from '../../renderer/panels/window/fileChoice.tsx';
import { CommandsContext } from '../../renderer/panels/window/useCommands.ts';
import { temporaryMemory } from '../../renderer/state/actionContext.ts';
import { type Client, openClient } from '../../renderer/state/client.ts';
import { connect, NotConnected } from '../../renderer/state/connection.ts';
import type { Workbench } from '../../renderer/state/workbench.ts';
import { contextOf } from './contextOf.ts';

/** A client whose host is never there: what panels show then is what the state says. */
export function deskAlone(state: Partial<Workbench>): { client: Client; stop(): void } {
  const connection = connect(() => Promise.reject(new NotConnected('nobody is there')));
  const client = openClient(connection, { memory: temporaryMemory(), fetchAhead: () => {} });
  client.store.setState(state);
  // Markup made without a page is made of the first state; here that is this one.
  client.store.getInitialState = client.store.getState;
  const stop = () => {
    client.close();
    connection.close();
  };
  return { client, stop };
}

/** The words on screen with the names of controls in brackets, one space between them. */
export const shown = (panel: ReactNode, state: Partial<Workbench>): string => wordsOf(markupOf(panel, state));

/** The words of its primary buttons. */
export const primary = (panel: ReactNode, state: Partial<Workbench>): string[] =>
  [...markupOf(panel, state).matchAll(/<button[^>]*data-variant="filled"[^>]*>.*?<\/button>/gsu)].map(([button]) =>
    wordsOf(button),
  );

function markupOf(panel: ReactNode, state: Partial<Workbench>): string {
  const { client, stop } = deskAlone(state);
  const markup = renderToStaticMarkup(
    <MantineProvider>
      <ClientContext.Provider value={client}>
        <CommandsContext.Provider value={contextOf(client, [])}>
          <FileChoiceProvider>{panel}</FileChoiceProvider>
        </CommandsContext.Provider>
      </ClientContext.Provider>
    </MantineProvider>,
  );
  stop();
  return markup;
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&quot;': '"',
  '&#x27;': "'",
  '&lt;': '<',
  '&gt;': '>',
};

const wordsOf = (markup: string): string =>
  markup
    .replace(/<style[^>]*>.*?<\/style>/gsu, '')
    .replace(/<[^>]*?aria-label="([^"]*)"[^>]*>/gu, ' [$1] ')
    .replace(/<[^>]*>/gu, ' ')
    .replace(/&(?:amp|quot|#x27|lt|gt);/gu, (entity) => entities[entity] ?? entity)
    .replace(/\s+/gu, ' ')
    .trim();
