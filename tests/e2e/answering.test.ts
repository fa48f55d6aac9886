import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, haveShell, PATIENCE, starts } from './app.ts';

describe.runIf(haveShell).each(starts)('an answer in hand ($shell)', ({ start }) => {
  let app: App;
  beforeAll(async () => {
    app = await start();
    await app.openSample();
  });
  afterAll(() => app?.stop());

  const answer = () => app.page.getByRole('region', { name: 'Prompt and answer' });
  const button = (name: string) => answer().getByRole('button', { name, exact: true });
  const undo = () => app.page.getByRole('button', { name: /^Undo/u }).getAttribute('aria-label');
  const pressed = (name: string) =>
    app.page
      .getByRole('navigation', { name: 'Tools' })
      .getByRole('button', { name, exact: true })
      .getAttribute('aria-pressed');

  /** What the model finds here is its own; one of these stands on the first scene in any case, and is found alone. */
  async function askUntilFound(): Promise<string> {
    for (const prompt of ['the television', 'the mushroom', 'the baseball']) {
      await app.ask(prompt);
      if (await button('Accept').isVisible()) return prompt;
    }
    throw new Error('the model finds nothing on the first scene');
  }

  it('gives the keys back to the tools once it was asked for, and / leads back to its words', async () => {
    const prompt = await askUntilFound();
    await app.page.keyboard.press('b');
    await expect.poll(() => pressed('Brush')).toBe('true');
    expect(await app.promptField.inputValue()).toBe(prompt);
    await app.page.keyboard.press('/');
    const chosen = await app.promptField.evaluate((field) => {
      if (!(field instanceof HTMLTextAreaElement)) throw new Error('the prompt is no field');
      return field.value.slice(field.selectionStart, field.selectionEnd);
    });
    expect(chosen).toBe(prompt);
    await app.page.keyboard.press('Escape');
  });

  it('is what drawing straight after it edits, and one undo takes back what was drawn on it', async () => {
    await askUntilFound();
    expect(await app.shapeCount()).toBe(0);
    await app.tool('Brush');
    const words = app.page.getByRole('status', { name: 'What is drawn on' });
    await expect.poll(() => words.innerText()).toBe('Adds to the answer');
    await app.drag([300, 560], [340, 560]);
    await expect.poll(() => app.shapeCount()).toBe(1);
    await app.saved();
    expect(await button('The mask was corrected').getAttribute('aria-pressed')).toBe('true');
    await expect.poll(undo).toBe('Undo: Brush');
    await app.page.keyboard.press('Control+z');
    await expect.poll(() => app.shapeCount()).toBe(0);
    await expect.poll(undo).toBe('Undo: Ask a prompt');
    expect(await button('The mask was corrected').count()).toBe(0);
  });

  it('judged wrong is not accepted, and one that is right in all its parts stands as a shape', async () => {
    await app.page.keyboard.press('Escape');
    await app.page.keyboard.press('v');
    await button('The mask is wrong').click();
    await button('Accept').click();
    await app.page.getByText(/The mask is judged wrong: edit it/u).waitFor();
    expect(await app.shapeCount()).toBe(0);
    expect(await button('Accepted').count()).toBe(0);
    for (const part of ['reasoning', 'box', 'mask']) await button(`The ${part} is right`).click();
    // Three words of "right" alone are no shape, and nothing says that it was accepted.
    expect([await app.shapeCount(), await button('Accepted').count()]).toEqual([0, 0]);
    await button('Accept').click();
    await button('Accepted').waitFor();
    await expect.poll(() => app.shapeCount()).toBe(1);
  });

  it('is told of as it is stored by Ctrl+Enter, looked at or not, and taken back as one step', async () => {
    const { page } = app;
    await page.keyboard.press('Control+Enter');
    await app.scene('scene-02.jpg');
    const line = page.getByRole('alert').filter({ hasText: /^scene-01.jpg is accepted with 1 shape for “the / });
    await line.waitFor();
    await page.keyboard.press('Control+Enter');
    await app.scene('scene-03.jpg');
    await page.getByText('scene-02.jpg is accepted without shapes.').waitFor();
    await line.waitFor({ state: 'detached' });
    await page.getByRole('alert').filter({ hasText: 'scene-02.jpg' }).getByRole('button', { name: 'Show' }).click();
    await app.scene('scene-02.jpg');
    await page.getByRole('button', { name: 'Review: Accepted' }).waitFor();
    await page.keyboard.press('Control+z');
    await page.getByRole('button', { name: 'Review: Unreviewed' }).waitFor();
    await page.getByRole('alert').getByText('Undone: Accept the image, on scene-02.jpg').waitFor();
    await page.getByText('scene-02.jpg is accepted without shapes.').waitFor({ state: 'detached' });
  });

  it('that the model cannot give names the words that it does not know, and is not there to be accepted', async () => {
    const { page } = app;
    await page.keyboard.press('/');
    await page.keyboard.type('the zorblax');
    await page.keyboard.press('Enter');
    await page.getByText('Words that the model does not know').waitFor();
    await answer()
      .getByText(/zorblax/u)
      .first()
      .waitFor();
    for (const name of ['Accept', 'Accept, next image']) expect(await button(name).isDisabled()).toBe(true);
    expect(await button('Nothing matches').isEnabled()).toBe(true);
  });

  it('of several candidates is the one that most agree with, or says that none does', async () => {
    const { page } = app;
    await page.getByRole('combobox', { name: 'Number of answers' }).click();
    await page.getByRole('option', { name: '4 answers' }).click();
    // The list keeps the focus, but not the keys of the tools, nor that which leads to the prompt.
    await page.keyboard.press('b');
    await expect.poll(() => pressed('Brush')).toBe('true');
    await app.ask('the banana');
    const candidates = page.getByRole('region', { name: 'Candidates' }).getByRole('button');
    await expect.poll(() => candidates.count(), { timeout: 2 * PATIENCE }).toBe(4);
    const names = await candidates.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? ''));
    const chosen = names.filter((name) => /the choice, [1-3] of 3 others agree|the likeliest, no other/u.test(name));
    expect(chosen).toHaveLength(1);
  });

  it('ends with a page that complained of nothing', () => expect(app.errors).toEqual([]));
});
