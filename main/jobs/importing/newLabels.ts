// Finds or makes the labels that files name, each new one with a colour, a place and perhaps a digit.
import { colourPicker } from '../../contract/colours.ts';
import { type Label, longestName } from '../../contract/project.ts';
import { cut } from '../../contract/text.ts';

const DIGITS = '123456789'.split('');

interface Parts {
  reserve(count: number): number;
  /** Is called for each label that is made. */
  made(label: Label): void;
  say(sentence: string): void;
}

/** Counts, as labels come, all that a new label must not share: looking through ten thousand of them for each would take too long. */
export class NewLabels {
  readonly #parts: Parts;
  readonly #byName: Map<string, Label>;
  readonly #nextColour: () => string;
  readonly #digits: string[];
  #place: number;

  constructor(labels: readonly Label[], parts: Parts) {
    this.#parts = parts;
    this.#byName = new Map(labels.map((label) => [label.name, label]));
    this.#nextColour = colourPicker(labels.map(({ colour }) => colour));
    this.#digits = DIGITS.filter((digit) => labels.every((label) => label.digit !== digit));
    this.#place = labels.reduce((highest, { place }) => Math.max(highest, place), 0);
  }

  idOf(given: string): number {
    return this.labelOf(given).id;
  }

  labelOf(given: string): Label {
    const name = this.#nameOf(given);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#place += 1;
    const label: Label = {
      id: this.#parts.reserve(1),
      name,
      colour: this.#nextColour(),
      digit: this.#digits.shift() ?? null,
      attributes: [],
      place: this.#place,
    };
    this.#byName.set(name, label);
    this.#parts.made(label);
    return label;
  }

  #nameOf(given: string): string {
    const whole = given.toWellFormed().trim();
    if (whole.length < given.length) this.#parts.say(`label "${cut(given, 40)}": the blanks at its ends were cut`);
    const name = cut(whole, longestName).trim();
    const shown = `label "${cut(name, 40)}…"`;
    if (name.length < whole.length) this.#parts.say(`${shown}: cut to ${longestName} characters`);
    if (!given.isWellFormed())
      this.#parts.say(`label "${cut(name, 40)}": half a character in it was replaced by "\ufffd"`);
    return name;
  }
}
