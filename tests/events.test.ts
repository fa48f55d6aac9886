import { describe, expect, test } from 'vitest';
import type { HostEvent } from '../main/contract/api.ts';
import type { Job } from '../main/contract/jobs.ts';
import { Events } from '../main/events.ts';

const images = (...ids: number[]): HostEvent => ({ kind: 'images', ids });
const recorded = (seq: number): HostEvent => ({
  kind: 'recorded',
  recorded: { seq, diff: { title: 'Draw mask', changes: [] }, undo: null, redo: null },
});
const job = (id: string, done: number): HostEvent => ({
  kind: 'job',
  job: {
    ...{ id, kind: 'import', title: '', state: 'running', done, total: null },
    secondsLeft: null,
    message: null,
    notes: [],
  } satisfies Job,
});

async function take(stream: AsyncIterator<HostEvent, void>, count: number): Promise<HostEvent[]> {
  const events: HostEvent[] = [];
  for (let i = 0; i < count; i++) {
    const next = await stream.next();
    if (!next.done) events.push(next.value);
  }
  return events;
}

describe('events', () => {
  test('a watcher hears its beginning, then what happens, in order', async () => {
    const events = new Events();
    const stream = events.watch([images(1)]);
    events.emit(recorded(1));
    events.emit(recorded(2));
    expect(await take(stream, 3)).toEqual([images(1), recorded(1), recorded(2)]);
    const later = stream.next();
    events.emit(recorded(3));
    expect(await later).toEqual({ done: false, value: recorded(3) });
  });

  test('nothing is lost between the call and the first read', async () => {
    const events = new Events();
    const stream = events.watch([]);
    events.emit(images(5));
    expect(await take(stream, 1)).toEqual([images(5)]);
  });

  test('every watcher hears all of it', async () => {
    const events = new Events();
    const streams = [events.watch([]), events.watch([])];
    events.emit(recorded(9));
    for (const stream of streams) expect(await take(stream, 1)).toEqual([recorded(9)]);
    expect(events.watched).toBe(2);
  });

  test('states that were not read are replaced, images gather, changes all stay', async () => {
    const events = new Events();
    const stream = events.watch([]);
    for (let i = 0; i < 5; i++) {
      events.emit(job('1', i));
      events.emit(images(i, 7));
      events.emit(recorded(i));
    }
    events.emit(job('2', 0));
    expect(await take(stream, 8)).toEqual([
      ...[job('1', 4), images(0, 7, 1, 2, 3, 4)],
      ...[0, 1, 2, 3, 4].map(recorded),
      job('2', 0),
    ]);
  });

  test('the signal ends it, while it waits and before it begins', async () => {
    const events = new Events();
    const abort = new AbortController();
    const stream = events.watch([], abort.signal);
    const waiting = stream.next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await events.watch([images(1)], abort.signal).next()).toMatchObject({ done: true });
    expect(events.watched).toBe(0);
  });

  test('the reader ends it', async () => {
    const events = new Events();
    for await (const event of events.watch([images(1), recorded(1)])) {
      expect(event).toEqual(images(1));
      break;
    }
    expect(events.watched).toBe(0);
  });

  test('stop ends all of them', async () => {
    const events = new Events();
    const waiting = [events.watch([]), events.watch([])].map((stream) => stream.next());
    events.stop();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test('one that never reads is sent away instead of filling the memory', async () => {
    const events = new Events();
    const stream = events.watch([]);
    for (let i = 0; i < 10_002; i++) events.emit(recorded(i));
    expect(await stream.next()).toMatchObject({ done: true });
  });
});
