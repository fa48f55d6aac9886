// What every command does: total over the ids of the table, so that a command without a deed does not compile.
import type { CommandId } from '../../main/contract/commands.ts';
import type { Diff } from '../../main/contract/diff.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Mask } from '../../main/contract/records.ts';
import type { Settings } from '../../main/contract/settings.ts';
import { inReview } from './answers.ts';
import { resizedBrush } from './brush.ts';
import type { Desk } from './desk.ts';
import { digits, type LabelDigit } from './labelEdits.ts';
import { changeSettings } from './preferences.ts';
import { doneEditing, editPair, flipWipe, judge, judgeAgain, moveWipe, skipPair } from './repair.ts';
import { type Combination, chosen, combine, paste, remake, restack, showAll, stacked } from './shapeEdits.ts';
import { boxAround, fittedView, viewAtScale, viewOfBox } from './view.ts';
import { type DialogName, say, type ToolName } from './workbench.ts';

/** What commands need that lies outside of the state: the tool at work, and things on the page. */
export interface Screen {
  /** True where there was something to finish, to take back, to cancel. */
  readonly gesture: { finish(): boolean; back(): boolean; cancel(): boolean };
  readonly masks: { fillHoles(mask: Mask): Mask; removeSpecks(mask: Mask): Mask; smooth(mask: Mask): Mask };
  focusPrompt(): void;
  /** Whether dark colours are shown, by choice or because the system has them. */
  isDark(): boolean;
}

export interface CommandContext {
  readonly desk: Desk;
  readonly screen: Screen;
}

/** May throw or reject with the one sentence that is shown. */
type Run = (context: CommandContext) => unknown;

const opens =
  (dialog: DialogName): Run =>
  ({ desk }) =>
    desk.store.setState({ dialog });

const commit = ({ edits }: Desk, diff: Diff | null) => diff && edits.commit(diff);

const selection = ({ store }: Desk): Shape[] => {
  const { open, selected } = store.getState();
  return open ? chosen(open, selected) : [];
};

const selectedIds = (desk: Desk): number[] => selection(desk).map(({ id }) => id);

/** Says so when everything is stored, or why it is not. */
async function saveNow({ store, edits }: Desk): Promise<void> {
  const { saving } = store.getState();
  if (saving.state === 'failed') return say(store, 'bad', saving.problem);
  await edits.settled();
  say(store, 'good', 'Everything is saved. Loupe saves every change by itself.');
}

async function pasteShapes(desk: Desk, shapes: readonly Shape[]): Promise<void> {
  const { store, edits } = desk;
  const ids: number[] = [];
  for (const _ of shapes) ids.push(await edits.id());
  const { open } = store.getState();
  if (!open?.image.width || !open.image.height || shapes.length === 0) return;
  const place = (stacked(open).at(-1)?.place ?? 0) + 1;
  const { id: imageId, width, height } = open.image;
  const diff = paste({ shapes, ids, imageId, width, height, place });
  if (diff === null) return say(store, 'plain', 'The shapes lie outside of this image.');
  void edits.commit(diff);
  store.setState({ selected: new Set(diff.changes.map(({ id }) => id)) });
}

async function pasteToNext(desk: Desk): Promise<void> {
  const shapes = selection(desk);
  if (await desk.actions.step('next')) await pasteShapes(desk, shapes);
  else say(desk.store, 'plain', 'This is the last image of the list.');
}

