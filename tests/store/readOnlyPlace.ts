// A process without the right to write a project: what opening it says, and whether a copy elsewhere is whole.
import { existsSync } from 'node:fs';
import { ReadOnlyPlace } from '../../main/contract/badInput.ts';
import { copyElsewhere } from '../../main/store/copyProject.ts';
import { openProject } from '../../main/store/project.ts';

const [file = '', target = ''] = process.argv.slice(2);

function refusal(work: () => void): string {
  try {
    work();
    return 'not refused';
  } catch (error) {
    return error instanceof ReadOnlyPlace ? error.message : `another failure: ${String(error)}`;
  }
}

const opened = refusal(() => openProject(file).close());
const made = refusal(() => openProject(`${file}.new.loupe`, { create: true }).close());
await copyElsewhere(file, target, async () => {});
const project = openProject(target);
const [image] = [...project.allImages()];
const { shapes, images, undo } = project.info();
project.addImages([{ path: 'more.png' }]);
project.close();
process.stdout.write(
  JSON.stringify({ opened, made, shapes, images, undo, path: image?.path, there: existsSync(target) }),
);
