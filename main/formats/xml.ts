// XML text to nested elements, as far as annotation files use it: no namespaces, no entities of their own.
import { BadInput } from '../contract/badinput.ts';

export interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

const PART =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<!DOCTYPE[^>]*>|<\/([\w.:-]+)\s*>|<([\w.:-]+)(?:[^<>"']|"[^"]*"|'[^']*')*?(\/?)>|([^<]+)/gu;
const MAX_DEPTH = 100;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The outermost element. `name` is what a refusal calls the text. */
export function parseXml(text: string, name: string): Element {
  const root: Element = { name: '', children: [], text: '' };
  const open = [root];
  let end = 0;
  for (const part of text.matchAll(PART)) {
    if (part.index !== end) break;
    end = part.index + part[0].length;
    const [, data, closed, opened, empty, plain] = part;
    const inner = open.at(-1) ?? root;
    if (opened !== undefined) {
      const element: Element = { name: opened, children: [], text: '' };
      inner.children.push(element);
      if (empty !== '/') open.push(element);
      if (open.length > MAX_DEPTH) throw new BadInput(`${name}: is nested deeper than ${MAX_DEPTH} levels`);
    } else if (closed !== undefined) {
      if (open.length < 2 || inner.name !== closed) throw new BadInput(`${name}: </${closed}> closes nothing`);
      open.pop();
    } else inner.text += data ?? unescaped(plain ?? '');
  }
  const [first] = root.children;
  if (end !== text.length || open.length > 1 || first === undefined) {
    throw new BadInput(`${name}: is no whole XML file (line ${text.slice(0, end).split('\n').length})`);
  }
  return first;
}

const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/giu, (whole, decimal, hex, word) => {
    if (word !== undefined) return ENTITIES[word] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });

export const childrenOf = (element: Element | undefined, name: string): Element[] =>
  (element?.children ?? []).filter((child) => child.name === name);

export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  childrenOf(element, name)[0];

export const textIn = (element: Element | undefined, name: string): string => childOf(element, name)?.text.trim() ?? '';
