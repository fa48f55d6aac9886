// Lists every command of the app as plain data: menus, palette, tooltips, help and keys are made from it, here and in the shell.
import { type PresetKeys, toolNames, tools } from './tools.ts';

/** What has to be there for a command to make sense. */
export type Needs =
  | 'nothing'
  | 'project'
  | 'image'
  | 'shape' // at least one is selected
  | 'shapes' // at least two are
  | 'proposal'
  | 'copied'
  | 'judging' // a pair of the repair is on screen
  | 'editing' // its shape is being corrected by hand
  | 'wipe';

export type Preset = keyof PresetKeys;

interface Row extends PresetKeys {
  readonly id: string;
  readonly title: string;
  readonly needs: Needs;
}

const project = [
  { id: 'project.new', title: 'New project…', needs: 'nothing', Loupe: 'Ctrl+Alt+N' },
  { id: 'project.open', title: 'Open project…', needs: 'nothing', Loupe: 'Ctrl+O' },
  { id: 'project.saveCopy', title: 'Save a copy…', needs: 'project', Loupe: '' },
  { id: 'project.close', title: 'Close project', needs: 'project', Loupe: '' },
  { id: 'project.addImages', title: 'Add images…', needs: 'project', Loupe: 'Ctrl+U' },
  { id: 'project.import', title: 'Import shapes…', needs: 'project', Loupe: 'Ctrl+I' },
  { id: 'project.export', title: 'Export COCO…', needs: 'project', Loupe: 'Ctrl+E' },
  { id: 'project.exportTrainer', title: 'Export for a trainer…', needs: 'project', Loupe: '' },
  { id: 'project.teach', title: 'Teach the model…', needs: 'project', Loupe: 'Ctrl+Alt+T' },
  { id: 'project.rewards', title: 'Rewards of proposals…', needs: 'project', Loupe: '' },
  { id: 'project.verify', title: 'Verify a COCO file…', needs: 'project', Loupe: 'Ctrl+Alt+E' },
  { id: 'project.save', title: 'Save now', needs: 'project', Loupe: 'Ctrl+S' },
  { id: 'project.labels', title: 'Labels…', needs: 'project', Loupe: 'Ctrl+Shift+L' },
  { id: 'project.jobs', title: 'Jobs', needs: 'project', Loupe: 'Ctrl+Shift+J' },
] as const satisfies readonly Row[];

const edit = [
  { id: 'edit.undo', title: 'Undo', needs: 'project', Loupe: 'Ctrl+Z' },
  { id: 'edit.redo', title: 'Redo', needs: 'project', Loupe: 'Ctrl+Shift+Z Ctrl+Y' },
  { id: 'edit.copy', title: 'Copy shapes', needs: 'shape', Loupe: 'Ctrl+C' },
  { id: 'edit.paste', title: 'Paste shapes', needs: 'copied', Loupe: 'Ctrl+V' },
  { id: 'edit.duplicate', title: 'Duplicate shapes', needs: 'shape', Loupe: 'Ctrl+D' },
  {
    id: 'edit.pasteNext',
    title: 'Copy shapes to the next image',
    needs: 'shape',
    Loupe: 'Ctrl+Shift+V',
    'X-AnyLabeling': 'Ctrl+P Alt+S Ctrl+Shift+V',
    CVAT: 'Ctrl+B Ctrl+Shift+V',
  },
  { id: 'edit.delete', title: 'Delete shapes', needs: 'shape', Loupe: 'Delete', CVAT: 'Delete Shift+Delete' },
  { id: 'edit.selectAll', title: 'Select all shapes', needs: 'image', Loupe: 'Ctrl+A' },
  { id: 'edit.nextShape', title: 'Select the next shape', needs: 'image', Loupe: '.' },
  { id: 'edit.previousShape', title: 'Select the previous shape', needs: 'image', Loupe: ',' },
] as const satisfies readonly Row[];

