// The JSON of a column to its value; where damage that SQLite cannot see has torn it, one sentence.
import { BadInput } from '../contract/badinput.ts';

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadInput(
      'the project is damaged, and what is stored here cannot be read: take a copy of it from before',
      {
        cause,
      },
    );
  }
}
