// The page that measures the canvas: frames of a pan, a zoom and a stroke, and the time from a click to its selection.
import { createRoot } from 'react-dom/client';
import { tileSide } from '../../../main/contract/addresses.ts';
import { applied, type Diff } from '../../../main/contract/diff.ts';
import { viewOfImage } from '../../state/view.ts';
import { createWorkbench, type OpenImage, type WorkbenchStore } from '../../state/workbench.ts';
import type { CanvasHost } from '../../tools/host.ts';
import { Canvas } from '../Canvas.tsx';
import { benchLabels, benchShapes } from './objects.ts';

declare global {
  interface Window {
    bench: CanvasBenchPage;
  }
}

/** Milliseconds of every frame. */
type Frames = number[];

interface CanvasBenchPage {
  readonly store: WorkbenchStore;
  /** Resolves when the picture and all masks are painted. */
  open(objects: number, side: number): Promise<void>;
  /** Shows the shapes, or none, as the canvas shows a bare image. */
  show(masks: boolean): void;
  navigate(frames: number): Promise<Frames>;
  /** A stroke across the canvas with the brush, or the same moves without a tool. */
  stroke(frames: number, radius: number | null): Promise<Frames>;
  /** From a click to the frame that shows the selection. */
  select(clicks: number): Promise<number[]>;
}

const store = createWorkbench();
let nextId = 1_000_000;

function commit({ changes }: Diff): void {
  const { open } = store.getState();
  if (!open) return;
  const shapes = new Map(open.shapes);
  for (const change of changes) {
    if (change.kind !== 'shape') continue;
    const record = applied(shapes.get(change.id) ?? null, change);
    if (record) shapes.set(change.id, record);
    else shapes.delete(change.id);
  }
  store.setState({ open: { ...open, shapes } });
}

/** A picture with something to see at every zoom. */
function pattern(side: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(side, side);
  const pen = canvas.getContext('2d');
  if (!pen) return canvas;
  for (let y = 0; y < side; y += 32) {
    for (let x = 0; x < side; x += 32) {
      pen.fillStyle = `hsl(${((x * 7 + y * 13) / 32) % 360} 35% ${35 + ((x ^ y) % 160) / 8}%)`;
      pen.fillRect(x, y, 32, 32);
    }
  }
  return canvas;
}

const host: CanvasHost = {
  commit,
  reserveId: async () => nextId++,
  refine: () => Promise.reject(new Error('There is no model here.')),
  cutOut: () => Promise.reject(new Error('There is no model here.')),
  wand: () => Promise.reject(new Error('There is no model here.')),
  wire: () => Promise.reject(new Error('There is no host here.')),
  proposedShape: async () => null,
  pixels: (address) => createImageBitmap(pattern(address.includes('/tiles/') ? tileSide : openSide())),
  menu: () => {},
  edit: () => {},
};

const openSide = (): number => store.getState().open?.image.width ?? 1;

const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

async function frames(count: number, step: (i: number) => void): Promise<Frames> {
  const times: Frames = [];
  let before = await frame();
  for (let i = 0; i < count; i++) {
    step(i);
    const now = await frame();
    times.push(now - before);
    before = now;
  }
  return times;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(objects: number, side: number): Promise<void> {
  const image = {
    id: 1,
    path: 'a.png',
    hash: `${side}`,
    width: side,
    height: side,
    state: 'present',
    problem: null,
  } as const;
  const shapes = new Map(benchShapes(objects, side, side).map((shape) => [shape.id, shape]));
  const opened: OpenImage = {
    image,
    review: { id: 1, status: 'unreviewed', note: '' },
    shapes,
    prompts: new Map(),
    proposals: new Map(),
  };
  store.setState({ open: null, selected: new Set(), hovered: null, tool: 'select' });
  store.setState({ open: opened, labels: new Map(benchLabels.map((label) => [label.id, label])) });
  store.setState(({ canvas }) => ({ view: viewOfImage({ width: side, height: side }, canvas) }));
  await sleep(600);
  await frames(30, () => {});
}

/** Moves the view round and round, in and out, as a person looks about. */
function navigate(count: number): Promise<Frames> {
  const { canvas, view } = store.getState();
  const side = openSide();
  const fit = viewOfImage({ width: side, height: side }, canvas).scale;
  return frames(count, (i) => {
    const turn = (2 * Math.PI * i) / 60;
    const scale = fit * (2 + 1.2 * Math.sin(turn / 2));
    const middle = { x: side * (0.5 + 0.15 * Math.cos(turn)), y: side * (0.5 + 0.15 * Math.sin(turn)) };
    const offset = { x: canvas.width / 2 - middle.x * scale, y: canvas.height / 2 - middle.y * scale };
    store.setState({ view: { ...view, scale, ...offset } });
  });
}

const room = () => document.querySelector('[data-canvas]');

function pointer(kind: string, x: number, y: number, buttons: number): void {
  const event = new PointerEvent(kind, {
    clientX: x,
    clientY: y,
    buttons,
    pointerId: 1,
    bubbles: true,
    cancelable: true,
  });
  room()?.dispatchEvent(event);
}

async function stroke(count: number, radius: number | null): Promise<Frames> {
  const { canvas } = store.getState();
  store.setState({ tool: radius === null ? 'select' : 'brush', brush: radius ?? 12, selected: new Set() });
  const at = (i: number): [number, number] => [
    canvas.width * (0.1 + (0.8 * i) / count),
    canvas.height * (0.5 + 0.3 * Math.sin(i / 6)),
  ];
  const held = radius === null ? 0 : 1;
  pointer(held ? 'pointerdown' : 'pointermove', ...at(0), held);
  const times = await frames(count, (i) => {
    // Without a tool the frame is drawn all the same: it is the bare image's.
    if (!held) store.setState(({ view }) => ({ view: { ...view } }));
    pointer('pointermove', ...at(i), held);
  });
  pointer('pointerup', ...at(count), 0);
  await frames(3, () => {});
  return times;
}

async function select(clicks: number): Promise<number[]> {
  const { open: opened, view } = store.getState();
  const shapes = [...(opened?.shapes.values() ?? [])];
  store.setState({ tool: 'select' });
  const times: number[] = [];
  for (let i = 0; i < clicks; i++) {
    const shape = shapes[(i * 37) % shapes.length];
    if (!shape) break;
    const x = ((shape.box.x1 + shape.box.x2) / 2) * view.scale + view.x;
    const y = ((shape.box.y1 + shape.box.y2) / 2) * view.scale + view.y;
    const before = performance.now();
    pointer('pointerdown', x, y, 1);
    pointer('pointerup', x, y, 0);
    await frame();
    await frame();
    times.push(performance.now() - before);
  }
  return times;
}

const show = (masks: boolean) => store.setState({ masksShown: masks });

window.bench = { store, open, show, navigate, stroke, select };

const element = document.getElementById('room');
if (element) createRoot(element).render(<Canvas store={store} host={host} />);
