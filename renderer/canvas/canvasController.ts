// Runs one canvas: follows the store, keeps what is painted up to date, and passes gestures to the tool in hand.
import type { Size } from '../../main/contract/maskColumns.ts';
import { columnsBox } from '../../main/contract/maskColumns.ts';
import type { Box } from '../../main/contract/records.ts';
import { type ToolName, tools } from '../../main/contract/tools.ts';
import { resizedBrush } from '../state/brush.ts';
import { viewOfImage } from '../state/view.ts';
import { say, type Workbench, type WorkbenchStore } from '../state/workbench.ts';
import { sizeOf } from '../tools/area.ts';
import type { CanvasHost } from '../tools/host.ts';
import { nudge } from '../tools/nudge.ts';
import { around, type ImagePoint, isOn } from '../tools/place.ts';
import { createTools } from '../tools/registry.ts';
import { ShapeGrid } from '../tools/shapeGrid.ts';
import type { Draft, Stroke, Tool } from '../tools/tool.ts';
import { panned, toImage, zoomed } from '../tools/view.ts';
import { type ColourOf, colouring, pixelOf } from './colours.ts';
import { drawOverlay } from './overlay.ts';
import { openPicture, type Picture } from './pictures.ts';
import type { Press } from './pointer.ts';
import type { Painting } from './raster.ts';
import { Surface } from './surface.ts';

type Pen = CanvasRenderingContext2D;

/** What commands can ask of the canvas. */
export interface CanvasHandle {
  /** Finishes what Enter finishes. True where there was something to finish. */
  finish(): boolean;
  /** Backspace. */
  back(): boolean;
  /** Cancels the step in progress and nothing else, as Escape does. */
  cancel(): boolean;
}

export interface Redraw {
  picture(): void;
  overlay(): void;
}

/** The picture that is open and what is painted into it. */
interface Opened {
  readonly key: string;
  readonly size: Size;
  readonly index: ShapeGrid;
  readonly surface: Surface;
  readonly picture: Picture;
}

export class CanvasController implements CanvasHandle {
  readonly #store: WorkbenchStore;
  readonly #host: CanvasHost;
  readonly #redraw: Redraw;
  readonly #tools: Readonly<Record<ToolName, Tool>>;
  readonly #empty = new ShapeGrid(1);
  readonly #stop: () => void;
  #opened: Opened | null = null;
  #colourOf: ColourOf = () => '#999999';
  #draft: Draft = {};
  /** The image is to be fitted once the canvas has a size. */
  #fits = true;
  /** What was reported about the picture. */
  #told: string | null = null;
  /** The edge of the wipe is being dragged. */
  #wiping = false;

  constructor(store: WorkbenchStore, host: CanvasHost, redraw: Redraw) {
    this.#store = store;
    this.#host = host;
    this.#redraw = redraw;
    const context = { store, host, changed: () => this.#drafted() };
    this.#tools = createTools(context, () => this.#opened?.index ?? this.#empty);
    this.#stop = store.subscribe((now, before) => this.#follow(now, before));
    this.#follow(store.getState(), null);
  }

  close(): void {
    this.#tool().leave();
    this.#stop();
    this.#opened?.surface.close();
  }

  #tool(name = this.#store.getState().tool): Tool {
    return this.#tools[name];
  }

