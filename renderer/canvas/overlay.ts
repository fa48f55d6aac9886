// Draws what lies over the picture and changes with every gesture: outlines, handles, proposals, drafts, the wipe and the pointer.

import { boxArea } from '../../main/contract/geometry.ts';
import type { Size } from '../../main/contract/maskColumns.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Box } from '../../main/contract/records.ts';
import { tools } from '../../main/contract/tools.ts';
import { offeredObjects } from '../state/answers.ts';
import type { View, Workbench } from '../state/workbench.ts';
import { cornerRings } from '../tools/corners.ts';
import { boxHandles, eachSide, LEAST_SIDE } from '../tools/handles.ts';
import { columnsOf } from '../tools/masks.ts';
import { distance, type ImagePoint } from '../tools/place.ts';
import type { Draft, Manner } from '../tools/tool.ts';
import { toScreen, visible } from '../tools/view.ts';
import type { ColourOf } from './colours.ts';
import { boxPath, clickMark, edgePath, handle, outlineOf, PROPOSED, patch, ring, ringsPath, trace } from './marks.ts';

type Pen = CanvasRenderingContext2D;

export interface OverlayContents {
  readonly state: Workbench;
  readonly size: Size;
  readonly draft: Draft;
  readonly colourOf: ColourOf;
  readonly pixelRatio: number;
  /** Shapes that are shown and touch the box. */
  within(box: Box): readonly Shape[];
}

const LIT = '#ffd400';
const TAKES = '#ff4d4d';
const GUIDE = '#ffffff';
/** More outlines than this are drawn as boxes. */
const MOST_OUTLINES = 60;

const inkOf = (manner: Manner): string => (manner === 'takes' ? TAKES : manner === 'adds' ? '#38d9a9' : GUIDE);

export function drawOverlay(pen: Pen, scene: OverlayContents): void {
  const { state, draft } = scene;
  pen.setTransform(scene.pixelRatio, 0, 0, scene.pixelRatio, 0, 0);
  if (state.masksShown) drawWipe(pen, scene);
  drawKeypoints(pen, scene);
  drawNamed(pen, scene);
  drawSelection(pen, scene);
  drawProposals(pen, scene);
  drawDraft(pen, scene, draft);
  drawPointer(pen, scene);
}

/** Read-only: they stay where their file has them. A point that is covered is drawn hollow. */
function drawKeypoints(pen: Pen, { state, colourOf }: OverlayContents): void {
  const { open, view, masksShown } = state;
  if (!masksShown) return;
  for (const { shapeId, points, bones } of open?.keypoints?.values() ?? []) {
    const shape = open?.shapes.get(shapeId);
    if (!shape || shape.hidden) continue;
    const lines = bones.flatMap(([from, to]) => {
      const [a, b] = [points[from], points[to]];
      return a && b ? [[a.x, a.y, b.x, b.y]] : [];
    });
    trace(pen, view, ringsPath(lines), { colour: colourOf(shape), width: 1.5 });
    for (const { x, y, seen } of points) {
      if (seen) handle(pen, toScreen(view, { x, y }), 2.5);
      else ring(pen, toScreen(view, { x, y }), 2.5, '#ffffff');
    }
  }
}

function drawSelection(pen: Pen, { state, draft, colourOf }: OverlayContents): void {
  const { open, selected, hovered, view, tool, wipe } = state;
  const shown = (id: number | null) => {
    const shape = id === null ? undefined : open?.shapes.get(id);
    return shape && !shape.hidden ? shape : null;
  };
  const over = shown(hovered);
  if (over && !selected.has(over.id))
    trace(pen, view, outlineOf(over, view.scale), { colour: colourOf(over), width: 1.5 });
  const chosen = [...selected].flatMap((id) => shown(id) ?? []);
  const dragged = draft.moved ? movedView(view, draft.moved) : view;
  for (const shape of chosen) {
    const path = chosen.length > MOST_OUTLINES ? boxPath(shape.box) : outlineOf(shape, view.scale);
    if (!(draft.rings && chosen.length === 1)) {
      trace(pen, shape.locked ? view : dragged, path, { colour: '#ffffff', width: 2 });
    }
  }
  const [only] = chosen;
  // Under a wipe masks are compared, not edited: corners would hide the edges.
  const isEdited = tools[tool].handles && wipe === null && !draft.moved;
  if (only && chosen.length === 1 && isEdited && !only.locked) drawHandles(pen, state, only, draft);
}

