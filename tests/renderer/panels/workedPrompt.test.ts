// The field of the prompt in Chromium: it says what is in review, and never takes the place of what a person is writing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoredPrompt } from '../../../main/contract/project.ts';
import { haveChromium } from '../../e2e/shells.ts';
import { eventually, type Worked, worked } from './worked.ts';

describe.runIf(haveChromium)('the field of the prompt', () => {
  let at: Worked;
  let prompt: StoredPrompt;
  beforeAll(async () => {
    at = await worked('prompt', 1);
    const { first: id } = await at.client.project.reserve({ count: 1 });
    prompt = { id, imageId: at.imageId, text: 'the dog', points: [], box: null, correction: null };
    await at.client.edit.apply({ title: 'Ask', changes: [{ kind: 'prompt', id, before: null, after: prompt }] });
  });
  afterAll(() => at?.close());

  const field = () => at.field('What to segment');
  /** As the host says that the prompt in review is now called. */
  async function called(text: string): Promise<void> {
    const before = prompt.text;
    prompt = { ...prompt, text };
    const changes = [{ kind: 'prompt' as const, id: prompt.id, before: { text: before }, after: { text } }];
    await at.client.edit.apply({ title: 'Ask', changes });
  }
  const tab = () => at.page.locator('.answer').getByText(prompt.text, { exact: true });

  it('follows what is in review', async () => {
    await tab().click();
    await eventually(() => field().inputValue()).toBe('the dog');
    await called('the cat');
    await eventually(() => field().inputValue()).toBe('the cat');
  });

  it('keeps what is being written when an answer to something else comes into review', async () => {
    await field().fill('the ba');
    await called('the fox');
    await tab().waitFor();
    await field().pressSequentially('seball');
    expect(await field().inputValue()).toBe('the baseball');
  });
});
