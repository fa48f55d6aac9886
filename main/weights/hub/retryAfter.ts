// Reads from an answer how long its server wants to be left alone before it is asked again.

/** Longer than this nobody is waited for, whatever is asked. */
const LONGEST_MS = 120_000;

/** Milliseconds by the header `Retry-After` (RFC 9110, 10.2.3: seconds, or a date); 0 where it says nothing. */
export function retryAfterMs(headers: Headers, now = Date.now()): number {
  const said = headers.get('retry-after')?.trim() ?? '';
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), LONGEST_MS);
}