  #follow(now: Workbench, before: Workbench | null): void {
    if (before && (now.tool !== before.tool || now.taken !== before.taken)) this.#changeTool(before.tool);
    if (before?.open !== now.open) this.#openImage(now, before);
    if (before === null || looks(now, before)) this.#recolour(now, before);
    if (before?.wipe?.shapeId !== now.wipe?.shapeId) this.#markShapes([before?.wipe?.shapeId, now.wipe?.shapeId]);
    if (before && now.canvas !== before.canvas) this.#fitAgain(before);
    if (before === null || now.canvas !== before.canvas) this.#fitIfNew();
    if (before === null || now.view !== before.view || now.canvas !== before.canvas) this.#redraw.picture();
    this.#redraw.overlay();
  }

  #changeTool(from: ToolName): void {
    this.#tool(from).leave();
    this.#store.setState({ hovered: null });
    this.#drafted();
  }

  #openImage(now: Workbench, before: Workbench | null): void {
    const image = now.open?.image;
    const size = sizeOf(now);
    const key = image && size ? `${image.id} ${image.hash} ${size.width} ${size.height}` : null;
    if (key !== (this.#opened?.key ?? null)) this.#exchange(now, size, key);
    if (before?.open && before.open.image.id !== image?.id) this.#tool().leave();
    this.#drafted();
    const changes = this.#opened?.index.update(now.open?.shapes ?? new Map()) ?? [];
    const surface = this.#opened?.surface;
    if (changes.length > 200) surface?.mark(null);
    else for (const { was, is } of changes) surface?.mark(around(was?.box ?? null, is?.box ?? null));
    if (changes.length > 0) this.#redraw.picture();
  }

  #exchange(now: Workbench, size: Size | null, key: string | null): void {
    const before = this.#opened;
    before?.surface.close();
    this.#opened = null;
    this.#redraw.picture();
    const image = now.open?.image;
    if (!image || size === null || key === null) return;
    const index = new ShapeGrid(Math.max(size.width, size.height));
    const picture = openPicture(
      { ...image, ...size },
      (address) => this.#host.pixels(address),
      () => this.#news(),
    );
    const surface = new Surface({ size, picture, painting: (box) => this.#painting(box) });
    this.#opened = { key, size, index, surface, picture };
    // Images of one size are looked at in one way: the view stays.
    if (before?.size.width !== size.width || before.size.height !== size.height) {
      this.#fits = true;
      this.#fitIfNew();
    }
  }

  /** Pixels came, or failed to come: that is reported once. */
  #news(): void {
    const { surface, picture } = this.#opened ?? {};
    surface?.news();
    const pictured = this.#store.getState().open?.image.id ?? null;
    if (pictured !== this.#store.getState().pictured) this.#store.setState({ pictured });
    if (picture?.problem && picture.problem !== this.#told) say(this.#store, 'bad', picture.problem);
    this.#told = picture?.problem ?? null;
    this.#redraw.picture();
  }

  #painting(box: Box): Painting {
    const { masksShown, wipe, settings, labels, labelId } = this.#store.getState();
    const shapes = masksShown ? (this.#opened?.index.within(box) ?? []) : [];
    const opacity = settings.maskOpacity;
    const paint = (colour: string) => ({ fill: pixelOf(colour, opacity), edge: pixelOf(colour, opacity + 0.4) });
    const label = labelId === null ? undefined : labels.get(labelId);
    return {
      shapes: wipe ? shapes.filter(({ id }) => id !== wipe.shapeId) : shapes,
      paintOf: (shape) => paint(this.#colourOf(shape)),
      stroke: this.#draft.stroke ?? null,
      fresh: paint(label?.colour ?? '#0072b2'),
    };
  }

  #recolour(now: Workbench, before: Workbench | null): void {
    this.#colourOf = colouring(now.settings.colourBy, now.labels, now.open);
    if (before === null) return;
    this.#opened?.surface.mark(null);
    this.#redraw.picture();
  }

  #markShapes(ids: readonly (number | undefined)[]): void {
    const { open } = this.#store.getState();
    for (const id of ids) {
      const shape = id === undefined ? undefined : open?.shapes.get(id);
      if (shape) this.#opened?.surface.mark(shape.box);
    }
    this.#redraw.picture();
  }

  /** Takes over the tool's draft; of a stroke, only what is new in it is painted. */
  #drafted(): void {
    const before = this.#draft.stroke ?? null;
    this.#draft = this.#tool().draft();
    const after = this.#draft.stroke ?? null;
    if (before !== after) {
      const dirty = strokeNews(before, after);
      if (dirty) this.#opened?.surface.mark(dirty);
      this.#redraw.picture();
    }
    this.#redraw.overlay();
  }

  drawPicture(pen: Pen, pixelRatio: number): void {
    const { view, canvas } = this.#store.getState();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    const complete = this.#opened?.surface.draw(pen, { view, canvas, pixelRatio }) ?? true;
    if (!complete) requestAnimationFrame(() => this.#redraw.picture());
  }

  drawOverlay(pen: Pen, pixelRatio: number): void {
    if (!this.#opened) return;
    const { size, index } = this.#opened;
    drawOverlay(pen, {
      state: this.#store.getState(),
      size,
      draft: this.#draft,
      colourOf: this.#colourOf,
      pixelRatio,
      within: (box) => index.within(box),
    });
  }

  /** Canvas pixels to a gesture of the tool in hand. */
  #gesture(at: Press) {
    return { ...at, ...toImage(this.#store.getState().view, at) };
  }

  /** Drags the wipe's edge, or begins to. */
  #wipe(at: Press, near: number): boolean {
    const { wipe, canvas } = this.#store.getState();
    if (wipe === null || Math.abs(at.x - wipe.at * canvas.width) > near) return false;
    this.#wiping = true;
    this.#store.setState({ wipe: { ...wipe, at: Math.min(1, Math.max(0, at.x / canvas.width)) } });
    return true;
  }

  press(at: Press): void {
    if (at.button === 'left' && this.#wipe(at, 11)) return;
    const gesture = this.#gesture(at);
    const wanted = at.button === 'left' || tools[this.#store.getState().tool].rightButton;
    if (wanted) this.#tool().press(gesture);
    this.#drafted();
  }

  move(at: Press): void {
    if (this.#wiping) return void this.#wipe(at, Number.POSITIVE_INFINITY);
    const gesture = this.#gesture(at);
    this.point(gesture);
    this.#tool().move(gesture);
    this.#drafted();
  }

  release(at: Press): void {
    if (this.#wiping) {
      this.#wiping = false;
      return;
    }
    this.#tool().release(this.#gesture(at));
    this.#drafted();
  }

  /** Null: the pointer left the canvas. */
  point(place: ImagePoint | null): void {
    const size = this.#opened?.size;
    const pointer = place && size && isOn(place, size) ? { x: place.x, y: place.y } : null;
    if (pointer || this.#store.getState().pointer) this.#store.setState({ pointer });
    if (place === null && this.#store.getState().hovered !== null) this.#store.setState({ hovered: null });
  }

  pan(dx: number, dy: number): void {
    const frame = this.#frame();
    if (frame) this.#store.setState(({ view }) => ({ view: panned(view, dx, dy, frame) }));
  }

  zoomAt(factor: number, at: ImagePoint): void {
    const frame = this.#frame();
    if (frame) this.#store.setState(({ view }) => ({ view: zoomed(view, factor, at, frame) }));
  }

  resizeBrush(factor: number): void {
    this.#store.setState(({ brush }) => ({ brush: resizedBrush(brush, factor) }));
    this.#drafted();
  }

  /** The shape under a right click is selected before the menu opens. */
  choose(at: ImagePoint): void {
    const { view, selected } = this.#store.getState();
    const shape = this.#opened?.index.at(toImage(view, at), 4 / view.scale);
    if (shape && !selected.has(shape.id)) this.#store.setState({ selected: new Set([shape.id]) });
  }

  #frame(): { image: Size; canvas: Size } | null {
    const { canvas } = this.#store.getState();
    return this.#opened && { image: this.#opened.size, canvas };
  }

  /** A picture that filled the canvas before it was resized fills it afterwards. */
  #fitAgain({ canvas, view }: Workbench): void {
    const all = this.#opened && viewOfImage(this.#opened.size, canvas);
    if (all && all.scale === view.scale && all.x === view.x && all.y === view.y) this.#fits = true;
  }

  #fitIfNew(): void {
    const { canvas } = this.#store.getState();
    if (!this.#fits || !this.#opened || canvas.width < 2) return;
    this.#fits = false;
    this.#store.setState({ view: viewOfImage(this.#opened.size, canvas) });
  }

  finish(): boolean {
    return this.#done(this.#tool().finish());
  }

  back(): boolean {
    return this.#done(this.#tool().back());
  }

  cancel(): boolean {
    return this.#done(this.#tool().cancel());
  }

  #done(something: boolean): boolean {
    this.#drafted();
    return something;
  }

  nudge(dx: number, dy: number): boolean {
    const diff = nudge(this.#store.getState(), dx, dy);
    if (diff) this.#host.commit(diff);
    return diff !== null;
  }
}

/** Whether shapes look different. */
function looks(now: Workbench, before: Workbench): boolean {
  const { settings, labels, masksShown, open } = now;
  if (settings.maskOpacity !== before.settings.maskOpacity || settings.colourBy !== before.settings.colourBy)
    return true;
  const reviewed = open?.prompts !== before.open?.prompts || open?.review !== before.open?.review;
  const sameImage = open?.image.id === before.open?.image.id;
  return (
    labels !== before.labels ||
    masksShown !== before.masksShown ||
    (settings.colourBy === 'review' && sameImage && reviewed)
  );
}

/** The region to paint anew when one stroke follows the other; where a stroke grew, what is new in it. */
function strokeNews(before: Stroke | null, after: Stroke | null): Box | null {
  const grew =
    before && after && after.serial > 0 && before.serial === after.serial && after.grown === before.grown + 1;
  if (grew) return after.latest;
  return around(before && columnsBox(before.area), after && columnsBox(after.area));
}
