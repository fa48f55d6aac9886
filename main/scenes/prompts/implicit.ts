// Prompts that describe what a thing is for and never name it: "something that protects from rain".
import { DESCRIPTIONS } from '../implicit.ts';
import { DECISIONS, fill, IMPLICIT } from '../phrases.ts';
import { thingAt } from '../relations.ts';
import { type Builder, firstOf, indicesOf, numberOf } from './draft.ts';

export const implicit: Builder = (stage, random) => {
  const present = new Set(stage.things.map(({ name }) => name));
  const fitting = DESCRIPTIONS.filter(
    ({ names, doubtful }) => names.some((name) => present.has(name)) && !doubtful.some((name) => present.has(name)),
  );
  return firstOf(random, fitting, ({ says, names }) => {
    const [target, ...more] = indicesOf(stage, ({ name }) => names.includes(name));
    if (target === undefined || more.length > 0) return null;
    const decision = fill(DECISIONS.implied, { says, name: thingAt(stage, target).name, n: numberOf(target) });
    return { text: fill(random.pick(IMPLICIT), { says }), decision, target };
  });
};
