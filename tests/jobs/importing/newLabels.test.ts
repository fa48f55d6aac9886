import { expect, test } from 'vitest';
import { Label } from '../../../main/contract/project.ts';
import { NewLabels } from '../../../main/jobs/importing/newLabels.ts';

function begun(labels: readonly Label[] = []) {
  const [made, said]: [Label[], string[]] = [[], []];
  let last = 100;
  const parts = {
    reserve: () => ++last,
    made: (label: Label) => void made.push(label),
    say: (sentence: string) => void said.push(sentence),
  };
  return { ...{ made, said }, labels: new NewLabels(labels, parts) };
}

const label = (fields: Partial<Label>): Label => ({
  ...{ id: 1, name: 'car', colour: '#0072b2', digit: '1', attributes: [], place: 7, ...fields },
});

test('a name that is there has its label, a new one the next place, digit and colour', () => {
  const { labels, made } = begun([label({}), label({ id: 2, name: 'bus', colour: '#009e73', digit: '3', place: 9 })]);
  expect([labels.idOf(' car '), labels.idOf('tram'), labels.idOf('tram'), labels.idOf('bike')]).toEqual([
    1, 101, 101, 102,
  ]);
  expect(made).toEqual([
    { id: 101, name: 'tram', colour: '#d55e00', digit: '2', attributes: [], place: 10 },
    { id: 102, name: 'bike', colour: '#f0e442', digit: '4', attributes: [], place: 11 },
  ]);
});

test('names are cut between characters, and halves of characters are told', () => {
  const { labels, made, said } = begun();
  labels.idOf(`${'a'.repeat(999)}🚗`);
  labels.idOf('b\ud800');
  expect(made.map(({ name }) => name)).toEqual(['a'.repeat(999), 'b\ufffd']);
  expect(said).toEqual([
    `label "${'a'.repeat(40)}…": cut to 1000 characters`,
    'label "b\ufffd": half a character in it was replaced by "\ufffd"',
  ]);
});

test('ten thousand names take no time that anybody would notice', () => {
  const { labels, made } = begun();
  const start = performance.now();
  for (let i = 0; i < 10_000; i++) labels.idOf(`label ${i}`);
  expect(performance.now() - start).toBeLessThan(2000);
  expect(new Set(made.map(({ id }) => id)).size).toBe(10_000);
  for (const one of made) expect(Label.safeParse(one).success).toBe(true);
  expect(new Set(made.slice(0, 4000).map(({ colour }) => colour)).size).toBeGreaterThan(2000);
});

test('blanks at the ends of a name are cut with a word', () => {
  const { labels, made, said } = begun();
  expect(labels.idOf('ng ')).toBe(labels.idOf('ng'));
  expect(made.map(({ name }) => name)).toEqual(['ng']);
  expect(said).toEqual(['label "ng ": the blanks at its ends were cut']);
});
