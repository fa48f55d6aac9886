// Prompts that nothing in the scene answers: absent names, colours and uses, and counts that go too far.
import { DESCRIPTIONS } from '../implicit.ts';
import { DECISIONS, DISAMBIGUATION, fill, IMPLICIT, ORDINALS, SPATIAL } from '../phrases.ts';
import { countedFrom, SIDES } from '../relations.ts';
import { coloursIn } from '../split.ts';
import { familyMembers, THINGS } from '../things.ts';
import {
  absentColours,
  ask,
  type Builder,
  countedDecision,
  firstOf,
  namedDecision,
  namesOf,
  numberOf,
  sharingName,
} from './draft.ts';

const NONE = numberOf(null);

/** Chooses a name that is absent; half of the time one like a name that is there. */
const absentName: Builder = (stage, random) => {
  const near = stage.things.flatMap(({ family }) => familyMembers(family));
  const pool = random.chance(0.5) ? near : THINGS.map(({ name }) => name);
  const absent = pool.filter((name) => !namesOf(stage).includes(name));
  if (absent.length === 0) return null;
  const name = random.pick(absent);
  const colours = coloursIn(stage.split, name);
  const what = colours.length > 0 && random.chance(0.4) ? `${random.pick(colours)} ${name}` : name;
  const phrases = random.chance(0.6) ? ['the {what}'] : [...SPATIAL.largest, ...SPATIAL.smallest, ...SPATIAL.middle];
  return {
    text: ask(random, fill(random.pick(phrases), { what })),
    decision: namedDecision(what, null),
    target: null,
  };
};

const absentColour: Builder = (stage, random) =>
  firstOf(random, namesOf(stage), (name) => {
    const absent = absentColours(stage, name);
    if (absent.length === 0) return null;
    const wanted = random.pick(absent);
    const text = ask(random, fill(random.pick(DISAMBIGUATION.colour), { name, colour: wanted }));
    return { text, decision: namedDecision(`${wanted} ${name}`, null), target: null };
  });

const absentUse: Builder = (stage, random) => {
  const present = new Set(namesOf(stage));
  const absent = DESCRIPTIONS.filter(
    ({ names, doubtful }) => ![...names, ...doubtful].some((name) => present.has(name)),
  );
  if (absent.length === 0) return null;
  const { says, names } = random.pick(absent);
  const decision = fill(DECISIONS.implied, { says, name: names[0] ?? 'thing', n: NONE });
  return { text: fill(random.pick(IMPLICIT), { says }), decision, target: null };
};

const tooFar: Builder = (stage, random) =>
  firstOf(random, namesOf(stage), (name) => {
    const same = sharingName(stage, name);
    const ordinal = ORDINALS[same.length];
    const side = random.pick(SIDES);
    const order = countedFrom(stage, side, same, same.length);
    if (!ordinal || !order) return null;
    const decision = countedDecision(stage, { what: name, members: same }, { side, order, ordinal, target: null });
    return { text: ask(random, fill(random.pick(SPATIAL.nth), { what: name, side, ordinal })), decision, target: null };
  });

export const nothing: Builder = (stage, random) =>
  firstOf(random, [absentName, absentName, absentColour, absentUse, absentUse, tooFar], (kind) => kind(stage, random));
