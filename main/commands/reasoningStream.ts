// Passes on the words of the reasoning while an answer is written, without the tags around them.

const OPEN = '<think>';
const CLOSE = '</think>';
// A weight file decides what is printed here: it must not be able to move the cursor or retitle the terminal.
const CONTROL = /[\p{Cc}]/gu;

/** Feed it pieces in order; each call returns what may be printed now. */
export class ReasoningStream {
  private held = '';
  private readonly shown: (text: string) => string;
  private state: 'before' | 'inside' | 'after' = 'before';

  /** `shown`: the words as a person reads them; it is given no half of what stands in brackets. */
  constructor(shown: (text: string) => string) {
    this.shown = shown;
  }

  push(piece: string): string {
    this.held += piece;
    if (this.state === 'before') this.enter();
    return this.state === 'inside' ? printable(this.shown(this.take())) : '';
  }

  private enter(): void {
    const at = this.held.indexOf(OPEN);
    if (at < 0) return;
    this.held = this.held.slice(at + OPEN.length);
    this.state = 'inside';
  }

  /** Holds back an end that may turn out to be the start of the closing tag. */
  private take(): string {
    const close = this.held.indexOf(CLOSE);
    if (close >= 0) this.state = 'after';
    const end = close >= 0 ? close : Math.min(this.held.length - tailOf(this.held), openBracket(this.held));
    const free = this.held.slice(0, end);
    this.held = this.held.slice(end);
    return free;
  }
}

/** Control characters dropped, line breaks kept. */
export const printable = (text: string): string => text.replace(CONTROL, (char) => (char === '\n' ? char : ''));

/** Where a bracket begins that may still become coordinates; the text's end where there is none. */
function openBracket(text: string): number {
  const at = /[[(][-\d\s.,]{0,60}$/u.exec(text)?.index;
  return at ?? text.length;
}

function tailOf(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  }
  return 0;
}
