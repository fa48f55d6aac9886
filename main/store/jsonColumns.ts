// Writes a value as the JSON of its column and reads it back; says in one sentence where the file is damaged.
import { BadInput } from '../contract/badInput.ts';
import { wellFormed } from '../contract/text.ts';

/** null stays null: it is a missing value, not the text "null". */
export const jsonOrNull = (value: object | null): string | null => value && JSON.stringify(value);

export function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    // Earlier versions stored half characters here and U+FFFD in columns of text: what is compared must be alike.
    return text.includes('\\ud') ? wellFormed(value) : value;
  } catch (cause) {
    throw new BadInput(
      'the project is damaged, and what is stored here cannot be read: take a copy of it from before',
      {
        cause,
      },
    );
  }
}
