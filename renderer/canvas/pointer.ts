// Reads mouse, pen and wheel as what they mean: a gesture of the tool, a pan in the middle of anything, a zoom.
import type { Settings } from '../../main/contract/settings.ts';
import type { ImagePoint } from '../tools/place.ts';

/** A pointer event as far as it counts; x and y in canvas pixels, time in milliseconds. */
export interface PointerInput extends ImagePoint {
  /** Held now: 1 left, 2 right, 4 middle. */
  readonly buttons: number;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
  readonly time: number;
}

export interface Press extends Omit<PointerInput, 'buttons' | 'time'> {
  readonly button: 'left' | 'right';
  readonly clicks: number;
}

export interface PointerSink {
  press(at: Press): void;
  move(at: Press): void;
  release(at: Press): void;
  pan(dx: number, dy: number): void;
}

const LEFT = 1;
const RIGHT = 2;
const MIDDLE = 4;
const DOUBLE_MS = 400;
const DOUBLE_PX = 5;

/** Follows which buttons are down; a browser reports a second button of a held pointer as a mere move. */
export class PointerReader {
  readonly #sink: PointerSink;
  #buttons = 0;
  #last: ImagePoint = { x: 0, y: 0 };
  #space = false;
  /** What the left and the right button do until they are let go. */
  #left: 'tool' | 'pan' | null = null;
  #right = false;
  #pressed: { readonly at: PointerInput; readonly clicks: number } | null = null;

  constructor(sink: PointerSink) {
    this.#sink = sink;
  }

  set space(held: boolean) {
    this.#space = held;
  }

  get panning(): boolean {
    return (this.#buttons & MIDDLE) !== 0 || this.#left === 'pan' || (this.#space && this.#left !== null);
  }

  /** Every pointer event in order, whatever its kind. */
  read(input: PointerInput): void {
    const [down, up] = [input.buttons & ~this.#buttons, this.#buttons & ~input.buttons];
    this.#moved(input);
    this.#buttons = input.buttons;
    if (down & LEFT) this.#leftDown(input);
    else if (down & RIGHT && this.#left === null) this.#rightDown(input);
    if (up & LEFT) this.#leftUp(input);
    if (up & RIGHT && this.#right) {
      this.#right = false;
      this.#sink.release(this.#gesture(input, 'right'));
    }
  }

  #moved(input: PointerInput): void {
    const [dx, dy] = [input.x - this.#last.x, input.y - this.#last.y];
    this.#last = { x: input.x, y: input.y };
    if (dx === 0 && dy === 0) return;
    if (this.panning) this.#sink.pan(dx, dy);
    else this.#sink.move(this.#gesture(input, this.#right ? 'right' : 'left'));
  }

  #leftDown(input: PointerInput): void {
    this.#left = this.#space || this.#buttons & MIDDLE ? 'pan' : 'tool';
    if (this.#left === 'pan') return;
    this.#sink.press(this.#gesture(input, 'left', this.#count(input)));
  }

  #rightDown(input: PointerInput): void {
    this.#right = true;
    this.#sink.press(this.#gesture(input, 'right'));
  }

  #leftUp(input: PointerInput): void {
    const had = this.#left;
    this.#left = null;
    if (had === 'tool') this.#sink.release(this.#gesture(input, 'left'));
  }

  /** A third press begins anew. */
  #count(at: PointerInput): number {
    const before = this.#pressed;
    const again =
      before?.clicks === 1 &&
      at.time - before.at.time <= DOUBLE_MS &&
      Math.hypot(at.x - before.at.x, at.y - before.at.y) <= DOUBLE_PX;
    this.#pressed = { at, clicks: again ? 2 : 1 };
    return again ? 2 : 1;
  }

  #gesture({ x, y, shift, alt, ctrl }: PointerInput, button: Press['button'], clicks = 1): Press {
    return { x, y, shift, alt, ctrl, button, clicks };
  }
}

/** The part of a WheelEvent that counts. */
export interface WheelInput {
  readonly deltaX: number;
  readonly deltaY: number;
  /** 0 pixels, 1 lines, 2 pages. */
  readonly deltaMode: number;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export type WheelMeaning =
  | { readonly kind: 'zoom'; readonly factor: number }
  | { readonly kind: 'pan'; readonly dx: number; readonly dy: number }
  | { readonly kind: 'brush'; readonly factor: number };

const unit = (mode: number): number => (mode === 1 ? 40 : mode === 2 ? 800 : 1);

/** A pinch of a trackpad comes as a wheel with Ctrl and small steps. */
export function wheelMeaning(wheel: WheelInput, setting: Settings['wheel']): WheelMeaning {
  const [dx, dy] = [wheel.deltaX * unit(wheel.deltaMode), wheel.deltaY * unit(wheel.deltaMode)];
  // Some systems turn a wheel sideways while a modifier is held.
  const turn = dy !== 0 ? dy : dx;
  if (wheel.altKey) return { kind: 'brush', factor: turn < 0 ? 1.15 : 1 / 1.15 };
  if (wheel.ctrlKey) return { kind: 'zoom', factor: Math.exp(-Math.min(Math.max(turn, -60), 60) * 0.01) };
  if (setting === 'scrolls') {
    return wheel.shiftKey ? { kind: 'pan', dx: -turn, dy: 0 } : { kind: 'pan', dx: -dx, dy: -dy };
  }
  if (wheel.shiftKey) return { kind: 'pan', dx: -turn, dy: 0 };
  return { kind: 'zoom', factor: Math.exp(-Math.min(Math.max(turn, -240), 240) * 0.0018) };
}