/** To the neighbour in the order of places; round at the end. */
function selectBy({ store }: Desk, by: 1 | -1): void {
  const { open, selected } = store.getState();
  const all = open ? stacked(open).filter(({ hidden }) => !hidden) : [];
  const at = all.findIndex(({ id }) => selected.has(id));
  const next = all[at < 0 ? (by === 1 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
  if (next) store.setState({ selected: new Set([next.id]) });
}

async function step({ store, actions }: Desk, by: 'next' | 'previous' | 'next unreviewed'): Promise<void> {
  if (await actions.step(by)) return;
  const end = by === 'previous' ? 'This is the first image of the list.' : 'This is the last image of the list.';
  say(store, 'plain', by === 'next unreviewed' ? 'No image of the list is left to review.' : end);
}

async function unclear(desk: Desk): Promise<void> {
  void desk.actions.setReview('unclear');
  await step(desk, 'next unreviewed');
}

async function askAgain({ desk, screen }: CommandContext): Promise<void> {
  const { samples } = desk.store.getState();
  const { prompt } = inReview(desk.store.getState());
  if (prompt) await desk.actions.ask(prompt.text, samples);
  else screen.focusPrompt();
}

/** Locked shapes stay, and stay selected. */
function deleteSelected(desk: Desk) {
  const free = selection(desk).filter(({ locked }) => !locked);
  if (free.length === 0) return say(desk.store, 'plain', 'What is selected is locked.');
  return desk.actions.remove(free.map(({ id }) => id));
}

const memoryOfTool = 'tool before';

/** Whichever way a tool is taken up, the one before is remembered; the answer ends it. */
export const rememberTools = ({ store, memory }: Desk): (() => void) =>
  store.subscribe((now, before) => {
    if (now.tool !== before.tool) memory.write(memoryOfTool, before.tool);
  });

const takes =
  (tool: ToolName): Run =>
  ({ desk: { store } }) =>
    store.setState({ tool });

const tools: readonly ToolName[] = [
  'select',
  'brush',
  'eraser',
  'polygon',
  'freehand',
  'box',
  'wand',
  'cut out',
  'points',
  'prompt box',
];

const toolBefore: Run = (context) => {
  const before = tools.find((tool) => tool === context.desk.memory.read(memoryOfTool));
  takes(before ?? 'brush')(context);
};

const growBrush = ({ store }: Desk, factor: number) =>
  store.setState(({ brush }) => ({ brush: resizedBrush(brush, factor) }));

const tolerate = ({ store }: Desk, by: number) =>
  store.setState(({ wandTolerance }) => ({ wandTolerance: Math.min(255, Math.max(0, wandTolerance + by)) }));

/** One thing at a time: the step, the answer that is being written, the selection, the tool. */
const stepOut: Run = ({ desk: { store, actions }, screen }) => {
  const { writing, selected } = store.getState();
  if (screen.gesture.cancel()) return;
  if (writing) actions.cancel();
  else if (selected.size > 0) store.setState({ selected: new Set() });
  else store.setState({ tool: 'select' });
};

function remade(desk: Desk, title: string, work: (mask: Mask) => Mask) {
  const diff = remake(selection(desk), title, work);
  return diff === null ? say(desk.store, 'plain', 'The mask stays as it is.') : commit(desk, diff);
}

function combined(desk: Desk, how: Combination) {
  const [first] = selectedIds(desk);
  const done = commit(desk, combine(selection(desk), how));
  if (first !== undefined && how !== 'subtract') desk.store.setState({ selected: new Set([first]) });
  return done;
}

const restacked = (desk: Desk, by: 1 | -1) => {
  const { open, selected } = desk.store.getState();
  return open && commit(desk, restack(open, selected, by));
};

const givesLabel =
  (digit: LabelDigit): Run =>
  ({ desk: { store, actions } }) => {
    const label = [...store.getState().labels.values()].find((one) => one.digit === digit);
    if (label) return actions.setLabel(label.id);
    return say(store, 'plain', `No label has the key ${digit}. Labels… gives it to one.`);
  };

const zoomBy = ({ store }: Desk, factor: number) =>
  store.setState(({ view, canvas }) => ({ view: viewAtScale(view, view.scale * factor, canvas) }));

const fitImage = ({ store }: Desk) => store.setState((state) => ({ view: fittedView(state) }));

const zoomToSelection = (desk: Desk) => {
  const area = boxAround(selection(desk).map(({ box }) => box));
  if (area) desk.store.setState(({ canvas }) => ({ view: viewOfBox(area, canvas, 0.8) }));
};

const opaque = (desk: Desk, by: number) => {
  const { maskOpacity } = desk.store.getState().settings;
  const next: Partial<Settings> = { maskOpacity: Math.min(1, Math.max(0, Math.round((maskOpacity + by) * 20) / 20)) };
  return changeSettings(desk, next);
};

const copySelected = (desk: Desk) => {
  const copied = selection(desk);
  desk.store.setState({ copied });
  say(desk.store, 'plain', copied.length === 1 ? 'One shape is copied.' : `${copied.length} shapes are copied.`);
};

const labelRuns = Object.fromEntries(digits.map((digit) => [`label.${digit}`, givesLabel(digit)])) as Readonly<
  Record<`label.${LabelDigit}`, Run>
>;

export const runs: Readonly<Record<CommandId, Run>> = {
  ...labelRuns,
  'project.new': opens('new project'),
  'project.open': opens('open project'),
  'project.close': ({ desk }) => desk.actions.closeProject(),
  'project.addImages': opens('add images'),
  'project.import': opens('import'),
  'project.export': opens('export'),
  'project.verify': opens('verify'),
  'project.save': ({ desk }) => saveNow(desk),
  'project.labels': opens('labels'),
  'project.jobs': opens('jobs'),
  'edit.undo': ({ desk }) => desk.actions.undo(),
  'edit.redo': ({ desk }) => desk.actions.redo(),
  'edit.copy': ({ desk }) => copySelected(desk),
  'edit.paste': ({ desk }) => pasteShapes(desk, desk.store.getState().copied),
  'edit.duplicate': ({ desk }) => pasteShapes(desk, selection(desk)),
  'edit.pasteNext': ({ desk }) => pasteToNext(desk),
  'edit.delete': ({ desk }) => deleteSelected(desk),
  'edit.selectAll': ({ desk }) => desk.actions.select([...(desk.store.getState().open?.shapes.keys() ?? [])]),
  'edit.nextShape': ({ desk }) => selectBy(desk, 1),
  'edit.previousShape': ({ desk }) => selectBy(desk, -1),
  'image.next': ({ desk }) => step(desk, 'next'),
  'image.previous': ({ desk }) => step(desk, 'previous'),
  'image.nextUnreviewed': ({ desk }) => step(desk, 'next unreviewed'),
  'image.first': ({ desk }) => desk.actions.first(),
  'review.accept': ({ desk }) => desk.actions.acceptAndNext(),
  'review.unclear': ({ desk }) => unclear(desk),
  'review.reopen': ({ desk }) => desk.actions.setReview('unreviewed'),
  'review.queue': ({ desk }) => desk.store.setState({ side: 'review' }),
  'repair.open': ({ desk }) => desk.store.setState({ side: 'repair' }),
  'repair.keep': ({ desk }) => judge(desk, 'keep'),
  'repair.replace': ({ desk }) => judge(desk, 'replace'),
  'repair.edit': ({ desk }) => editPair(desk),
  'repair.skip': ({ desk }) => skipPair(desk),
  'repair.back': async ({ desk }) => (await judgeAgain(desk)) || desk.actions.undo(),
  'repair.done': ({ desk }) => doneEditing(desk),
  'repair.wipeLeft': ({ desk }) => moveWipe(desk, -0.02),
  'repair.wipeRight': ({ desk }) => moveWipe(desk, 0.02),
  'repair.wipeFlip': ({ desk }) => flipWipe(desk),
  'prompt.focus': ({ screen }) => screen.focusPrompt(),
  'prompt.ask': askAgain,
  'prompt.stop': ({ desk }) => desk.actions.cancel(),
  'prompt.all': opens('prompt all'),
  'answer.keep': ({ desk }) => desk.actions.accept(),
  'answer.nothing': ({ desk }) => desk.actions.nothingMatches(),
  'answer.edit': ({ desk }) => desk.actions.editMask(),
  'answer.next': ({ desk }) => desk.actions.stepProposal(1),
  'answer.previous': ({ desk }) => desk.actions.stepProposal(-1),
  'tool.select': takes('select'),
  'tool.brush': takes('brush'),
  'tool.eraser': takes('eraser'),
  'tool.polygon': takes('polygon'),
  'tool.freehand': takes('freehand'),
  'tool.box': takes('box'),
  'tool.wand': takes('wand'),
  'tool.cutOut': takes('cut out'),
  'tool.points': takes('points'),
  'tool.promptBox': takes('prompt box'),
  'tool.last': toolBefore,
  'tool.larger': ({ desk }) => growBrush(desk, 1.2),
  'tool.smaller': ({ desk }) => growBrush(desk, 1 / 1.2),
  'tool.moreTolerant': ({ desk }) => tolerate(desk, 4),
  'tool.lessTolerant': ({ desk }) => tolerate(desk, -4),
  'tool.finish': ({ screen }) => screen.gesture.finish(),
  'tool.back': ({ screen }) => screen.gesture.back(),
  'tool.cancel': stepOut,
  'mask.union': ({ desk }) => combined(desk, 'union'),
  'mask.subtract': ({ desk }) => combined(desk, 'subtract'),
  'mask.intersect': ({ desk }) => combined(desk, 'intersect'),
  'mask.fillHoles': ({ desk, screen }) => remade(desk, 'Fill holes', screen.masks.fillHoles),
  'mask.removeSpecks': ({ desk, screen }) => remade(desk, 'Remove specks', screen.masks.removeSpecks),
  'mask.smooth': ({ desk, screen }) => remade(desk, 'Smooth the outline', screen.masks.smooth),
  'shape.hide': ({ desk }) => desk.actions.toggleFlag(selectedIds(desk), 'hidden'),
  'shape.showAll': ({ desk }) => {
    const { open } = desk.store.getState();
    return open && commit(desk, showAll(open));
  },
  'shape.lock': ({ desk }) => desk.actions.toggleFlag(selectedIds(desk), 'locked'),
  'shape.raise': ({ desk }) => restacked(desk, 1),
  'shape.lower': ({ desk }) => restacked(desk, -1),
  'shape.crowd': ({ desk }) => desk.actions.toggleFlag(selectedIds(desk), 'crowd'),
  'view.fit': ({ desk }) => fitImage(desk),
  'view.actual': ({ desk: { store } }) =>
    store.setState(({ view, canvas }) => ({ view: viewAtScale(view, 1, canvas) })),
  'view.selection': ({ desk }) => zoomToSelection(desk),
  'view.in': ({ desk }) => zoomBy(desk, 1.25),
  'view.out': ({ desk }) => zoomBy(desk, 0.8),
  'view.masks': ({ desk }) => desk.store.setState(({ masksShown }) => ({ masksShown: !masksShown })),
  'view.labels': ({ desk }) => desk.store.setState(({ labelsShown }) => ({ labelsShown: !labelsShown })),
  'view.stronger': ({ desk }) => opaque(desk, 0.05),
  'view.weaker': ({ desk }) => opaque(desk, -0.05),
  'view.theme': ({ desk, screen }) => changeSettings(desk, { theme: screen.isDark() ? 'light' : 'dark' }),
  'view.reset': ({ desk }) => desk.store.setState(({ layoutVersion }) => ({ layoutVersion: layoutVersion + 1 })),
  'app.palette': opens('commands'),
  'app.settings': opens('settings'),
  'app.keys': opens('keys'),
  'app.help': opens('help'),
};
