// Pictures of the main states for the documentation: `node tools/with-node.mjs tests/e2e/screenshots.ts [FOLDER]`.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { App } from './app.ts';

const folder = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../../docs/screenshots'));
mkdirSync(folder, { recursive: true });

const small = { width: 1280, height: 800 };
const large = { width: 1920, height: 1080 };

/** As few colours as the eye lets pass: the documentation is to stay small. */
async function shoot(app: App, name: string): Promise<void> {
  await app.page.mouse.move(2, 2);
  await app.page.waitForTimeout(700);
  const shot = await app.page.screenshot();
  await sharp(shot).png({ palette: true, colours: 96, effort: 10, dither: 0.6 }).toFile(path.join(folder, `${name}.png`));
  console.log(`${name}.png`);
}

async function inLight(): Promise<void> {
  const app = await App.start(small);
  try {
    await app.page.getByRole('button', { name: /Try the sample/u }).waitFor();
    await shoot(app, 'start');
    await app.openSample();
    await app.toScene(PICTURED.scene);
    await app.ask(PICTURED.prompt);
    await shoot(app, 'answer');
    await app.page.getByRole('button', { name: 'Accept', exact: true }).click();
    await app.tool('Brush');
    await app.drag(...PICTURED.stroke);
    const to = await app.mapping();
    await app.page.mouse.move(...to(PICTURED.rest));
    await app.page.waitForTimeout(700);
    await shootAsItIs(app, 'correct');
    await app.page.keyboard.press('Control+e');
    await app.page.getByLabel('File', { exact: true }).fill('/pictures/sample.json');
    await shoot(app, 'export');
  } finally {
    await app.stop();
  }
}

async function inDark(): Promise<void> {
  const app = await App.start({ ...large, dark: true });
  try {
    await app.openSample();
    await app.toScene(PICTURED.scene);
    await app.ask(PICTURED.prompt);
    await shoot(app, 'answer-dark-large');
  } finally {
    await app.stop();
  }
}
