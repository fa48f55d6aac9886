// An image of 40 x 30 pixels with a host that keeps diffs: what scripted gestures are made on.

import { applied, type Diff, reverse } from '../../../main/contract/diff.ts';
import { type Columns, regionBitmap } from '../../../main/contract/maskColumns.ts';
import { type Label, packMask, type Shape } from '../../../main/contract/project.ts';
import { fromBitmap, maskArea, maskBox } from '../../../main/contract/rle.ts';
import type { ToolName } from '../../../main/contract/tools.ts';
import { takeUp } from '../../../renderer/state/drawing.ts';
import { type Combine, createWorkbench, type WorkbenchStore } from '../../../renderer/state/workbench.ts';
import type { CanvasHost } from '../../../renderer/tools/host.ts';
import { columnsOf } from '../../../renderer/tools/masks.ts';
import { createTools } from '../../../renderer/tools/registry.ts';
import { ShapeGrid } from '../../../renderer/tools/shapeGrid.ts';
import type { Gesture, Tool } from '../../../renderer/tools/tool.ts';

const WIDTH = 40;
const HEIGHT = 30;

export const label: Label = { id: 1, name: 'cup', colour: '#0072b2', digit: '1', attributes: [], place: 0 };

/** Row-major pixels of a box. */
export const filled = (x1: number, y1: number, x2: number, y2: number) =>
  fromBitmap(
    Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
      const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
      return x >= x1 && x < x2 && y >= y1 && y < y2 ? 1 : 0;
    }),
    WIDTH,
    HEIGHT,
  );

export function shape(id: number, mask = filled(10, 10, 20, 20), more: Partial<Shape> = {}): Shape {
  return {
    id,
    imageId: 7,
    labelId: 1,
    mask: packMask(mask),
    box: maskBox(mask),
    attributes: {},
    crowd: false,
    hidden: false,
    locked: false,
    place: id,
    origin: { kind: 'drawn' },
    ...more,
  };
}

type Held = Partial<Pick<Gesture, 'button' | 'shift' | 'alt' | 'ctrl' | 'clicks'>>;

/** Answers that a test gives in place of the model. */
type Answers = Partial<Pick<CanvasHost, 'refine' | 'cutOut' | 'wand' | 'wire' | 'edit' | 'proposedShape'>>;

const none = () => Promise.reject(new Error('no model here'));

const image = {
  id: 7,
  path: 'a.png',
  hash: 'h',
  width: WIDTH,
  height: HEIGHT,
  state: 'present',
  problem: null,
} as const;

/** The diff made to what is open, as the client does it; changes on other images pass by. */
function make(store: WorkbenchStore, { changes }: Diff): void {
  for (const change of changes) {
    const { labels, open } = store.getState();
    if (change.kind === 'label') {
      const made = applied(labels.get(change.id) ?? null, change);
      if (made) store.setState({ labels: new Map([...labels, [change.id, made]]) });
    }
    if (change.kind !== 'shape' || !open || open.image.id !== image.id) continue;
    const shapes = new Map(open.shapes);
    const record = applied(shapes.get(change.id) ?? null, change);
    if (record) shapes.set(change.id, record);
    else shapes.delete(change.id);
    store.setState({ open: { ...open, shapes } });
  }
}

function opened(shapes: readonly Shape[]): WorkbenchStore {
  const store = createWorkbench();
  store.setState({
    labels: new Map([[1, label]]),
    labelId: 1,
    brush: 3,
    open: {
      image,
      review: { id: 7, status: 'unreviewed', note: '' },
      shapes: new Map(shapes.map((one) => [one.id, one])),
      prompts: new Map(),
      proposals: new Map(),
    },
  });
  return store;
}

function hostOf(store: WorkbenchStore, answers: Answers) {
  const diffs: Diff[] = [];
  let nextId = 100;
  const host: CanvasHost = {
    commit: (diff) => {
      diffs.push(diff);
      make(store, diff);
    },
    reserveId: async () => nextId++,
    refine: none,
    cutOut: none,
    wand: none,
    wire: none,
    proposedShape: async () => null,
    pixels: none,
    menu: () => {},
    edit: () => {},
    ...answers,
  };
  return { host, diffs };
}

/** Everything that a person can do with the tool in hand. */
function hands(tool: () => Tool) {
  const gesture = (x: number, y: number, held: Held = {}): Gesture => ({
    x,
    y,
    button: 'left',
    shift: false,
    alt: false,
    ctrl: false,
    clicks: 1,
    ...held,
  });
  return {
    settle,
    press: (x: number, y: number, held: Held = {}) => tool().press(gesture(x, y, held)),
    move: (x: number, y: number, held: Held = {}) => tool().move(gesture(x, y, held)),
    release: (x: number, y: number, held: Held = {}) => tool().release(gesture(x, y, held)),
    /** Press, move through all places, let go. */
    async drag(places: readonly (readonly [number, number])[], held: Held = {}) {
      places.forEach(([x, y], i) => {
        if (i === 0) tool().press(gesture(x, y, held));
        tool().move(gesture(x, y, held));
      });
      const [x, y] = places.at(-1) ?? [0, 0];
      tool().release(gesture(x, y, held));
      await settle();
    },
    async click(x: number, y: number, held: Held = {}) {
      tool().move(gesture(x, y, held));
      tool().press(gesture(x, y, held));
      tool().release(gesture(x, y, held));
      await settle();
    },
  };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

export function sheet(shapes: readonly Shape[] = [], answers: Answers = {}) {
  const store = opened(shapes);
  const { host, diffs } = hostOf(store, answers);
  const grid = new ShapeGrid(WIDTH);
  const tools = createTools({ store, host, changed: () => {} }, () => {
    grid.update(store.getState().open?.shapes ?? new Map());
    return grid;
  });
  const tool = (): Tool => tools[store.getState().tool];
  return {
    store,
    diffs,
    tool,
    ...hands(tool),
    undo: () => make(store, reverse(diffs.pop() ?? { title: 'nothing', changes: [] })),
    use: (name: ToolName) => takeUp(store, name),
    /** What the bar over the canvas is set to. */
    combine: (combine: Combine) => store.setState({ combine }),
    select: (...ids: number[]) => store.setState({ selected: new Set(ids) }),
    shapes: () => [...(store.getState().open?.shapes.values() ?? [])],
    notice: () => store.getState().notice?.text ?? null,
    /** Another image of the same size without shapes, as a person who pages on opens it. */
    openOther() {
      const { open } = store.getState();
      if (!open) return;
      store.setState({ open: { ...open, image: { ...image, id: 8 }, shapes: new Map() }, selected: new Set() });
    },
  };
}

/** Rows of '#' and '.'. */
export function picture(columns: Columns): string[] {
  const bitmap = regionBitmap(columns, { x: 0, y: 0, width: columns.width, height: columns.height, step: 1 });
  return Array.from({ length: columns.height }, (_, row) =>
    Array.from(bitmap.subarray(row * columns.width, (row + 1) * columns.width), (inside) => (inside ? '#' : '.')).join(
      '',
    ),
  );
}

export const columnsIn = (one: Shape | undefined): Columns => {
  if (!one?.mask) throw new Error('the shape has no mask');
  return columnsOf(one.mask);
};

export const areaOf = (one: Shape | undefined): number => (one?.mask ? maskArea(filledOf(one)) : 0);

const filledOf = (one: Shape) => {
  const columns = columnsIn(one);
  return fromBitmap(regionBitmap(columns, { x: 0, y: 0, width: WIDTH, height: HEIGHT, step: 1 }), WIDTH, HEIGHT);
};
