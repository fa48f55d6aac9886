// Takes English sentences apart: their words, which of them carry content, and the other forms of a noun.

/** Words that carry no content: whether the model was trained on them or not, nothing is substituted for them. */
const FUNCTION_WORDS = new Set(
  `a an the this that these those it its is are was were be been being am do does did has have had of in on at to from by
  with without for and or but not no so as if then than there here please can could would you your i me my we us our he she
  his her they them their which who whose whom what where when how some any all every each both one just only also very too
  mask segment find show select mark outline cut give get pick detect locate highlight image picture photo photograph
  out up down over under into onto off near next beside between behind`.split(/\s+/u),
);
const IRREGULAR: Readonly<Record<string, string>> = {
  men: 'man',
  women: 'woman',
  children: 'child',
  people: 'person',
  mice: 'mouse',
  geese: 'goose',
  feet: 'foot',
  teeth: 'tooth',
  knives: 'knife',
  leaves: 'leaf',
  wolves: 'wolf',
  loaves: 'loaf',
  halves: 'half',
  dice: 'dice',
};
export const WORD = /[\p{L}\p{N}](?:[\p{L}\p{N}'’-]*[\p{L}\p{N}])?/gu;

export const isContent = (word: string): boolean => !FUNCTION_WORDS.has(word.toLowerCase()) && !/^\d+$/u.test(word);

/** English plurals and the other number of a verb; a hyphened word counts only as a whole. */
export function baseForms(word: string): string[] {
  const forms = [word, IRREGULAR[word] ?? word, `${word}s`];
  if (/(?:[sxz]|ch|sh|o)es$/u.test(word)) forms.push(word.slice(0, -2));
  if (word.endsWith('ies')) forms.push(`${word.slice(0, -3)}y`);
  if (word.endsWith('s') && !word.endsWith('ss')) forms.push(word.slice(0, -1));
  return forms;
}
