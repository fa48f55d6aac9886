// Opens the system's own dialogs where the page asks for files, and answers with paths.
import { type BrowserWindow, dialog, type OpenDialogOptions } from 'electron';
import type { DialogKind } from '../main/contract/shell.ts';

const project = { name: 'Loupe project', extensions: ['loupe'] };
const everything = { name: 'All files', extensions: ['*'] };
const pictures = {
  name: 'Images',
  extensions: ['jpg', 'jpeg', 'png', 'webp', 'tif', 'tiff', 'bmp', 'gif', 'avif'],
};
const shapes = { name: 'COCO, LabelMe, YOLO, VOC and others', extensions: ['json', 'jsonl', 'txt', 'xml'] };

const weights = { name: 'Weights', extensions: ['safetensors', 'pt', 'pth'] };

const opening: Readonly<Record<Exclude<DialogKind, 'new project' | 'export'>, OpenDialogOptions>> = {
  'open project': { filters: [project, everything], properties: ['openFile'] },
  folder: { properties: ['openDirectory'] },
  images: { filters: [pictures, everything], properties: ['openFile', 'multiSelections'] },
  'weights file': { filters: [weights, everything], properties: ['openFile'] },
  import: { filters: [shapes, everything], properties: ['openFile'] },
};

/** Answers no paths where the person closes the dialog without a choice. */
export async function chooseFiles(window: BrowserWindow, what: DialogKind, name = ''): Promise<readonly string[]> {
  if (what !== 'new project' && what !== 'export') {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, opening[what]);
    return canceled ? [] : filePaths;
  }
  const filters = what === 'export' ? [{ name: 'COCO', extensions: ['json'] }] : [project];
  const { canceled, filePath } = await dialog.showSaveDialog(window, { defaultPath: name, filters });
  return canceled || filePath === '' ? [] : [filePath];
}
