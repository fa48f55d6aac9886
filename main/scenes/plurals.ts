// Gives the words for several of a thing, with a colour or without: "red cars", "wolves", "sheep".

/** Said alike of one and of many. */
const UNCHANGED = new Set(['broccoli', 'corn', 'dice', 'fish', 'sheep']);
const IRREGULAR: Readonly<Record<string, string>> = { wolf: 'wolves' };

/** Makes the plural of the last word. */
export function pluralOf(what: string): string {
  const [, before = '', name = ''] = /^(.* )?(\S+)$/u.exec(what) ?? [];
  return before + (IRREGULAR[name] ?? (UNCHANGED.has(name) ? name : inflected(name)));
}

function inflected(name: string): string {
  if (/[^aeiou]y$/u.test(name)) return `${name.slice(0, -1)}ies`;
  return /(?:s|x|ch|sh|to)$/u.test(name) ? `${name}es` : `${name}s`;
}
