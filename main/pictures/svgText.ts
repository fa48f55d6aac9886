// Writes words into SVG drawings, with what would be markup in them escaped.

/** `attributes` is markup of ours; `text` may be anybody's. */
export const svgLabel = (x: number, y: number, text: string, attributes: string): string =>
  `<text x="${x}" y="${y}" ${attributes}>${escaped(text)}</text>\n`;

/** Control characters, which XML forbids, become spaces. */
export const escaped = (text: string): string =>
  text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/gu, (sign) => `&#${sign.charCodeAt(0)};`);
