// Does what every command says: total over the ids of the table, so that a command without an action does not compile.
import type { CommandId } from '../../main/contract/commands.ts';
import type { Diff } from '../../main/contract/diff.ts';
import type { Shape } from '../../main/contract/project.ts';
import type { Mask } from '../../main/contract/records.ts';
import type { Settings } from '../../main/contract/settings.ts';
import { type ToolCommand, type ToolName, toolNames, tools } from '../../main/contract/tools.ts';
import { inReview } from './answers.ts';
import { resizedBrush } from './brush.ts';
import type { Client } from './client.ts';
import { chooseCombine, takeUp } from './drawing.ts';
import { digits, type LabelDigit } from './labelEdits.ts';
import { changeSettings } from './preferences.ts';
import { doneEditing, editPair, flipWipe, judge, judgeAgain, moveWipe, skipPair } from './repair.ts';
import { type Combination, chosen, combine, paste, remake, restack, showAll, stacked } from './shapeEdits.ts';
import { boxAround, fittedView, viewAtScale, viewOfBox } from './view.ts';
import { type Combine, type DialogName, say } from './workbench.ts';

/** What commands need that lies outside of the state: the tool in hand, and things on the page. */
export interface Screen {
  /** True where there was something to finish, to take back, to cancel. */
  readonly gesture: { finish(): boolean; back(): boolean; cancel(): boolean };
  readonly masks: { fillHoles(mask: Mask): Mask; removeSpecks(mask: Mask): Mask; smooth(mask: Mask): Mask };
  focusPrompt(): void;
  /** Whether dark colours are shown, by choice or because the system has them. */
  isDark(): boolean;
}

export interface CommandContext {
  readonly client: Client;
  readonly screen: Screen;
}

/** May throw or reject with the one sentence that is shown. */
type CommandAction = (context: CommandContext) => unknown;

const opens =
  (dialog: DialogName): CommandAction =>
  ({ client }) =>
    client.store.setState({ dialog });

const commit = ({ edits }: Client, diff: Diff | null) => diff && edits.commit(diff);

const selection = ({ store }: Client): Shape[] => {
  const { open, selected } = store.getState();
  return open ? chosen(open, selected) : [];
};

const selectedIds = (client: Client): number[] => selection(client).map(({ id }) => id);

/** Says so when everything is stored, or why it is not. */
async function saveNow({ store, edits }: Client): Promise<void> {
  const { saving } = store.getState();
  if (saving.state === 'failed') return say(store, 'bad', saving.problem);
  await edits.settled();
  say(store, 'good', 'Everything is saved. Loupe saves every change by itself.');
}

