// Sends the person's changes to the host: shown at once, sent in order, kept until they are stored.
import type { Recorded } from '../../main/contract/api.ts';
import { withVerdicts } from '../../main/contract/correction.ts';
import { type Diff, NewDiff } from '../../main/contract/diff.ts';
import { same } from '../../main/contract/equal.ts';
import { type HostClient, isRefusal, sentence } from './connection.ts';
import {
  byId,
  holds,
  imageOf,
  movesHere,
  type OpenRecords,
  openedImage,
  standingOn,
  withDiff,
  withRecorded,
} from './records.ts';
import { isActive } from './words.ts';
import { savedNow, say, type WorkbenchStore } from './workbench.ts';

export interface Edits {
  /** Shows the change at once and sends it after all earlier ones. True once it is stored, false when it was refused. */
  commit(diff: Diff): Promise<boolean>;
  /** Undoes and redoes, once everything is stored; gives the result, or null at the journal's end. */
  undo(): Promise<Recorded | null>;
  redo(): Promise<Recorded | null>;
  /** An id that nobody else gets; at once, unless the host was away for long. */
  id(): Promise<number>;
  /** When nothing waits any more. */
  settled(): Promise<void>;
  /** How many changes are not stored yet. */
  waiting(): number;
  /** What the host says was recorded, by whomever. */
  received(recorded: Recorded): void;
  /** Reads labels and the open image anew and puts what waits on top. */
  refresh(): Promise<void>;
  /** Does the same after a break: events that were under way will not come any more. */
  rejoined(): Promise<void>;
  /** What waits, made to records that were just read. */
  onTop(held: OpenRecords): OpenRecords;
  /** Another project: its ids and changes are others. */
  reset(): void;
}

interface Waiting {
  readonly diff: Diff;
  /** The image that was open when it was made; its changed records may not say. */
  readonly imageId: number | null;
  /** Sent once without an answer: it may be stored. */
  unsure: boolean;
  /** Its event came before its answer. */
  heard: boolean;
  settle(stored: boolean): void;
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 150));

interface EditOptions {
  /** Whether changes that are made while the host is away will be stored: not where it comes back at another address. */
  readonly keepsWhileAway?: boolean;
}

export function createEdits(store: WorkbenchStore, host: HostClient, options: EditOptions = {}): Edits {
  const queue = new Queue(store, host, options.keepsWhileAway ?? true);
  const ids = new IdPool(host);
  const travel = async (way: 'undo' | 'redo'): Promise<Recorded | null> => {
    await queue.settled();
    const comes = queue.hearing();
    try {
      const recorded = await host.edit[way]();
      if (recorded && !(await comes.within(recorded, 1000))) queue.received(recorded);
      await queue.caughtUp();
      return recorded;
    } finally {
      comes.stop();
    }
  };
  return {
    commit: (diff) => queue.commit(diff),
    undo: () => travel('undo'),
    redo: () => travel('redo'),
    id: () => ids.take(),
    settled: () => queue.settled(),
    waiting: () => queue.waiting.length,
    received: (recorded) => queue.received(recorded),
    refresh: () => queue.refresh(),
    rejoined: () => {
      queue.unheard = [];
      return queue.refresh();
    },
    onTop: (held) => queue.onTop(held),
    reset: () => {
      queue.drop();
      ids.empty();
    },
  };
}

class Queue {
  waiting: Waiting[] = [];
  /** Counts what this window knows to be stored. */
  private stored = 0;
  private running: Promise<void> | null = null;
  /** Own changes that were answered, and whose events are still to come. */
  unheard: Recorded[] = [];
  /** The last events that were taken for others' changes: the host may have recorded an own one in other words. */
  private others: Recorded[] = [];
  private readonly ears = new Set<(recorded: Recorded) => void>();
  /** The records are read again after a step of which only the beginning came: what is on screen is old until then. */
  private reading: { readonly title: string; readonly done: Promise<void> } | null = null;
  private readonly store: WorkbenchStore;
  private readonly host: HostClient;
  private readonly keepsWhileAway: boolean;

  constructor(store: WorkbenchStore, host: HostClient, keepsWhileAway: boolean) {
    this.store = store;
    this.host = host;
    this.keepsWhileAway = keepsWhileAway;
  }

