// Finds the first key that an object of a JSON text names twice: JSON.parse would keep the last and hide the others.

const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/gs;

/** `text` must already have passed JSON.parse. Keys are compared unescaped. */
export function repeatedKey(text: string): string | null {
  const open: Set<string>[] = [];
  for (const match of text.matchAll(token)) {
    const [piece, colon] = match;
    if (piece === '{') open.push(new Set());
    else if (piece === '}') open.pop();
    else if (colon !== undefined) {
      const key: string = JSON.parse(piece.slice(0, -colon.length));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}