async function pasteShapes(client: Client, shapes: readonly Shape[]): Promise<void> {
  const { store, edits } = client;
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

async function pasteToNext(client: Client): Promise<void> {
  const shapes = selection(client);
  if (await client.actions.step('next')) await pasteShapes(client, shapes);
  else say(client.store, 'plain', 'This is the last image of the list.');
}

/** Selects the neighbour in the order of places; at the end it goes round. */
function selectBy({ store }: Client, by: 1 | -1): void {
  const { open, selected } = store.getState();
  const all = open ? stacked(open).filter(({ hidden }) => !hidden) : [];
  const at = all.findIndex(({ id }) => selected.has(id));
  const next = all[at < 0 ? (by === 1 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
  if (next) store.setState({ selected: new Set([next.id]) });
}

async function step({ store, actions }: Client, by: 'next' | 'previous'): Promise<void> {
  if (await actions.step(by)) return;
  say(store, 'plain', `This is the ${by === 'previous' ? 'first' : 'last'} image of the list.`);
}

async function unclear(client: Client): Promise<void> {
  void client.actions.setReview('unclear');
  await client.actions.stepUnreviewed();
}

async function askAgain({ client, screen }: CommandContext): Promise<void> {
  const { samples } = client.store.getState();
  const { prompt } = inReview(client.store.getState());
  if (prompt) await client.actions.ask(prompt.text, samples);
  else screen.focusPrompt();
}

/** Locked shapes stay, and stay selected. */
function deleteSelected(client: Client) {
  const free = selection(client).filter(({ locked }) => !locked);
  if (free.length === 0) return say(client.store, 'plain', 'What is selected is locked.');
  return client.actions.remove(free.map(({ id }) => id));
}

const memoryOfTool = 'tool before';

/** Whichever way a tool is taken up, the one before is remembered; the answer ends it. */
export const rememberTools = ({ store, memory }: Client): (() => void) =>
  store.subscribe((now, before) => {
    if (now.tool !== before.tool) memory.write(memoryOfTool, before.tool);
  });

const takes =
  (tool: ToolName): CommandAction =>
  ({ client: { store } }) =>
    takeUp(store, tool);

const combines =
  (combine: Combine): CommandAction =>
  ({ client: { store } }) =>
    chooseCombine(store, combine);

const toolBefore: CommandAction = (context) => {
  const before = toolNames.find((tool) => tool === context.client.memory.read(memoryOfTool));
  takes(before ?? 'brush')(context);
};

const growBrush = ({ store }: Client, factor: number) =>
  store.setState(({ brush }) => ({ brush: resizedBrush(brush, factor) }));

const tolerate = ({ store }: Client, by: number) =>
  store.setState(({ wandTolerance }) => ({ wandTolerance: Math.min(255, Math.max(0, wandTolerance + by)) }));

/** One thing at a time: the step, the answer that is being written, the selection, the tool. */
const stepOut: CommandAction = ({ client: { store, actions }, screen }) => {
  const { asking, selected } = store.getState();
  if (screen.gesture.cancel()) return;
  if (asking) actions.cancel();
  else if (selected.size > 0) store.setState({ selected: new Set() });
  else takeUp(store, 'select');
};

function remade(client: Client, title: string, work: (mask: Mask) => Mask) {
  const diff = remake(selection(client), title, work);
  return diff === null ? say(client.store, 'plain', 'The mask stays as it is.') : commit(client, diff);
}

function combined(client: Client, how: Combination) {
  const [first] = selectedIds(client);
  const done = commit(client, combine(selection(client), how));
  if (first !== undefined && how !== 'subtract') client.store.setState({ selected: new Set([first]) });
  return done;
}

const restacked = (client: Client, by: 1 | -1) => {
  const { open, selected } = client.store.getState();
  return open && commit(client, restack(open, selected, by));
};

const givesLabel =
  (digit: LabelDigit): CommandAction =>
  ({ client: { store, actions } }) => {
    const label = [...store.getState().labels.values()].find((one) => one.digit === digit);
    if (label) return actions.setLabel(label.id);
    return say(store, 'plain', `No label has the key ${digit}. Labels… gives it to one.`);
  };

const zoomBy = ({ store }: Client, factor: number) =>
  store.setState(({ view, canvas }) => ({ view: viewAtScale(view, view.scale * factor, canvas) }));

const fitImage = ({ store }: Client) => store.setState((state) => ({ view: fittedView(state) }));

const zoomToSelection = (client: Client) => {
  const area = boxAround(selection(client).map(({ box }) => box));
  if (area) client.store.setState(({ canvas }) => ({ view: viewOfBox(area, canvas, 0.8) }));
};

const opaque = (client: Client, by: number) => {
  const { maskOpacity } = client.store.getState().settings;
  const next: Partial<Settings> = { maskOpacity: Math.min(1, Math.max(0, Math.round((maskOpacity + by) * 20) / 20)) };
  return changeSettings(client, next);
};

/** Switches colours between those of labels and one for each shape. */
const switchColours = (client: Client) => {
  const { colourBy } = client.store.getState().settings;
  return changeSettings(client, { colourBy: colourBy === 'object' ? 'label' : 'object' });
};

function selectedIsAnswer(client: Client) {
  const [id, ...others] = selectedIds(client);
  if (id === undefined || others.length > 0)
    return say(client.store, 'plain', 'Select the one shape that is the answer.');
  if (inReview(client.store.getState()).prompt === null) return say(client.store, 'plain', 'Ask a prompt first.');
  return client.actions.shapeIsAnswer(id);
}

/** The end of the job is shown without this call. */
async function masksOfBoxes({ store, edits, host }: Client): Promise<void> {
  await edits.settled();
  const job = await host.jobs.masks({ labelId: null });
  store.setState(({ jobs }) => ({ jobs: new Map(jobs).set(job.id, jobs.get(job.id) ?? job), dialog: 'jobs' }));
}

const copySelected = (client: Client) => {
  const copied = selection(client);
  client.store.setState({ copied });
  say(client.store, 'plain', copied.length === 1 ? 'One shape is copied.' : `${copied.length} shapes are copied.`);
};

const labelRuns = Object.fromEntries(digits.map((digit) => [`label.${digit}`, givesLabel(digit)])) as Readonly<
  Record<`label.${LabelDigit}`, CommandAction>
>;

const toolRuns = Object.fromEntries(toolNames.map((name) => [tools[name].command, takes(name)])) as Readonly<
  Record<ToolCommand, CommandAction>
>;

export const commandActions: Readonly<Record<CommandId, CommandAction>> = {
  ...labelRuns,
  ...toolRuns,
  'project.new': opens('new project'),
  'project.open': opens('open project'),
  'project.saveCopy': opens('save copy'),
  'project.close': ({ client }) => client.actions.closeProject(),
  'project.addImages': opens('add images'),
  'project.import': opens('import'),
  'project.export': opens('export'),
  'project.exportTrainer': opens('trainer'),
  'project.verify': opens('verify'),
  'project.teach': opens('teach'),
  'project.rewards': opens('rewards'),
  'project.save': ({ client }) => saveNow(client),
  'project.labels': opens('labels'),
  'project.jobs': opens('jobs'),
  'edit.undo': ({ client }) => client.actions.undo(),
  'edit.redo': ({ client }) => client.actions.redo(),
  'edit.copy': ({ client }) => copySelected(client),
  'edit.paste': ({ client }) => pasteShapes(client, client.store.getState().copied),
  'edit.duplicate': ({ client }) => pasteShapes(client, selection(client)),
  'edit.pasteNext': ({ client }) => pasteToNext(client),
  'edit.delete': ({ client }) => deleteSelected(client),
  'edit.selectAll': ({ client }) => client.actions.select([...(client.store.getState().open?.shapes.keys() ?? [])]),
  'edit.nextShape': ({ client }) => selectBy(client, 1),
  'edit.previousShape': ({ client }) => selectBy(client, -1),
  'image.next': ({ client }) => step(client, 'next'),
  'image.previous': ({ client }) => step(client, 'previous'),
  'image.nextUnreviewed': ({ client }) => client.actions.stepUnreviewed(),
  'image.first': ({ client }) => client.actions.first(),
  'review.accept': ({ client }) => client.actions.acceptAndNext(),
  'review.unclear': ({ client }) => unclear(client),
  'review.reopen': ({ client }) => client.actions.setReview('unreviewed'),
  'review.queue': ({ client }) => client.store.setState({ side: 'review' }),
  'repair.open': ({ client }) => client.store.setState({ side: 'repair' }),
  'repair.keep': ({ client }) => judge(client, 'keep'),
  'repair.replace': ({ client }) => judge(client, 'replace'),
  'repair.edit': ({ client }) => editPair(client),
  'repair.skip': ({ client }) => skipPair(client),
  'repair.back': async ({ client }) => (await judgeAgain(client)) || client.actions.undo(),
  'repair.done': ({ client }) => doneEditing(client),
  'repair.wipeLeft': ({ client }) => moveWipe(client, -0.02),
  'repair.wipeRight': ({ client }) => moveWipe(client, 0.02),
  'repair.wipeFlip': ({ client }) => flipWipe(client),
  'prompt.focus': ({ screen }) => screen.focusPrompt(),
  'prompt.ask': askAgain,
  'prompt.stop': ({ client }) => client.actions.cancel(),
  'prompt.all': opens('prompt all'),
  'answer.keep': ({ client }) => client.actions.accept(),
  'answer.nothing': ({ client }) => client.actions.nothingMatches(),
  'answer.edit': ({ client }) => client.actions.editMask(),
  'answer.shape': ({ client }) => selectedIsAnswer(client),
  'answer.next': ({ client }) => client.actions.stepProposal(1),
  'answer.previous': ({ client }) => client.actions.stepProposal(-1),
  'tool.last': toolBefore,
  'tool.new': combines('new'),
  'tool.add': combines('add'),
  'tool.subtract': combines('subtract'),
  'tool.larger': ({ client }) => growBrush(client, 1.2),
  'tool.smaller': ({ client }) => growBrush(client, 1 / 1.2),
  'tool.moreTolerant': ({ client }) => tolerate(client, 4),
  'tool.lessTolerant': ({ client }) => tolerate(client, -4),
  'tool.finish': ({ screen }) => screen.gesture.finish(),
  'tool.back': ({ screen }) => screen.gesture.back(),
  'tool.cancel': stepOut,
  'mask.union': ({ client }) => combined(client, 'union'),
  'mask.subtract': ({ client }) => combined(client, 'subtract'),
  'mask.intersect': ({ client }) => combined(client, 'intersect'),
  'mask.fillHoles': ({ client, screen }) => remade(client, 'Fill holes', screen.masks.fillHoles),
  'mask.removeSpecks': ({ client, screen }) => remade(client, 'Remove specks', screen.masks.removeSpecks),
  'mask.smooth': ({ client, screen }) => remade(client, 'Smooth the outline', screen.masks.smooth),
  'mask.ofBoxes': ({ client }) => masksOfBoxes(client),
  'shape.hide': ({ client }) => client.actions.toggleFlag(selectedIds(client), 'hidden'),
  'shape.showAll': ({ client }) => {
    const { open } = client.store.getState();
    return open && commit(client, showAll(open));
  },
  'shape.lock': ({ client }) => client.actions.toggleFlag(selectedIds(client), 'locked'),
  'shape.raise': ({ client }) => restacked(client, 1),
  'shape.lower': ({ client }) => restacked(client, -1),
  'shape.crowd': ({ client }) => client.actions.toggleFlag(selectedIds(client), 'crowd'),
  'view.fit': ({ client }) => fitImage(client),
  'view.actual': ({ client: { store } }) =>
    store.setState(({ view, canvas }) => ({ view: viewAtScale(view, 1, canvas) })),
  'view.selection': ({ client }) => zoomToSelection(client),
  'view.in': ({ client }) => zoomBy(client, 1.25),
  'view.out': ({ client }) => zoomBy(client, 0.8),
  'view.masks': ({ client }) => client.store.setState(({ masksShown }) => ({ masksShown: !masksShown })),
  'view.labels': ({ client }) => client.store.setState(({ labelsShown }) => ({ labelsShown: !labelsShown })),
  'view.byLabel': ({ client }) => changeSettings(client, { colourBy: 'label' }),
  'view.byShape': ({ client }) => switchColours(client),
  'view.byReview': ({ client }) => changeSettings(client, { colourBy: 'review' }),
  'view.stronger': ({ client }) => opaque(client, 0.05),
  'view.weaker': ({ client }) => opaque(client, -0.05),
  'view.theme': ({ client, screen }) => changeSettings(client, { theme: screen.isDark() ? 'light' : 'dark' }),
  'view.reset': ({ client }) => client.store.setState(({ layoutVersion }) => ({ layoutVersion: layoutVersion + 1 })),
  'app.palette': opens('commands'),
  'app.settings': opens('settings'),
  'app.models': opens('models'),
  'app.keys': opens('keys'),
  'app.help': opens('help'),
};