  commit(wanted: Diff): Promise<boolean> {
    const state = this.store.getState();
    if (wanted.changes.length === 0) return Promise.resolve(true);
    const busy = this.busy();
    if (busy !== null) {
      say(this.store, 'bad', `${wanted.title} was not done: ${busy}.`);
      return Promise.resolve(false);
    }
    let diff = asStored(wanted);
    try {
      const { open } = withDiff(state, diff);
      // The journal has the same rule, so that both come to the same step.
      if (open) diff = withVerdicts(diff, open.prompts.values(), standingOn(open));
      this.store.setState({ ...withDiff(state, diff), saving: { state: 'saving' } });
    } catch (error) {
      say(this.store, 'bad', `${wanted.title} was not done: ${sentence(error)}.`);
      return Promise.resolve(false);
    }
    return new Promise((settle) => {
      this.waiting.push({
        diff,
        imageId: imageOf(diff) ?? state.open?.image.id ?? null,
        unsure: false,
        heard: false,
        settle,
      });
      this.running ??= this.run();
    });
  }

  /** Why nothing can be changed at this moment: it would be a change to records that are about to be others. */
  private busy(): string | null {
    const { connected, jobs } = this.store.getState();
    if (!connected && !this.keepsWhileAway) return 'the host does not answer, and it would be lost';
    if (this.reading) return `"${this.reading.title}" is still being shown; do it again in a moment`;
    const job = [...jobs.values()].find((one) => one.kind === 'undo' && isActive(one));
    return job ? `${job.title} is under way; do it again when that has ended` : null;
  }

  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  async caughtUp(): Promise<void> {
    while (this.reading) await this.reading.done;
  }

  private async run(): Promise<void> {
    for (let first = this.waiting[0]; first; first = this.waiting[0]) await this.send(first);
    this.running = null;
    this.store.setState({ saving: { state: 'saved', at: Date.now() } });
  }

  private async send(first: Waiting): Promise<void> {
    try {
      if (first.unsure && (await isStored(this.host, first))) return this.finish(first, true);
      const recorded = await this.host.edit.apply(first.diff);
      if (!first.heard && !this.others.some((one) => isSame(one, recorded))) this.unheard.push(recorded);
      this.finish(first, true);
      this.titles(recorded);
    } catch (error) {
      if (isRefusal(error)) {
        // Nothing more can be stored where the project was.
        if (error.code === 'FILE_GONE' || error.code === 'READ_ONLY') this.store.setState({ dialog: 'save copy' });
        return this.refuse(first, error.message);
      }
      first.unsure = true;
      this.store.setState({ saving: { state: 'failed', problem: lostSentence(this.waiting.length) } });
      await pause();
    }
  }

  private finish(first: Waiting, stored: boolean): void {
    if (this.waiting[0] === first) this.waiting.shift();
    first.settle(stored);
  }

  /** What was refused goes from the screen; what was built on it goes with it, and is named too. */
  private async refuse(first: Waiting, why: string): Promise<void> {
    say(this.store, 'bad', `${first.diff.title} was not stored: ${why}`);
    this.finish(first, false);
    // Where this fails the connection is gone, and all is read again when it is back.
    await this.refresh().catch(() => {});
  }

  /** The changes of a project that is no longer open have nowhere to go. */
  drop(): void {
    const { length } = this.waiting;
    if (length > 0) say(this.store, 'bad', `Another project was opened; ${length} changes were not stored.`);
    for (const { settle } of this.waiting.splice(0)) settle(false);
  }

  async refresh(): Promise<void> {
    const { stored } = this;
    const [labels, open] = await Promise.all([this.host.project.labels(), this.readOpen()]);
    // Something was stored while this was read, and waits no more: it may be missing here.
    if (stored !== this.stored) return this.refresh();
    const { open: shown } = this.store.getState();
    const still = open !== null && shown?.image.id === open.image.id ? open : shown;
    this.store.setState(this.onTop({ labels: byId(labels), open: still }));
  }

  private async readOpen() {
    const id = this.store.getState().open?.image.id;
    return id === undefined ? null : openedImage(await this.host.images.detail({ id }));
  }

  onTop(held: OpenRecords): OpenRecords {
    return this.waiting.reduce((now, { diff }) => withRecorded(now, diff), held);
  }