const movedView = ({ scale, x, y }: View, by: ImagePoint): View => ({
  scale,
  x: x + by.x * scale,
  y: y + by.y * scale,
});

function drawHandles(pen: Pen, { view, canvas }: Workbench, shape: Shape, draft: Draft): void {
  if (shape.mask === null) {
    for (const { place } of boxHandles(shape.box)) handle(pen, toScreen(view, place), 4);
    return;
  }
  const rings = draft.rings ?? cornerRings(columnsOf(shape.mask));
  if (draft.rings) trace(pen, view, ringsPath(rings), { colour: '#ffffff', width: 2 });
  const onCanvas = ({ x, y }: ImagePoint) => x > -9 && y > -9 && x < canvas.width + 9 && y < canvas.height + 9;
  // Corners that would touch on the screen are not drawn one on the other: zooming in shows them.
  let last: ImagePoint | null = null;
  eachSide(rings, ({ at }, from, to) => {
    const [here, there] = [toScreen(view, from), toScreen(view, to)];
    if (at === 0 || last === null || distance(last, here) > 5) {
      if (onCanvas(here)) handle(pen, here, 3.5);
      last = here;
    }
    const middle = { x: (here.x + there.x) / 2, y: (here.y + there.y) / 2 };
    if (distance(here, there) >= LEAST_SIDE && onCanvas(middle)) handle(pen, middle, 1.75);
  });
}

/** Where more shapes are on the image, only a close look names them: finding and drawing hundreds costs frames. */
const MOST_NAMES = 150;

function namedShapes({ state, size, within }: OverlayContents): readonly Shape[] {
  const { open, labelsShown, masksShown, view, canvas } = state;
  const seen = visible(view, canvas, size);
  if (!open || !labelsShown || !masksShown || seen === null) return [];
  if (open.shapes.size <= MOST_NAMES) return [...open.shapes.values()];
  const share = boxArea(seen) / (size.width * size.height);
  const shapes = share * open.shapes.size > MOST_NAMES ? [] : within(seen);
  return shapes.length > MOST_NAMES ? [] : shapes;
}

/** Names at the boxes' upper left corners, of shapes that are large enough on the screen. */
function drawNamed(pen: Pen, scene: OverlayContents): void {
  const { state, colourOf } = scene;
  const { labels, view, canvas } = state;
  pen.font = '600 11px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  for (const shape of namedShapes(scene)) {
    const { x1, y1, x2 } = shape.box;
    const name = labels.get(shape.labelId)?.name;
    if (shape.hidden || !name || (x2 - x1) * view.scale < 36) continue;
    const at = toScreen(view, { x: x1, y: y1 });
    if (at.x < -200 || at.y < -20 || at.x > canvas.width || at.y > canvas.height) continue;
    const width = pen.measureText(name).width + 10;
    pen.fillStyle = colourOf(shape);
    pen.globalAlpha = 0.92;
    pen.fillRect(at.x, at.y - 17, width, 16);
    pen.globalAlpha = 1;
    pen.fillStyle = isBright(colourOf(shape)) ? '#000000' : '#ffffff';
    pen.fillText(name, at.x + 5, at.y - 8.5);
  }
}

/** Relative luminance of WCAG against the middle between black and white text. */
export function isBright(colour: string): boolean {
  const part = (from: number) => (Number.parseInt(colour.slice(from, from + 2), 16) / 255) ** 2.2;
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.18;
}

function drawProposals(pen: Pen, { state }: OverlayContents): void {
  const { view, writing, lit, wipe } = state;
  const dash = [7, 5];
  for (const { box, mask, isCurrent } of offeredObjects(state)) {
    const width = isCurrent ? 2.5 : 1.5;
    if (mask && wipe === null) {
      const fill = 'rgba(255, 92, 205, 0.28)';
      trace(pen, view, edgePath(columnsOf(mask), view.scale), { colour: PROPOSED, width, dash, fill });
    }
    trace(pen, view, boxPath(box), { colour: PROPOSED, width, dash: [3, 4] });
  }
  for (const box of writing?.boxes.flat() ?? []) trace(pen, view, boxPath(box), { colour: PROPOSED, width: 2, dash });
  if (lit) trace(pen, view, boxPath(lit), { colour: LIT, width: 2.5, fill: 'rgba(255, 212, 0, 0.18)' });
}

