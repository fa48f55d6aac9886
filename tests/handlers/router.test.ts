import { isProcedure } from '@orpc/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { api } from '../../main/contract/api.ts';
import { routerOf } from '../../main/handlers/router.ts';
import { type Hosted, hosted } from '../hosting.ts';

let one: Hosted;
beforeAll(async () => {
  one = await hosted('handlers-router');
});
afterAll(() => one.stop());

type Tree = { readonly [name: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !('~orpc' in value);

const pathsOf = (tree: Tree, before = ''): string[] =>
  Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) ? pathsOf(value, `${before}${name}.`) : [`${before}${name}`],
  );

test('everything of the contract is served, and nothing besides', () => {
  const router: Tree = routerOf(one.host);
  expect(pathsOf(router).sort()).toEqual(pathsOf(api).sort());
  const leaves = (tree: Tree): unknown[] =>
    Object.values(tree).flatMap((value) => (isTree(value) ? leaves(value) : [value]));
  for (const leaf of leaves(router)) expect(isProcedure(leaf)).toBe(true);
});
