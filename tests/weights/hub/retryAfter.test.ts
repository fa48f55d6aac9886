// How long a server wants to be left alone: in seconds, by a date, or not at all.
import { expect, it } from 'vitest';
import { retryAfterMs } from '../../../main/weights/hub/retryAfter.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

it.each([
  [undefined, 0],
  ['', 0],
  ['7', 7000],
  ['0', 0],
  ['Thu, 01 Jan 2026 12:00:09 GMT', 9000],
  ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ['soon', 0],
  ['999999999', 120_000],
  ['Fri, 31 Dec 2999 23:59:59 GMT', 120_000],
])('%j is %i ms', (said, ms) => {
  expect(retryAfterMs(new Headers(said === undefined ? {} : { 'retry-after': said }), now)).toBe(ms);
});