/** Left of the edge the shape's own mask, right of it the proposed one. */
function drawWipe(pen: Pen, scene: OverlayContents): void {
  const { state, colourOf } = scene;
  const { wipe, open, canvas, view, settings } = state;
  const shape = wipe === null ? undefined : open?.shapes.get(wipe.shapeId);
  if (wipe === null || !shape) return;
  const edge = wipe.at * canvas.width;
  const side = (from: number, to: number, draw: () => void) => {
    pen.save();
    pen.beginPath();
    pen.rect(from, 0, Math.max(0, to - from), canvas.height);
    pen.clip();
    draw();
    pen.restore();
  };
  const both = [
    { mask: shape.mask, from: 0, to: edge, colour: colourOf(shape) },
    { mask: wipe.proposed, from: edge, to: canvas.width, colour: PROPOSED },
  ];
  for (const { mask, from, to, colour } of both) {
    if (mask) side(from, to, () => patch(pen, view, columnsOf(mask), { colour, opacity: settings.maskOpacity }));
  }
  wipeEdge(pen, edge, canvas.height);
}

function wipeEdge(pen: Pen, x: number, height: number): void {
  pen.fillStyle = 'rgba(0, 0, 0, 0.6)';
  pen.fillRect(x - 2, 0, 4, height);
  pen.fillStyle = '#ffffff';
  pen.fillRect(x - 1, 0, 2, height);
  pen.beginPath();
  pen.arc(x, height / 2, 11, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = '#222222';
  pen.font = '12px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText('\u2194', x, height / 2 + 0.5);
  pen.textAlign = 'start';
}

function drawDraft(pen: Pen, { state }: OverlayContents, draft: Draft): void {
  const { view, settings } = state;
  if (draft.mask) {
    patch(pen, view, draft.mask, { colour: PROPOSED, opacity: settings.maskOpacity });
    trace(pen, view, edgePath(draft.mask, view.scale), { colour: PROPOSED, width: 1.5, dash: [7, 5] });
  }
  if (draft.box)
    trace(pen, view, boxPath(draft.box.box), { colour: inkOf(draft.box.manner), width: 1.5, dash: [6, 4] });
  for (const { points, closed, manner } of draft.paths ?? []) {
    const path = ringsPath([points.flatMap(({ x, y }) => [x, y])].slice(0, closed ? 1 : 0));
    if (!closed) points.forEach(({ x, y }, i) => (i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
    trace(pen, view, path, { colour: inkOf(manner), width: 1.75 });
    const corners = points.length < 200 ? points.slice(0, -1) : [];
    for (const point of draft.anchors ?? corners) handle(pen, toScreen(view, point), 2.5);
  }
  if (draft.snap) ring(pen, toScreen(view, draft.snap), 8, '#ffffff');
  for (const { x, y, sign } of draft.points ?? []) clickMark(pen, toScreen(view, { x, y }), sign);
}

function pill(pen: Pen, { x, y }: ImagePoint, text: string): void {
  pen.font = '600 11px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  pen.fillStyle = 'rgba(0, 0, 0, 0.75)';
  pen.fillRect(x + 14, y + 10, pen.measureText(text).width + 12, 18);
  pen.fillStyle = '#ffffff';
  pen.fillText(text, x + 20, y + 19.5);
}

function drawPointer(pen: Pen, { state, draft }: OverlayContents): void {
  const { pointer, view, canvas, tool } = state;
  if (pointer === null) return;
  const at = toScreen(view, pointer);
  if (draft.busy) pill(pen, at, 'working\u2026');
  if (draft.radius !== undefined) ring(pen, at, draft.radius * view.scale, tools[tool].erases ? TAKES : '#ffffff');
  if (!tools[tool].aims) return;
  pen.fillStyle = 'rgba(255, 255, 255, 0.55)';
  pen.fillRect(0, Math.round(at.y), canvas.width, 1);
  pen.fillRect(Math.round(at.x), 0, 1, canvas.height);
}