const image = [
  { id: 'image.next', title: 'Next image', needs: 'project', Loupe: 'D PageDown', CVAT: 'F PageDown' },
  { id: 'image.previous', title: 'Previous image', needs: 'project', Loupe: 'A PageUp', CVAT: 'D PageUp' },
  {
    id: 'image.nextUnreviewed',
    title: 'Next unreviewed image',
    needs: 'project',
    Loupe: 'Ctrl+Shift+D',
    CVAT: 'Right Ctrl+Shift+D',
  },
  { id: 'image.first', title: 'First image', needs: 'project', Loupe: 'Home' },
] as const satisfies readonly Row[];

const review = [
  {
    id: 'review.accept',
    title: 'Accept and go to the next',
    needs: 'image',
    Loupe: 'Ctrl+Enter',
    'X-AnyLabeling': 'Ctrl+Enter Ctrl+Alt+K',
  },
  { id: 'review.unclear', title: 'Mark as unclear and go to the next', needs: 'image', Loupe: 'Ctrl+Shift+U' },
  { id: 'review.reopen', title: 'Mark as unreviewed', needs: 'image', Loupe: '' },
  { id: 'review.queue', title: 'Review queue', needs: 'project', Loupe: 'Ctrl+G' },
  { id: 'repair.open', title: 'Repair coarse masks', needs: 'project', Loupe: 'Ctrl+Shift+G' },
  { id: 'repair.keep', title: 'Keep the mask as it is', needs: 'judging', Loupe: 'K 1' },
  { id: 'repair.replace', title: 'Replace by the proposal', needs: 'judging', Loupe: 'R 2' },
  { id: 'repair.edit', title: 'Edit by hand', needs: 'judging', Loupe: 'E 3' },
  { id: 'repair.skip', title: 'Judge this one later', needs: 'judging', Loupe: 'S 4' },
  { id: 'repair.back', title: 'Judge the last one again', needs: 'judging', Loupe: 'Ctrl+Z' },
  { id: 'repair.done', title: 'Done editing, next pair', needs: 'editing', Loupe: 'Ctrl+Enter' },
  { id: 'repair.wipeLeft', title: 'Wipe to the left', needs: 'wipe', Loupe: 'Left' },
  { id: 'repair.wipeRight', title: 'Wipe to the right', needs: 'wipe', Loupe: 'Right' },
  { id: 'repair.wipeFlip', title: 'Show only the other mask', needs: 'wipe', Loupe: 'X' },
] as const satisfies readonly Row[];

const prompt = [
  { id: 'prompt.focus', title: 'Write a prompt', needs: 'image', Loupe: '/' },
  { id: 'prompt.ask', title: 'Ask the prompt again', needs: 'image', Loupe: 'I' },
  { id: 'prompt.stop', title: 'Stop the answer', needs: 'image', Loupe: 'Ctrl+.' },
  { id: 'prompt.all', title: 'Ask all images…', needs: 'project', Loupe: 'Ctrl+B', CVAT: 'Ctrl+Alt+B' },
  { id: 'answer.keep', title: 'Keep the proposal', needs: 'proposal', Loupe: 'Shift+Enter' },
  { id: 'answer.nothing', title: 'Nothing matches', needs: 'proposal', Loupe: 'Ctrl+Alt+Backspace' },
  { id: 'answer.edit', title: 'Edit the mask of the proposal', needs: 'proposal', Loupe: 'Alt+Enter' },
  { id: 'answer.shape', title: 'The selected shape is the answer', needs: 'shape', Loupe: 'Y' },
  { id: 'answer.next', title: 'Next candidate', needs: 'proposal', Loupe: 'Alt+Down' },
  { id: 'answer.previous', title: 'Previous candidate', needs: 'proposal', Loupe: 'Alt+Up' },
] as const satisfies readonly Row[];

