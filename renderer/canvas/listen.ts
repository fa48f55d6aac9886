// Passes the page's events on the canvas (pointer, wheel, Space, arrows) to the controller, and sets the cursor that fits.
import { tools } from '../../main/contract/tools.ts';
import { focusOf } from '../state/keymap.ts';
import type { WorkbenchStore } from '../state/workbench.ts';
import type { CanvasHost } from '../tools/host.ts';
import type { ImagePoint } from '../tools/place.ts';
import type { CanvasController } from './canvasController.ts';
import { PointerReader, wheelMeaning } from './pointer.ts';

/** Returns what takes all listeners away. */
export function listen(
  room: HTMLElement,
  controller: CanvasController,
  store: WorkbenchStore,
  host: CanvasHost,
): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  room.tabIndex = 0;
  const reader = new PointerReader(controller);
  const cursor = () => {
    room.style.cursor = reader.panning ? 'grabbing' : tools[store.getState().tool].cursor;
  };
  const place = ({ clientX, clientY }: MouseEvent): ImagePoint => {
    const { left, top } = room.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  };
  const read = (event: PointerEvent) => {
    reader.read({
      ...place(event),
      buttons: event.buttons,
      shift: event.shiftKey,
      alt: event.altKey,
      ctrl: event.ctrlKey || event.metaKey,
      time: event.timeStamp,
    });
  };
  listenToPointer({ room, controller, store, host, signal }, { read, place, cursor });
  listenToKeys({ room, controller, store, host, signal }, (held) => {
    reader.space = held;
    cursor();
  });
  const stop = store.subscribe((now, before) => {
    if (now.tool !== before.tool) cursor();
  });
  cursor();
  return () => {
    gone.abort();
    stop();
  };
}

interface Page {
  readonly room: HTMLElement;
  readonly controller: CanvasController;
  readonly store: WorkbenchStore;
  readonly host: CanvasHost;
  readonly signal: AbortSignal;
}

interface Reading {
  read(event: PointerEvent): void;
  place(event: MouseEvent): ImagePoint;
  cursor(): void;
}

function listenToPointer({ room, controller, store, host, signal }: Page, { read, place, cursor }: Reading): void {
  const down = (event: PointerEvent) => {
    if (event.isTrusted) room.setPointerCapture(event.pointerId);
    room.focus({ preventScroll: true });
    read(event);
    cursor();
    // The middle button would scroll the page by itself.
    event.preventDefault();
  };
  // Focus comes here from a button that was clicked: Space pans now, and does not press that button again. A pointer that rests
  // enters too, where a dialog has gone from over it: the keys are not here before it moves.
  let hasEntered = false;
  const takeKeys = () => {
    hasEntered = false;
    if (focusOf(document.activeElement) === 'control') room.focus({ preventScroll: true });
  };
  const move = (event: PointerEvent) => {
    if (hasEntered) takeKeys();
    // Only pages that browsers trust have them: not plain HTTP from elsewhere.
    const all = event.buttons === 0 || !window.isSecureContext ? [] : event.getCoalescedEvents();
    for (const one of all.length > 0 ? all : [event]) read(one);
  };
  const up = (event: PointerEvent) => {
    read(event);
    cursor();
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const meaning = wheelMeaning(event, store.getState().settings.wheel);
    if (meaning.kind === 'zoom') controller.zoomAt(meaning.factor, place(event));
    else if (meaning.kind === 'pan') controller.pan(meaning.dx, meaning.dy);
    else controller.resizeBrush(meaning.factor);
  };
  const menu = (event: MouseEvent) => {
    event.preventDefault();
    if (tools[store.getState().tool].rightButton) return;
    controller.choose(place(event));
    host.menu({ x: event.clientX, y: event.clientY });
  };
  room.addEventListener('pointerenter', () => (hasEntered = true), { signal });
  room.addEventListener('pointerdown', down, { signal });
  room.addEventListener('pointermove', move, { signal });
  room.addEventListener('pointerup', up, { signal });
  room.addEventListener('pointercancel', up, { signal });
  room.addEventListener('pointerleave', () => controller.point(null), { signal });
  room.addEventListener('wheel', wheel, { signal, passive: false });
  room.addEventListener('contextmenu', menu, { signal });
}

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function listenToKeys({ controller, store, signal }: Page, onSpace: (held: boolean) => void): void {
  const isFree = () => focusOf(document.activeElement) === 'free';
  const down = (event: KeyboardEvent) => {
    if (event.code === 'Space' && isFree()) {
      onSpace(true);
      event.preventDefault();
    }
    const arrow = arrows[event.key];
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey || !isFree()) return;
    const by = event.shiftKey ? 10 : 1;
    // A command that has the key comes first, whichever listener was there first.
    setTimeout(() => {
      if (!event.defaultPrevented && store.getState().wipe === null) controller.nudge(arrow[0] * by, arrow[1] * by);
    });
  };
  window.addEventListener('keydown', down, { signal });
  window.addEventListener('keyup', (event) => event.code === 'Space' && onSpace(false), { signal });
  window.addEventListener('blur', () => onSpace(false), { signal });
}
