// Which classes a prompt names, which of its words say more than a detector can know, and what a person then reads.
import { describe, expect, it, test } from 'vitest';
import { isNamed, type NamedClass, namedClasses, unknownOnPhotographs } from '../../../main/flow/words/classWords.ts';

const classes: readonly NamedClass[] = [
  { name: 'person', also: ['human', 'people'] },
  { name: 'dog', also: [] },
  { name: 'cat', also: [] },
  { name: 'bed', also: [] },
  { name: 'coffee mug', also: ['mug'] },
  { name: 'coffee', also: [] },
  { name: 'knife', also: [] },
  { name: 'strawberry', also: [] },
  { name: 'bus', also: [] },
  { name: 'fire truck', also: ['fire engine', 'firetruck'] },
  { name: 't-shirt', also: ['tee'] },
];
const named = (text: string) => {
  const { classes: places, unknown } = namedClasses(text, classes);
  return { names: places.map((index) => classes[index]?.name), unknown };
};

describe('a thing or an object', () => {
  const says = (text: string) => namedClasses(text, classes);
  test('is anything', () => {
    expect(says('the object')).toEqual({ classes: [], anything: true, unknown: [] });
    expect(says('Segment every thing.')).toMatchObject({ anything: true });
    expect(says('the dog and other things')).toMatchObject({ classes: [1], anything: true, unknown: ['other'] });
    expect(says('the dog')).toMatchObject({ anything: false });
  });
  test.each([
    'each person and each thing',
    'people, objects',
    'all objects or the people',
    'people, and which things are here',
  ])('is anything beside a name as well: %s', (text) =>
    expect(says(text)).toEqual({ classes: [0], anything: true, unknown: [] }),
  );
  test.each(['the things that are people', 'objects: people', 'which person is the object', 'the person object'])(
    'is what a name says that it is: %s',
    (text) => expect(says(text)).toEqual({ classes: [0], anything: false, unknown: [] }),
  );
  test.each([
    ['the person in the thing', 'in'],
    ['the thing in the bed', 'in'],
    ['the object of the person', 'of'],
  ])('is not known by where it is: %s', (text, unknown) => expect(says(text).unknown).toEqual([unknown]));
  test('that something more is said of is not known', () => {
    expect(says('the red object')).toMatchObject({ anything: true, unknown: ['red'] });
    expect(isNamed(says('the red object'))).toBe(false);
    expect(isNamed(says('the object'))).toBe(true);
    expect(isNamed(says('please'))).toBe(false);
  });
});

describe('a prompt names', () => {
  test.each([
    ['dog', ['dog']],
    ['The DOG!', ['dog']],
    ['please segment the dog in this picture', ['dog']],
    ['dogs', ['dog']],
    ['all knives', ['knife']],
    ['strawberries', ['strawberry']],
    ['buses', ['bus']],
    ['the bus', ['bus']],
    ['people', ['person']],
    ['every human', ['person']],
    ['persons', ['person']],
    ['mugs', ['coffee mug']],
    ['the coffee mug in this picture', ['coffee mug']],
    ['coffee mugs', ['coffee mug']],
    ['the coffee', ['coffee']],
    ['fire engines', ['fire truck']],
    ['firetruck', ['fire truck']],
    ['fire_truck', ['fire truck']],
    ['T-Shirts', ['t-shirt']],
    ['dogs, cats', ['dog', 'cat']],
    ['cat and dog', ['cat', 'dog']],
    ['a dog or a dog', ['dog']],
    ['dog, mug, cat', ['dog', 'coffee mug', 'cat']],
    ['Can you find me both the cats and the people, please?', ['cat', 'person']],
    ['where is the bed', ['bed']],
    ['masks of the dogs in the image', ['dog']],
    ['all of the dogs and the cats', ['dog', 'cat']],
    ['find in this photo the dog, and here a cat', ['dog', 'cat']],
    ['the dog in the picture and the cat', ['dog', 'cat']],
  ])('%s', (text, names) => expect(named(text)).toEqual({ names, unknown: [] }));

  test('nothing where there are no words', () => {
    expect(named('')).toEqual({ names: [], unknown: [] });
    expect(named('?!')).toEqual({ names: [], unknown: [] });
  });
});

describe('a prompt whose words all ask and name nothing', () => {
  test.each([
    ['please?', ['please']],
    ['the mask', ['mask']],
    ['the can', ['can']],
    ['Can you find it', ['it']],
    ['can you find the', ['the']],
  ])('%s', (text, unknown) => expect(named(text)).toEqual({ names: [], unknown }));
  test('"can" is a thing beside others too', () => {
    expect(named('the can and the dog')).toEqual({ names: ['dog'], unknown: ['can'] });
    expect(named('can we see the dog')).toEqual({ names: ['dog'], unknown: [] });
  });
});