const tool = [
  ...toolNames.map((name) => {
    const { command: id, title, keys } = tools[name];
    return { id, title, needs: 'image' as const, ...keys };
  }),
  { id: 'tool.last', title: 'The tool before', needs: 'image', Loupe: 'N' },
  { id: 'tool.new', title: 'Draw a new shape', needs: 'image', Loupe: 'Shift+N' },
  { id: 'tool.add', title: 'Add to the selected shape', needs: 'image', Loupe: 'Shift+A' },
  { id: 'tool.subtract', title: 'Take away from the selected shape', needs: 'image', Loupe: 'Shift+S' },
  { id: 'tool.larger', title: 'Larger brush', needs: 'image', Loupe: ']' },
  { id: 'tool.smaller', title: 'Smaller brush', needs: 'image', Loupe: '[' },
  { id: 'tool.moreTolerant', title: 'Wand takes more', needs: 'image', Loupe: 'Shift+]' },
  { id: 'tool.lessTolerant', title: 'Wand takes less', needs: 'image', Loupe: 'Shift+[' },
  { id: 'tool.finish', title: 'Finish the shape', needs: 'image', Loupe: 'Enter', 'X-AnyLabeling': 'Enter F' },
  {
    id: 'tool.back',
    title: 'Take back the last point',
    needs: 'image',
    Loupe: 'Backspace',
    'X-AnyLabeling': 'Backspace B',
  },
  { id: 'tool.cancel', title: 'Cancel the step in progress', needs: 'nothing', Loupe: 'Escape' },
] as const satisfies readonly Row[];

const mask = [
  { id: 'mask.union', title: 'Unite masks', needs: 'shapes', Loupe: 'Ctrl+Shift+M', CVAT: 'M Ctrl+Shift+M' },
  { id: 'mask.subtract', title: 'Subtract the other masks from the first', needs: 'shapes', Loupe: 'Ctrl+Alt+S' },
  { id: 'mask.intersect', title: 'Intersect masks', needs: 'shapes', Loupe: 'Ctrl+Alt+I' },
  { id: 'mask.fillHoles', title: 'Fill holes', needs: 'shape', Loupe: 'Ctrl+Alt+H' },
  { id: 'mask.removeSpecks', title: 'Remove specks', needs: 'shape', Loupe: 'Ctrl+Alt+K', 'X-AnyLabeling': '' },
  { id: 'mask.smooth', title: 'Smooth the outline', needs: 'shape', Loupe: 'Ctrl+Alt+O' },
  { id: 'mask.ofBoxes', title: 'Make masks of all boxes', needs: 'project', Loupe: '' },
  { id: 'shape.hide', title: 'Hide or show shapes', needs: 'shape', Loupe: 'H', 'X-AnyLabeling': 'S' },
  { id: 'shape.showAll', title: 'Show all shapes', needs: 'image', Loupe: 'Shift+H', 'X-AnyLabeling': 'W Shift+H' },
  { id: 'shape.lock', title: 'Lock or unlock shapes', needs: 'shape', Loupe: 'L' },
  { id: 'shape.raise', title: 'Bring forward', needs: 'shape', Loupe: 'Ctrl+]', CVAT: 'Plus =' },
  { id: 'shape.lower', title: 'Send backward', needs: 'shape', Loupe: 'Ctrl+[', CVAT: '-' },
  { id: 'shape.crowd', title: 'Mark as crowd or as one object', needs: 'shape', Loupe: '' },
] as const satisfies readonly Row[];

const digit = <const D extends string>(digit: D) =>
  ({ id: `label.${digit}`, title: `Label ${digit}`, needs: 'image', Loupe: digit, CVAT: `Ctrl+${digit}` }) as const;

const label = [
  digit('1'),
  digit('2'),
  digit('3'),
  digit('4'),
  digit('5'),
  digit('6'),
  digit('7'),
  digit('8'),
  digit('9'),
] as const satisfies readonly Row[];

