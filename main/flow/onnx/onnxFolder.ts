// Reads the headers of all ONNX files of a folder and of the folders in it.
import path from 'node:path';
import { type OnnxHeader, readOnnxHeader } from '../../../models/runtime/onnxHeader.ts';
import { BadInput } from '../../contract/badInput.ts';
import { modelFiles } from '../../weights/modelFiles.ts';

/** Throws one sentence that names the first file that cannot be read. */
export async function readOnnxFolder(folder: string): Promise<OnnxHeader[]> {
  const entries = await modelFiles(folder).catch((error: unknown) => {
    throw error instanceof BadInput ? error : new BadInput(`${folder}: there is no such folder`);
  });
  const names = entries.filter((name) => name.endsWith('.onnx') && name.split(path.sep).length < 3);
  return Promise.all(names.map((name) => readOnnxHeader(path.join(folder, name))));
}