describe('a prompt says more than a name', () => {
  test.each([
    ['red person', ['person'], ['red']],
    ['the person without a hat', ['person'], ['without', 'hat']],
    ['the left dog', ['dog'], ['left']],
    ['two dogs', ['dog'], ['two']],
    ['the dog on the bed', ['dog', 'bed'], ['on']],
    ['the dog in the bed', ['dog', 'bed'], ['in']],
    ['the person that is in bed', ['person', 'bed'], ['in']],
    ['what is in the mug?', ['coffee mug'], ['in']],
    ['the bed of the dog', ['bed', 'dog'], ['of']],
    ['a mug of coffee in this picture', ['coffee mug', 'coffee'], ['of']],
    ['not the dog', ['dog'], ['not']],
    ['a skier', [], ['skier']],
    ['dog and Skier and skis', ['dog'], ['Skier', 'skis']],
    ["the dog's leash", [], ["dog's", 'leash']],
    ['red red cat', ['cat'], ['red']],
  ])('%s', (text, names, unknown) => expect(named(text)).toEqual({ names, unknown }));

  test.each([
    ['dog bed', ['dog', 'bed']],
    ['the cat mug', ['cat', 'mug']],
    ['a coffee bed', ['coffee', 'bed']],
  ])('%s is neither', (text, unknown) => expect(named(text)).toEqual({ names: [], unknown }));

  test('a sign or a word between two names keeps them apart', () => {
    expect(named('dog, bed').names).toEqual(['dog', 'bed']);
    expect(named('dog or bed').names).toEqual(['dog', 'bed']);
    expect(named('the coffee, mug').names).toEqual(['coffee', 'coffee mug']);
  });
});

const UNKNOWN = `skier|the snowboard|a giraffe|the old lady|two surfers|the wine glass|a traffic light|kite|the sofa
|the man with a hat|every pedestrian|bicycle|the left motorcycle|a solder joint|the crack in the wall|bananas and spoons
|the table|a window|the woman|the child on the horse|fire hydrant|the toothbrush|a bowl of soup|all the oranges and grapes
|the bear|the keyboard|remote control|a vase|the skateboarder|tumour|the leftmost nucleus|rust|the bird's beak|a sandwich
|the refrigerator|the cat's whiskers|the dog's leash|necktie|the catfish|dogged`
  .replaceAll('\n', '')
  .split('|');

describe('forty prompts with a word that no class has', () => {
  test.each(UNKNOWN)('%s names nothing', (prompt) => {
    const { names, unknown } = named(prompt);
    expect(names).toEqual([]);
    expect(unknown.length).toBeGreaterThan(0);
  });
  test.each(UNKNOWN)('%s beside a name that is known is not passed over', (prompt) =>
    expect(named(`the bed, ${prompt}`)).toEqual({ names: ['bed'], unknown: named(prompt).unknown }),
  );
  test('are forty', () => expect(UNKNOWN).toHaveLength(40));
});

describe('what a person reads', () => {
  it('names the words, that names alone count, and what to do', () => {
    const sentence = unknownOnPhotographs('loupe-nano', ['red', 'left'], classes);
    expect(sentence).toMatch(
      /^loupe-nano does not know 'red', 'left' on photographs, where it finds things by their names/u,
    );
    expect(sentence).toMatch(/Click the thing or draw a box around it, or choose another model in the settings\.$/u);
    expect(sentence).not.toContain('near words');
  });

  it('gives a person for whoever does something', () => {
    expect(unknownOnPhotographs('loupe-nano', ['skier'], classes)).toContain('near words: person.');
    expect(unknownOnPhotographs('loupe-nano', ['skier'], classes.slice(1))).not.toContain('near words');
  });

  it('gives a person for several, and longer names that end in the word', () => {
    expect(unknownOnPhotographs('loupe-nano', ['men'], classes)).toContain('near words: person.');
    expect(unknownOnPhotographs('loupe-nano', ['Trucks'], classes)).toContain('near words: fire truck.');
  });

  it('gives words that are written alike', () => {
    expect(unknownOnPhotographs('loupe-nano', ['strawbery'], classes)).toContain('near words: strawberry.');
    expect(unknownOnPhotographs('loupe-nano', ['xylophone'], classes)).not.toContain('near words');
  });
});