  /** Every change comes as an event, in the order of the journal; only own ones are on the screen already. */
  received(recorded: Recorded): void {
    this.titles(recorded);
    const { labels, open } = this.store.getState();
    const isOwn = this.isOwn(recorded);
    if (!isOwn) {
      this.store.setState(this.onTop(withRecorded({ labels, open }, recorded.diff)));
      this.others = [...this.others.slice(-9), recorded];
    }
    if ((recorded.more && !isOwn) || movesHere({ labels, open }, recorded.diff)) this.readAll(recorded.diff.title);
    for (const ear of this.ears) ear(recorded);
  }

  /** The host sent a part of the step: everything that is shown is read again. */
  private readAll(title: string): void {
    // Where this fails the connection is gone, and all is read again when it is back.
    const done = this.refresh()
      .catch(() => {})
      .then(() => {
        if (this.reading?.done === done) this.reading = null;
      });
    this.reading = { title, done };
  }

  private isOwn(recorded: Recorded): boolean {
    const [first] = this.waiting;
    if (first && isToldOf(recorded, first.diff)) {
      first.heard = true;
      return true;
    }
    const at = this.unheard.findIndex((one) => isSame(one, recorded));
    if (at >= 0) this.unheard.splice(at, 1);
    return at >= 0;
  }

  /** Listens from now on for the event of a change whose answer is still to come. */
  hearing() {
    const heard: Recorded[] = [];
    let check = () => {};
    const ear = (recorded: Recorded) => {
      heard.push(recorded);
      check();
    };
    this.ears.add(ear);
    const within = (recorded: Recorded, ms: number) =>
      new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), ms);
        check = () => {
          if (!heard.some((one) => isSame(one, recorded))) return;
          clearTimeout(timer);
          resolve(true);
        };
        check();
      });
    return { within, stop: () => void this.ears.delete(ear) };
  }

  private titles({ undo, redo }: Recorded): void {
    this.stored += 1;
    savedNow(this.store);
    this.store.setState(({ project, listVersion }) => ({
      project: project && { ...project, undo, redo },
      listVersion: listVersion + 1,
    }));
  }
}

/** Gives the diff as the host will read it: names without blanks at their ends, whole characters. What it will refuse stays as it is. */
function asStored(diff: Diff): Diff {
  const { data } = NewDiff.safeParse(diff);
  // The same records stay the same objects: masks were unpacked for them.
  return data === undefined || same(data, diff) ? diff : data;
}

const lostSentence = (count: number): string =>
  `The host does not answer. ${count === 1 ? 'One change waits and will be' : `${count} changes wait and will be`} stored when it is back.`;

/** Whether the step is the diff, as far as its changes came. */
const isToldOf = ({ diff, more }: Recorded, wanted: Diff): boolean =>
  same(diff, more ? { ...wanted, changes: wanted.changes.slice(0, diff.changes.length) } : wanted);

const isSame = (a: Recorded, b: Recorded): boolean => a.seq === b.seq && same(a.diff, b.diff);

/** Whether the host has what the diff makes: its answer may have been lost on the way. */
async function isStored(host: HostClient, { diff, imageId }: Waiting): Promise<boolean> {
  const [labels, open] = await Promise.all([
    host.project.labels(),
    imageId === null ? null : host.images.detail({ id: imageId }),
  ]);
  return holds({ labels: byId(labels), open: open && openedImage(open) }, diff);
}

/** Ids fetched ahead, so that drawing never waits for the host. */
class IdPool {
  private free: number[] = [];
  private filling: Promise<void> | null = null;
  private readonly host: HostClient;

  constructor(host: HostClient) {
    this.host = host;
  }

  async take(): Promise<number> {
    for (;;) {
      const id = this.free.shift();
      if (id !== undefined) {
        // Nobody waits for this call: a failure shows when no ids are left.
        if (this.free.length < 50) this.fill().catch(() => {});
        return id;
      }
      await this.fill();
    }
  }

  empty(): void {
    this.free = [];
    this.filling = null;
  }

  private fill(): Promise<void> {
    const { free } = this;
    this.filling ??= this.host.project
      .reserve({ count: 100 })
      .then(({ first }) => {
        for (let id = first; id < first + 100; id++) free.push(id);
      })
      .finally(() => {
        if (free === this.free) this.filling = null;
      });
    return this.filling;
  }
}
