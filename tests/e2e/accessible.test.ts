import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, starts } from './app.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** In light and in dark: faults that keep somebody from working, each with the first place where it is. */
async function faults({ page }: App): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForFunction((to) => document.documentElement.dataset.mantineColorScheme === to, colorScheme);
    found.push(...(await faultsAsItStands(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return found;
}

async function faultsAsItStands(page: Page): Promise<string[]> {
  // The policy lets no script in by address; the driver puts it there past the policy.
  await page.evaluate(axe);
  // Colours that are still fading are nobody's choice; what turns without end is not waited for.
  await page.evaluate(
    'Promise.race([Promise.allSettled(document.getAnimations().map(({ finished }) => finished)), new Promise((done) => setTimeout(done, 1000))])',
  );
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help} (${nodes.length}) ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
    );
}

describe.runIf(haveShell).each(starts)('axe finds no serious fault ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app?.stop());

  it('on the start screen', async () => {
    await app.page.getByRole('button', { name: /Try the sample/u }).waitFor();
    expect(await faults(app)).toEqual([]);
  });

  it('on the workbench with an answer in review', async () => {
    await app.openSample();
    await app.ask('the television');
    expect(await faults(app)).toEqual([]);
  });

  it.each([
    ['the export dialog', 'Control+e'],
    ['the settings', 'Control+,'],
    ['the palette', 'Control+k'],
    ['the labels', 'Control+Shift+l'],
    ['keys and mouse', 'F1'],
  ])('in %s', async (_name, chord) => {
    await app.page.keyboard.press('Escape');
    await app.page.keyboard.press(chord);
    await app.page.getByRole('dialog').first().waitFor();
    await app.page.waitForTimeout(300);
    const found = await faults(app);
    await app.page.keyboard.press('Escape');
    await app.page.getByRole('dialog').first().waitFor({ state: 'detached' });
    expect(found).toEqual([]);
  });

  it('in repair', async () => {
    await app.page.getByRole('tab', { name: 'Repair' }).click();
    expect(await faults(app)).toEqual([]);
  });
});
