// Lists every tool as one row of data: its command and keys, its place in the strip, and what the canvas gives it.

/** Chords with a space between them; a preset that is not there has Loupe's, an empty one none. */
export interface PresetKeys {
  readonly Loupe: string;
  readonly 'X-AnyLabeling'?: string;
  readonly CVAT?: string;
}

export type ToolOption = 'combine' | 'brush' | 'wand' | 'segmenter';

interface ToolRow {
  /** Its id is stored in the keys that people set. */
  readonly command: `tool.${string}`;
  readonly title: string;
  readonly keys: PresetKeys;
  readonly icon: string;
  /** What the mouse does with it, for the status bar; null: as everywhere. */
  readonly hint: string | null;
  /** What does the work: those of the model are off without one. */
  readonly by: 'hand' | 'model';
  readonly cursor: 'default' | 'crosshair';
  /** Lines across the canvas show where it aims. */
  readonly aims?: boolean;
  /** The right button is a gesture of the tool; else it opens the menu. */
  readonly rightButton?: boolean;
  /** A mask waits until the person keeps it. */
  readonly waits?: boolean;
  /** The selected shape shows what it can be dragged by. */
  readonly handles?: boolean;
  /** What it draws is taken away. */
  readonly erases?: boolean;
  /** What the bar over the canvas lets a person choose for it. */
  readonly options: readonly ToolOption[];
}

interface OptionRow {
  readonly title: string;
  /** What it changes, as the sheet of keys and mouse says it. */
  readonly does: string;
}

/** What the bar over the canvas can hold. */
export const toolOptions: Readonly<Record<ToolOption, OptionRow>> = {
  combine: {
    title: 'New, Add, Subtract',
    does: 'A shape of its own, more of the selected one, or less of it; every tool that is taken up begins with New',
  },
  brush: { title: 'Size', does: 'Radius of brush and eraser: as large on screen at every zoom, or in image pixels' },
  wand: {
    title: 'Tolerance',
    does: 'How far a colour may differ from the one clicked; all of the picture, or only what is connected',
  },
  segmenter: { title: 'by …', does: 'Which model draws the mask of clicks and boxes' },
};

/** In the order of the strip. */
const rows = {
  select: {
    command: 'tool.select',
    title: 'Select and move',
    keys: { Loupe: 'V Ctrl+J' },
    icon: 'pointer',
    hint: null,
    by: 'hand',
    cursor: 'default',
    handles: true,
    options: [],
  },
  brush: {
    command: 'tool.brush',
    title: 'Brush',
    keys: { Loupe: 'B', 'X-AnyLabeling': 'Shift+B' },
    icon: 'brush',
    hint: 'Drag to paint, with Ctrl to erase',
    by: 'hand',
    cursor: 'crosshair',
    options: ['combine', 'brush'],
  },
  eraser: {
    command: 'tool.eraser',
    title: 'Eraser',
    keys: { Loupe: 'E', 'X-AnyLabeling': 'Shift+E' },
    icon: 'eraser',
    hint: 'Drag to erase',
    by: 'hand',
    cursor: 'crosshair',
    erases: true,
    options: ['brush'],
  },
  polygon: {
    command: 'tool.polygon',
    title: 'Polygon',
    keys: { Loupe: 'P', 'X-AnyLabeling': 'P Ctrl+N' },
    icon: 'polygon',
    hint: 'Click corners, and the first one to close; Alt takes away',
    by: 'hand',
    cursor: 'crosshair',
    aims: true,
    options: ['combine'],
  },
  freehand: {
    command: 'tool.freehand',
    title: 'Freehand',
    keys: { Loupe: 'Shift+P' },
    icon: 'lasso',
    hint: 'Draw around it; Alt takes away',
    by: 'hand',
    cursor: 'crosshair',
    options: ['combine'],
  },
  box: {
    command: 'tool.box',
    title: 'Box',
    keys: { Loupe: 'R', 'X-AnyLabeling': 'R Ctrl+R' },
    icon: 'rectangle',
    hint: 'Drag a box; Alt takes away',
    by: 'hand',
    cursor: 'crosshair',
    aims: true,
    options: ['combine'],
  },
  scissors: {
    command: 'tool.scissors',
    title: 'Intelligent scissors',
    keys: { Loupe: 'S', 'X-AnyLabeling': 'Shift+C' },
    icon: 'magnet',
    hint: 'Click along an edge, the first point to close; Shift goes straight, Alt takes away',
    by: 'hand',
    cursor: 'crosshair',
    options: ['combine'],
  },
  wand: {
    command: 'tool.wand',
    title: 'Magic wand',
    keys: { Loupe: 'Shift+W' },
    icon: 'wand',
    hint: 'Click what has one colour; Shift adds, Alt takes away',
    by: 'hand',
    cursor: 'crosshair',
    options: ['combine', 'wand'],
  },
  'cut out': {
    command: 'tool.cutOut',
    title: 'Cut out from a box',
    keys: { Loupe: 'C' },
    icon: 'scissors',
    hint: 'Drag a box around one thing',
    by: 'hand',
    cursor: 'crosshair',
    aims: true,
    options: ['combine'],
  },
  points: {
    command: 'tool.points',
    title: 'Points for the segmenter',
    keys: { Loupe: 'Q', 'X-AnyLabeling': 'Q E' },
    icon: 'target',
    hint: 'Click on the thing, right-click beside it',
    by: 'model',
    cursor: 'crosshair',
    rightButton: true,
    waits: true,
    options: ['combine', 'segmenter'],
  },
  'prompt box': {
    command: 'tool.promptBox',
    title: 'Box for the segmenter',
    keys: { Loupe: 'W', 'X-AnyLabeling': 'Ctrl+Alt+R' },
    icon: 'rounded box',
    hint: 'Drag a box around one thing, then click to correct',
    by: 'model',
    cursor: 'crosshair',
    aims: true,
    rightButton: true,
    waits: true,
    options: ['combine', 'segmenter'],
  },
} as const satisfies Readonly<Record<string, ToolRow>>;

export type ToolName = keyof typeof rows;
export type ToolCommand = (typeof rows)[ToolName]['command'];
export type ToolIcon = (typeof rows)[ToolName]['icon'];

interface ToolDescriptor extends ToolRow {
  readonly command: ToolCommand;
  readonly icon: ToolIcon;
}

export const tools: Readonly<Record<ToolName, ToolDescriptor>> = rows;
export const toolNames = Object.keys(rows) as readonly ToolName[];