const view = [
  { id: 'view.fit', title: 'Fit the image', needs: 'image', Loupe: 'F', 'X-AnyLabeling': 'Ctrl+F', CVAT: 'Ctrl+F' },
  { id: 'view.actual', title: 'Zoom to 100 %', needs: 'image', Loupe: 'Ctrl+0', 'X-AnyLabeling': 'Ctrl+= Ctrl+0' },
  { id: 'view.selection', title: 'Zoom to the selection', needs: 'shape', Loupe: 'Z' },
  { id: 'view.in', title: 'Zoom in', needs: 'image', Loupe: 'Ctrl+Plus Ctrl+=', 'X-AnyLabeling': 'Ctrl+Plus' },
  { id: 'view.out', title: 'Zoom out', needs: 'image', Loupe: 'Ctrl+-' },
  {
    id: 'view.masks',
    title: 'Show or hide masks',
    needs: 'image',
    Loupe: 'M',
    'X-AnyLabeling': 'Ctrl+M',
    CVAT: 'Alt+M',
  },
  { id: 'view.labels', title: 'Show or hide labels', needs: 'image', Loupe: 'T', 'X-AnyLabeling': 'Ctrl+L Ctrl+T' },
  { id: 'view.byLabel', title: 'Colour by label', needs: 'nothing', Loupe: '' },
  { id: 'view.byShape', title: 'Colour by shape', needs: 'nothing', Loupe: 'Shift+T' },
  { id: 'view.byReview', title: 'Colour by review', needs: 'nothing', Loupe: '' },
  { id: 'view.stronger', title: 'Masks more opaque', needs: 'nothing', Loupe: 'Alt+=' },
  { id: 'view.weaker', title: 'Masks less opaque', needs: 'nothing', Loupe: 'Alt+-' },
  { id: 'view.theme', title: 'Change between light and dark', needs: 'nothing', Loupe: 'Alt+T' },
  { id: 'view.reset', title: 'Reset layout', needs: 'nothing', Loupe: 'Alt+Shift+L' },
] as const satisfies readonly Row[];

const help = [
  { id: 'app.palette', title: 'All commands…', needs: 'nothing', Loupe: 'Ctrl+K Ctrl+Shift+P' },
  { id: 'app.settings', title: 'Settings…', needs: 'nothing', Loupe: 'Ctrl+,', CVAT: 'F2 Ctrl+,' },
  { id: 'app.models', title: 'Models…', needs: 'nothing', Loupe: '' },
  { id: 'app.keys', title: 'Change keys…', needs: 'nothing', Loupe: 'Ctrl+Alt+,' },
  { id: 'app.help', title: 'Keys and mouse', needs: 'nothing', Loupe: 'F1' },
] as const satisfies readonly Row[];

/** In the order of the menu bar. */
const groups = {
  Project: project,
  Edit: edit,
  Image: image,
  Review: review,
  Prompt: prompt,
  Tool: tool,
  Shape: mask,
  Label: label,
  View: view,
  Help: help,
} as const;

export type CommandGroup = keyof typeof groups;
export type CommandId = (typeof groups)[CommandGroup][number]['id'];

export interface Command {
  readonly id: CommandId;
  readonly title: string;
  readonly group: CommandGroup;
  readonly needs: Needs;
  readonly chords: Readonly<Record<Preset, readonly string[]>>;
}

/** The chords of "D PageDown". */
export const splitChords = (keys: string): string[] => keys.split(' ').filter((chord) => chord !== '');

export const commands: readonly Command[] = (Object.keys(groups) as CommandGroup[]).flatMap((group) =>
  groups[group].map((row: Row & { readonly id: CommandId }) => ({
    id: row.id,
    title: row.title,
    group,
    needs: row.needs,
    chords: {
      Loupe: splitChords(row.Loupe),
      'X-AnyLabeling': splitChords(row['X-AnyLabeling'] ?? row.Loupe),
      CVAT: splitChords(row.CVAT ?? row.Loupe),
    },
  })),
);

export const commandGroups = Object.keys(groups) as CommandGroup[];
