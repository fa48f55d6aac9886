// Panels as the markup that they make of a state, without a browser; the host behind them never answers.
import { MantineProvider } from '@mantine/core';
import { createElement, type FunctionComponent } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { ImageDetail, Label } from '../../main/contract/project.ts';
import { ClientContext } from '../../renderer/panels/window/client.ts';
import { cssVariables, theme } from '../../renderer/panels/window/theme.ts';
import { CommandsContext } from '../../renderer/panels/window/useCommands.ts';
import type { Client } from '../../renderer/state/client.ts';
import { openedImage } from '../../renderer/state/records.ts';
import type { Workbench } from '../../renderer/state/workbench.ts';
import { contextOf } from './contextOf.ts';
import { deskAlone } from './rendered.tsx';

export interface Printer {
  readonly client: Client;
  /** The markup of a panel in a state. */
  print<P extends object>(panel: FunctionComponent<P>, state?: Partial<Workbench>, props?: P): string;
  close(): void;
}

export function printer(): Printer {
  const { client, stop } = deskAlone({});
  return {
    client,
    print: (panel, state = {}, props) => {
      client.store.setState(state);
      const inside = createElement(panel, props ?? null);
      const commands = createElement(CommandsContext.Provider, { value: contextOf(client, []) }, inside);
      const on = createElement(ClientContext.Provider, { value: client }, commands);
      const whole = createElement(MantineProvider, { theme, cssVariablesResolver: cssVariables, env: 'test' }, on);
      return renderToStaticMarkup(whole);
    },
    close: stop,
  };
}

/** The words of the markup, as a person reads them. */
export const wordsOf = (markup: string): string =>
  markup
    .replaceAll(/<style.*?<\/style>/gsu, '')
    .replaceAll(/<[^>]*>/gu, ' ')
    .replaceAll('&#x27;', '’')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/gu, ' ')
    .trim();

/** What screen readers call the buttons, in the order in which they stand. */
export const buttonNames = (markup: string): string[] =>
  [...markup.matchAll(/<button([^>]*)>(.*?)<\/button>/gsu)].map(
    ([, attributes = '', inside = '']) => /aria-label="([^"]*)"/u.exec(attributes)?.[1] ?? wordsOf(inside),
  );

const car: Label = { id: 5, name: 'car', colour: '#e69f00', digit: '1', attributes: [], place: 1 };

/** A window on one image of 40 x 30, with what `also` says on it. */
export function onImage(also: Partial<ImageDetail> = {}): Partial<Workbench> {
  const image = { id: 1, path: 'in/a.png', hash: 'h', width: 40, height: 30, state: 'present', problem: null } as const;
  const review = { id: 1, status: 'unreviewed', note: '' } as const;
  const detail = { image, review, shapes: [], prompts: [], proposals: [], ...also };
  const project = { file: '/p/x.loupe', name: 'x', images: 3, shapes: 0, unreviewed: 3, undo: null, redo: null };
  return { connected: true, project, labels: new Map([[car.id, car]]), open: openedImage(detail) };
}
