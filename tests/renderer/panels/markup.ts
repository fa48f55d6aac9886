// Markup as a screen reader takes it: every control with its role, its name and what it says of itself.
interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
}

export interface Control {
  readonly role: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

const entities: Readonly<Record<string, string>> = { amp: '&', quot: '"', '#x27': "'", lt: '<', gt: '>' };
const plain = (text: string): string => text.replaceAll(/&(amp|quot|#x27|lt|gt);/gu, (_, name) => entities[name] ?? '');
const tight = (text: string): string => text.replaceAll(/\s+/gu, ' ').trim();

const token = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/gu;

/** React writes well-formed markup, so a stack is enough to read it. */
function read(markup: string): Element {
  const root: Element = { tag: '', attributes: {}, children: [] };
  const stack = [root];
  for (const [, end, tag, written = '', alone, text] of markup.matchAll(token)) {
    if (text !== undefined) stack.at(-1)?.children.push(plain(text));
    else if (end) stack.pop();
    else {
      const pairs = [...written.matchAll(/([\w:-]+)="([^"]*)"/gu)].map(([, key = '', value = '']) => [
        key,
        plain(value),
      ]);
      const element: Element = { tag: tag ?? '', attributes: Object.fromEntries(pairs), children: [] };
      stack.at(-1)?.children.push(element);
      if (!alone) stack.push(element);
    }
  }
  return root;
}

const below = (element: Element): Element[] =>
  element.children.flatMap((child) => (typeof child === 'string' ? [] : [child, ...below(child)]));

/** Words below, pictures by what they are called; what is hidden from screen readers says nothing. */
function contents({ attributes, children }: Element): string {
  if (attributes['aria-hidden'] === 'true') return '';
  const inside = children.map((child) => (typeof child === 'string' ? child : contents(child))).join(' ');
  return attributes['aria-label'] ?? attributes.alt ?? inside;
}

function roleOf({ tag, attributes: { role, type = 'text', tabindex } }: Element): string | null {
  // Without a place for the Tab key it is a line.
  if (role === 'separator') return tabindex === undefined ? null : role;
  if (role && ['radio', 'slider', 'treeitem', 'option', 'tab', 'menuitem'].includes(role)) return role;
  if (tag === 'button') return 'button';
  if (tag === 'textarea') return 'textbox';
  if (tag !== 'input' || type === 'hidden') return null;
  return { checkbox: 'checkbox', radio: 'radio', range: 'slider' }[type] ?? 'textbox';
}

/** All that can be worked, in the order of the Tab key. */
export function controlsIn(markup: string): Control[] {
  const all = below(read(markup));
  const nameOf = (element: Element): string => {
    const { attributes: own } = element;
    const by = all.filter(({ attributes: { id } }) => id && own['aria-labelledby']?.split(' ').includes(id));
    const label = all.find(({ tag, attributes }) => tag === 'label' && own.id && attributes.for === own.id);
    const named = own['aria-label'] ?? (by.length > 0 ? by.map(contents).join(' ') : label && contents(label));
    return tight(named ?? (element.tag === 'input' ? '' : contents(element)));
  };
  return all.flatMap((element) => {
    const role = roleOf(element);
    return role === null ? [] : [{ role, name: nameOf(element), attributes: element.attributes }];
  });
}

/** The only control that is called so. */
export function control(markup: string, name: string): Control {
  const all = controlsIn(markup);
  const [found, ...others] = all.filter((one) => one.name === name);
  if (found && others.length === 0) return found;
  throw new Error(
    `${others.length + (found ? 1 : 0)} controls are called ${name}: ${all.map((one) => one.name).join(', ')}`,
  );
}

export const namesOf = (markup: string, role: string): string[] =>
  controlsIn(markup).flatMap((one) => (one.role === role ? [one.name] : []));

export const isDisabled = (markup: string, name: string): boolean => 'disabled' in control(markup, name).attributes;

/** The words of the first element with this role, or null. */
export function wordsIn(markup: string, role: string): string | null {
  const found = below(read(markup)).find(({ attributes }) => attributes.role === role);
  return found ? tight(contents(found)) : null;
}
