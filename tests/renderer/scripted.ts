// A host that answers as a test says, behind the real client: what is asked and what is answered is held to the contract.
import { createORPCClient, ORPCError } from '@orpc/client';
import { getContractRouter, type InferContractRouterInputs, isContractProcedure } from '@orpc/contract';
import { api, type HostEvent } from '../../main/contract/api.ts';
import type { ImageDetail, ImageRow, StoredProposal } from '../../main/contract/project.ts';
import { temporaryMemory } from '../../renderer/state/actionContext.ts';
import { type Client, openClient } from '../../renderer/state/client.ts';
import type { HostClient } from '../../renderer/state/connection.ts';

type Inputs = Omit<InferContractRouterInputs<typeof api>, 'watch'>;
type Answer<I> = (input: I, signal?: AbortSignal) => unknown;

/** By group and name; the defaults of the contract are filled in before an answer is asked for. */
export type Answers = { [G in keyof Inputs]?: { [P in keyof Inputs[G]]?: Answer<Required<Inputs[G][P]>> } };

/** What was asked, in order. */
export interface Call {
  readonly name: string;
  readonly input: unknown;
}

const isStream = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** Calls that no answer is given for never end, as those of a host that is busy. */
export function scriptedHost(answers: Answers, calls: Call[] = [], events?: AsyncIterable<HostEvent>): HostClient {
  const known = new Map(
    Object.entries(answers).flatMap(([group, ones]) =>
      Object.entries(ones).map(([name, answer]) => [`${group}.${name}`, answer as Answer<unknown>] as const),
    ),
  );
  return createORPCClient<HostClient>({
    call: async (path, sent, { signal }) => {
      const name = path.join('.');
      if (name === 'watch' && events) return events;
      const procedure = getContractRouter(api, path);
      if (!isContractProcedure(procedure)) throw new Error(`the contract has no ${name}`);
      const { inputSchema, outputSchema } = procedure['~orpc'];
      const input = inputSchema ? await held(inputSchema, sent) : sent;
      calls.push({ name, input });
      const answer = known.get(name);
      if (!answer) return new Promise(() => {});
      const output: unknown = await answer(input, signal);
      return outputSchema && !isStream(output) ? held(outputSchema, output) : output;
    },
  });
}

type Schema = { readonly '~standard': { validate(value: unknown): unknown } };

async function held(schema: Schema, value: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (typeof result !== 'object' || result === null || !('value' in result)) {
    throw new Error(`against the contract: ${JSON.stringify(result)}`);
  }
  return result.value;
}

/** The host says no, with the sentence that is shown. */
export const refuse = (message: string): Promise<never> => Promise.reject(new ORPCError('BAD_INPUT', { message }));

/** A promise that a test settles when it likes. */
export function later<T>() {
  return Promise.withResolvers<T>();
}

/** A stream that a test writes; it ends or breaks when the test says so. */
export function stream<T>() {
  const waiting: T[] = [];
  let over: { error: unknown } | 'ended' | null = null;
  let wake = () => {};
  const say = (change: () => void) => () => {
    change();
    wake();
  };
  async function* read(): AsyncGenerator<T, void, void> {
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next;
      if (over === 'ended') return;
      if (over) throw over.error;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    read,
    write: (...events: T[]) => say(() => waiting.push(...events))(),
    end: say(() => (over = 'ended')),
    breakOff: (error: unknown) => say(() => (over = { error }))(),
  };
}

export interface AtScript {
  readonly client: Client;
  readonly calls: Call[];
  /** Addresses of pictures that were fetched ahead. */
  readonly fetched: string[];
  readonly events: ReturnType<typeof stream<HostEvent>>;
  connection(up: boolean, refused?: string | null): void;
  close(): void;
}

/** The real client on a scripted host. */
export function atScript(answers: Answers): AtScript {
  const calls: Call[] = [];
  const fetched: string[] = [];
  const events = stream<HostEvent>();
  let tell: (up: boolean, refused: string | null) => void = () => {};
  const onState = (listener: typeof tell) => {
    tell = listener;
    listener(true, null);
    return () => {
      tell = () => {};
    };
  };
  const host = scriptedHost(answers, calls, { [Symbol.asyncIterator]: () => events.read() });
  const lent = { memory: temporaryMemory(), fetchAhead: (address: string) => void fetched.push(address) };
  const client = openClient({ host, onState, close: () => {} }, lent);
  const close = () => {
    client.close();
    events.end();
  };
  return { client, calls, fetched, events, connection: (up, refused = null) => tell(up, refused), close };
}

/** Work that is under way goes on until it waits for something outside. */
export const turns = () => new Promise<void>((resolve) => setTimeout(resolve));

export const row = (id: number, more: Partial<ImageRow> = {}): ImageRow => ({
  ...{ id, path: `${id}.png`, hash: `h${id}`, width: 40, height: 30, state: 'present', problem: null },
  ...{ status: 'unreviewed', shapes: 0, prompts: 0, disagreement: null, spread: null },
  ...more,
});

export function detail(id: number, more: Partial<ImageDetail> = {}): ImageDetail {
  const { path, hash, width, height, state, problem } = row(id);
  const image = { id, path, hash, width, height, state, problem };
  return { image, review: { id, status: 'unreviewed', note: '' }, shapes: [], prompts: [], proposals: [], ...more };
}

export const scriptedProject = (images: number, file = '/p/cars.loupe') => ({
  ...{ file, name: 'cars', images, shapes: 0, unreviewed: images, undo: null, redo: null },
});

export const candidate = (id: number, promptId: number, more: Partial<StoredProposal> = {}): StoredProposal => ({
  ...{
    id,
    promptId,
    weights: 'weights/loupe-nano',
    device: 'cpu',
    found: 'objects',
    rewards: { format: 1 },
    frame: { width: 224, height: 224 },
  },
  ...{ answer: { text: '', reasoning: 'a car' }, timings: {} },
  objects: [{ box: { x1: 2, y1: 3, x2: 12, y2: 13 }, mask: null }],
  chosen: true,
  ...more,
});
