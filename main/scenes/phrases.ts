// Every sentence that scenes can say, as templates with {slots}; the vocabulary of the nano tokenizer is read off them.

/** Turns the phrase for a thing into a prompt. */
export const ASK = [
  '{it}',
  '{it}',
  'segment {it}',
  'find {it}',
  'show me {it}',
  'please select {it}',
  'where is {it}?',
  'i am looking for {it}',
] as const;

/** Those that fit several things as well as one. */
export const ASK_MANY = ASK.filter((phrase) => !phrase.includes(' is '));

export const SPATIAL = {
  nth: [
    'the {ordinal} {what} from the {side}',
    'the {what} that is {ordinal} from the {side}',
    'the {ordinal} {what}, counted from the {side}',
  ],
  end: ['the {most} {what}', 'the {most} {what} of all'],
  most: { left: 'leftmost', right: 'rightmost', top: 'topmost', bottom: 'lowest' },
  hour: ["the {what} at {hour} o'clock", "the {what} where {hour} o'clock would be"],
  corner: ['the {what} in the {corner} corner', 'the {what} that is in the {corner} of the picture'],
  middle: ['the {what} in the middle', 'the {what} in the middle of the picture'],
  beside: ['the {what} {relation} the {anchor}', 'what is {relation} the {anchor}?'],
  nearest: ['the {what} closest to the {anchor}', 'the {what} nearest to the {anchor}'],
  largest: ['the largest {what}', 'the biggest {what}'],
  smallest: ['the smallest {what}'],
} as const;

export const RELATIONS = {
  left: ['left of', 'to the left of'],
  right: ['right of', 'to the right of'],
  top: ['above', 'higher than'],
  bottom: ['below', 'lower than'],
} as const;

export const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth'] as const;

export const DISAMBIGUATION = {
  colour: ['the {colour} {name}', 'the {name} that is {colour}'],
  other: ['the {name} that is not {colour}', 'the other {name}, not the {colour} one'],
  lookalike: ['the {name}, not the {other}', 'the {name} and not the {other}', 'the {name} rather than the {other}'],
  small: ['the small {name}', 'the smaller {name}', 'the {name} that looks small'],
  large: ['the large {name}', 'the bigger {name}', 'the {name} that looks large'],
} as const;

export const COMPOSITIONAL = [
  'the {what} {first} the {a}, {second} the {b}',
  'the {what} that is {first} the {a} and {second} the {b}',
  'the {what} that you see {first} the {a} and also {second} the {b}',
] as const;

export const MISLEADING = [
  'the {what}, someone marked {box}',
  'find the {what}, someone marked {box}',
  'someone marked {box}, but i want the {what}',
  'the {what}, maybe at {box}',
  'segment the {what}, i think it is at {box}',
] as const;

export const COARSE = [
  'the {what}, its mask is rough',
  'make the rough mask of the {what} exact',
  'the {what}, a rough outline is given',
] as const;

export const IMPLICIT = [
  'something that {says}',
  'the thing that {says}',
  'what is here that {says}?',
  'find the thing that {says}',
  'i need something that {says}',
] as const;

/** {many}: a plural; {count}: a number, of which nano knows the words "two" and the digits. */
export const PLURAL = {
  all: ['all {many}', 'all the {many}', 'all of the {many}', 'all {many} in the picture', 'every {what}', 'the {many}'],
  counted: ['the {count} {many}', 'all {count} {many}'],
  two: ['the two {many}', 'both {many}'],
  pair: ['the {a} and the {b}', 'the {a} and also the {b}'],
  beside: ['all {many} {relation} the {anchor}', 'all the {many} {relation} the {anchor}'],
  largest: ['the two largest {many}', 'the two biggest {many}'],
  smallest: ['the two smallest {many}'],
} as const;

/**
 * How an answer follows; {n}, {a} and {b} are numbers in the list, the last word is the target's or "none". A number comes
 * right behind the name it belongs to, as in the list: what followed the same words before is the simplest thing to find.
 * What must be compared is measured first, one thing after the other (see `measures.ts`).
 */
export const DECISIONS = {
  named: '{what} {n}.',
  counted: '{group}from the {side}: {order}. {ordinal}: {n}.',
  stacked: '{group}top: {tops}. from the {side}: {order}. {ordinal}: {n}.',
  hour: "{group}clock: {hours}. {hour} o'clock: {n}.",
  corner: '{group}{corner} corner: {distances}. closest: {n}.',
  middle: '{group}middle: {distances}. closest: {n}.',
  beside: '{group}{anchor} {a}. {relation} {a}: {n}.',
  above: '{group}{anchor} {a}. top: {tops}. {relation} {a}: {n}.',
  nearest: '{group}{anchor} {a}. away: {distances}. closest to {a}: {n}.',
  sizes: '{group}size: {sizes}. {extreme}: {n}.',
  colours: '{name} {colours}. {wanted}: {n}.',
  lookalike: '{other} {a}. {name} {n}.',
  composed: '{what} {order}. {anchorA} {a}. {anchorB} {b}. {first} {a}, {second} {b}: {n}.',
  misled: 'the box shows {shown}.',
  implied: 'what {says} is the {name} {n}.',
} as const;

/** Words that slots can be filled with and that stand in no table. */
export const SLOT_WORDS = [
  'thing',
  'nothing',
  'none',
  'about',
  'not',
  'top',
  'bottom',
  'left',
  'right',
  'largest',
  'smallest',
  'small',
  'large',
] as const;

/** Puts values into the {slots} of a template. */
export const fill = (template: string, slots: Readonly<Record<string, string | number>>): string =>
  template.replace(/\{(\w+)\}/g, (_, slot: string) => {
    const value = slots[slot];
    if (value === undefined) throw new Error(`scene phrase "${template}" needs a value for {${slot}}`);
    return String(value);
  });

/** Lower-case words, numbers and marks, in order: what a text is made of beside its boxes. */
export const wordsOf = (text: string): string[] => text.match(/[a-z]+(?:'[a-z]+)?|\d+|[^\sa-z\d]/g) ?? [];
