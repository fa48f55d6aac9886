// Reads XML text as nested elements, as far as annotation files use it: no namespaces, no entities of their own.
import { SaxesParser } from 'saxes';
import { BadInput } from '../../contract/badInput.ts';

export interface Element {
  readonly name: string;
  readonly children: Element[];
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

const MAX_DEPTH = 100;

/** The outermost element. `name` is what a refusal calls the text. A DTD is passed over, and entities that it makes are refused. */
export function parseXml(text: string, name: string): Element {
  const root: Element = { name: '', children: [], attributes: {}, text: '' };
  const open = [root];
  const inner = (): Element => open.at(-1) ?? root;
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    const why = error.message.replace(/^\d+:\d+:\s*/u, '').replace(/\.$/u, '');
    throw new BadInput(`${name}: is no whole XML file (line ${parser.line}: ${why})`);
  });
  parser.on('opentag', ({ name: opened, attributes }) => {
    const element: Element = { name: opened, children: [], attributes: { ...attributes }, text: '' };
    inner().children.push(element);
    open.push(element);
    if (open.length > MAX_DEPTH) throw new BadInput(`${name}: is nested deeper than ${MAX_DEPTH} levels`);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', (plain) => {
    inner().text += plain;
  });
  parser.on('cdata', (data) => {
    inner().text += data;
  });
  parser.write(text).close();
  const [first] = root.children;
  if (first === undefined) throw new BadInput(`${name}: is no whole XML file (it holds no element)`);
  return first;
}

export const childrenOf = (element: Element | undefined, name: string): Element[] =>
  (element?.children ?? []).filter((child) => child.name === name);

export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  childrenOf(element, name)[0];

export const textIn = (element: Element | undefined, name: string): string => childOf(element, name)?.text.trim() ?? '';
