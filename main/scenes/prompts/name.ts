// Plain names: "the dog" where there is one dog.
import { ask, type Builder, nameable, namedDecision } from './draft.ts';

export const name: Builder = (stage, random) => {
  const found = nameable(stage, random)[0];
  if (!found) return null;
  const { index, what } = found;
  return { text: ask(random, `the ${what}`), decision: namedDecision(what, index), target: index };
};
