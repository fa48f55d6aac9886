// Puts the canvas on the page: two Konva layers, the picture with its masks and what lies over it, and their events.
import type Konva from 'konva';
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Layer, Shape, Stage } from 'react-konva';
import type { WorkbenchStore } from '../state/workbench.ts';
import type { CanvasHost } from '../tools/host.ts';
import { CanvasController, type CanvasHandle } from './canvasController.ts';
import { listen } from './listen.ts';

interface CanvasProps {
  readonly store: WorkbenchStore;
  readonly host: CanvasHost;
  /** What commands can ask; null when the canvas goes. */
  readonly onReady?: (handle: CanvasHandle | null) => void;
}

export function Canvas({ store, host, onReady }: CanvasProps) {
  const room = useRef<HTMLDivElement>(null);
  const picture = useRef<Konva.Layer>(null);
  const overlay = useRef<Konva.Layer>(null);
  const controller = useRef<CanvasController | null>(null);
  const size = useSize(room, store);
  useEffect(() => {
    const redraw = {
      picture: () => void picture.current?.batchDraw(),
      overlay: () => void overlay.current?.batchDraw(),
    };
    const made = new CanvasController(store, host, redraw);
    controller.current = made;
    const forget = room.current ? listen(room.current, made, store, host) : () => {};
    onReady?.(made);
    return () => {
      onReady?.(null);
      forget();
      made.close();
      controller.current = null;
    };
  }, [store, host, onReady]);
  const paint = (which: 'drawPicture' | 'drawOverlay') => (context: Konva.Context) => {
    const ratio = context.getCanvas().getPixelRatio();
    controller.current?.[which](context._context, ratio);
  };
  return (
    <div ref={room} style={roomStyle} role="application" aria-label="Canvas" data-canvas>
      <Stage width={size.width} height={size.height} listening={false} style={{ position: 'absolute', inset: 0 }}>
        <Layer ref={picture} listening={false}>
          <Shape sceneFunc={paint('drawPicture')} listening={false} perfectDrawEnabled={false} />
        </Layer>
        <Layer ref={overlay} listening={false}>
          <Shape sceneFunc={paint('drawOverlay')} listening={false} perfectDrawEnabled={false} />
        </Layer>
      </Stage>
    </div>
  );
}

const roomStyle = {
  position: 'relative',
  width: '100%',
  height: '100%',
  overflow: 'hidden',
  outline: 'none',
  touchAction: 'none',
} as const;

/** The room that the page gives; the store knows it too. */
function useSize(room: RefObject<HTMLDivElement | null>, store: WorkbenchStore) {
  const [size, setSize] = useState({ width: 1, height: 1 });
  useLayoutEffect(() => {
    const element = room.current;
    if (!element) return;
    const measure = () => {
      const next = { width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) };
      setSize(next);
      store.setState({ canvas: next });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [room, store]);
  return size;
}
