// Pictures of the main states for the documentation: `node tools/with-node.mjs tests/e2e/screenshots.ts [FOLDER]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { App } from './app.ts';

const folder = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../../docs/screenshots'));
mkdirSync(folder, { recursive: true });

const small = { width: 1280, height: 800 };
const large = { width: 1920, height: 1080 };

const MOST_BYTES = 150_000;

/** As near to what is on screen as the documentation has room for. */
async function shoot(app: App, name: string): Promise<void> {
  await app.page.mouse.move(2, 2);
  await app.page.waitForTimeout(700);
  const shot = await app.page.screenshot();
  for (const quality of [95, 80, 65, 50, 35, 20, 5]) {
    const small = await sharp(shot).png({ palette: true, quality, effort: 10, dither: 0 }).toBuffer();
    if (small.length > MOST_BYTES) continue;
    writeFileSync(path.join(folder, `${name}.png`), small);
    return console.log(`${name}.png: quality ${quality}, ${small.length} bytes`);
  }
  throw new Error(`${name}.png does not become small enough`);
}

/** Shows the state in another size and theme. */
async function change(app: App, size: typeof small, colorScheme: 'light' | 'dark'): Promise<void> {
  await app.page.setViewportSize(size);
  await app.page.emulateMedia({ colorScheme });
  await app.promptField.blur();
  await app.page.waitForTimeout(500);
  await app.page.keyboard.press('f');
}

/** Asks one thing after the other until the model finds something; the last answer stays in any case. */
async function askUntilFound(app: App): Promise<void> {
  for (const prompt of ['the yellow flashlight', 'please select the orange flashlight', 'the pineapple']) {
    await app.promptField.fill('');
    await app.promptField.blur();
    await app.ask(prompt);
    if (await app.page.getByRole('region', { name: 'Mask' }).isVisible()) return;
  }
}

async function answered(app: App): Promise<void> {
  await app.openSample();
  // A plain ground keeps the file small.
  await app.page.getByRole('option', { name: /scene-07/u }).click();
  await app.scene('scene-07.jpg');
  await askUntilFound(app);
}

async function firstSteps(): Promise<void> {
  const app = await App.start(small);
  try {
    await app.page.getByRole('button', { name: /Try the sample/u }).waitFor();
    await shoot(app, 'start');
    await answered(app);
    await shoot(app, 'answer');
    await app.tool('Box for the segmenter');
    await app.drag([306, 84], [562, 346]);
    // The mask is a draft until it is finished.
    await app.page.waitForTimeout(4000);
    await app.page.keyboard.press('Enter');
    await app.shapes.first().waitFor();
    await app.shapes.first().click();
    await app.tool('Brush');
    await app.page.keyboard.press('Shift+A');
    await app.drag([330, 330], [352, 312]);
    await app.saved();
    await shoot(app, 'correct');
    await app.page.keyboard.press('Control+e');
    await app.page.getByLabel('File', { exact: true }).fill('/pictures/sample.json');
    await shoot(app, 'export');
  } finally {
    await app.stop();
  }
}

async function repair(): Promise<void> {
  const prepare = (one: App) => one.project('Coarse masks.loupe', 'scenes');
  const app = await App.start({ ...small, prepare });
  try {
    await app.scene('scene-01.jpg');
    await app.importFrom(app.file('scenes', 'coarse.json'));
    await app.page.getByRole('tab', { name: 'Repair' }).click();
    await app.page.getByRole('button', { name: 'Compare with the model' }).click();
    await app.page.getByText(/% different/u).waitFor({ timeout: 600_000 });
    await shoot(app, 'repair');
    await change(app, large, 'dark');
    await shoot(app, 'repair-dark-large');
  } finally {
    await app.stop();
  }
}

async function largeAndDark(): Promise<void> {
  const app = await App.start(large);
  try {
    await answered(app);
    await shoot(app, 'answer-large');
    await change(app, small, 'dark');
    await shoot(app, 'answer-dark');
  } finally {
    await app.stop();
  }
}

await firstSteps();
await repair();
await largeAndDark();
