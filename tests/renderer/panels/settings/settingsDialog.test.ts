import { describe, expect, it } from 'vitest';
import { Settings } from '../../../../main/contract/settings.ts';
import { SettingsDialog } from '../../../../renderer/panels/settings/SettingsDialog.tsx';
import type { Workbench } from '../../../../renderer/state/workbench.ts';
import { wordsOf } from '../../printed.ts';
import { engine } from '../given.ts';
import { laidOpen } from '../laidOpen.ts';
import { control, controlsIn, namesOf } from '../markup.ts';

const dialog = (settings: Partial<Settings> = {}, also: Partial<Workbench> = {}) =>
  laidOpen(SettingsDialog, {
    ...{ dialog: 'settings', engine: engine() },
    settings: { ...Settings.parse({}), ...settings },
    ...also,
  });

const tips = (settings: Partial<Settings>) =>
  wordsOf(
    laidOpen(SettingsDialog, { dialog: 'settings', settings: { ...Settings.parse({}), ...settings } }, undefined, {
      tips: true,
    }),
  );

const menus = ['Choose the weights', 'Choose the segmenter'];

const chosen = (markup: string) =>
  controlsIn(markup).flatMap(({ role, name, attributes }) =>
    role === 'radio' && 'checked' in attributes ? [name] : [],
  );

describe('the settings', () => {
  it('stand as they were made', () => {
    expect(chosen(dialog())).toEqual(['As the system', 'Label', 'Zooms']);
    const others = { theme: 'dark', colourBy: 'review', wheel: 'scrolls' } as const;
    expect(chosen(dialog(others))).toEqual(['Dark', 'Review', 'Scrolls, Ctrl zooms']);
    expect(control(dialog(), 'Keys as in').attributes.value).toBe('Loupe');
    expect(control(dialog({ keys: 'X-AnyLabeling' }), 'Keys as in').attributes.value).toBe('X-AnyLabeling and labelme');
    expect(control(dialog({ device: 'webgpu' }), 'The model runs on').attributes.value).toBe('WebGPU');
  });

  it('offer every choice that settings know', () => {
    const { theme, colourBy, wheel, keys, device } = Settings.def.shape;
    const markup = dialog();
    const many = [theme, colourBy, wheel].flatMap((field) => field.def.innerType.options);
    expect(namesOf(markup, 'radio')).toHaveLength(many.length);
    const listed = [keys, device].flatMap((field) => field.def.innerType.options);
    expect(namesOf(markup, 'option')).toHaveLength(listed.length);
  });

  it.each([0, 0.45, 1])('show how much masks cover: %d', (maskOpacity) => {
    const { attributes } = control(dialog({ maskOpacity }), 'Opacity of masks');
    expect(Number(attributes['aria-valuenow'])).toBe(maskOpacity);
    expect([attributes['aria-valuemin'], attributes['aria-valuemax']]).toEqual(['0', '1']);
  });

  it('name the weights, and lead back to those that come with Loupe', () => {
    expect(wordsOf(dialog())).toContain('loupe-nano, which comes with Loupe');
    expect(namesOf(dialog(), 'button')).toEqual(['Close', 'Change…', ...menus, 'Models…']);
    const own = dialog({ weights: '/models/lens-2b/' });
    expect(wordsOf(own)).toContain('lens-2b');
    expect(tips({ weights: '/models/lens-2b/' })).toContain('/models/lens-2b/');
    const [first = '', second = ''] = menus;
    expect(namesOf(own, 'button')).toEqual(['Close', 'Change…', first, 'Use loupe-nano', second, 'Models…']);
  });

  it('name what clicks go to, and lead back to the segmenter of the weights', () => {
    expect(wordsOf(dialog())).toContain('the segmenter of the weights');
    const own = dialog({ segmenter: '/models/mobile-sam/' });
    expect(wordsOf(own)).toContain('mobile-sam');
    expect(tips({ segmenter: '/models/mobile-sam/' })).toContain('/models/mobile-sam/');
    expect(namesOf(own, 'button')).toEqual(['Close', 'Change…', ...menus, 'Use that of the weights', 'Models…']);
  });

  it.each([
    [engine(), ''],
    [engine({ requested: 'cuda' }), 'CUDA was asked for, but CPU runs.'],
    [engine({ device: 'webgpu', requested: 'webgpu', warnings: ['Slow driver.'] }), 'Slow driver.'],
    [engine({ state: 'starting', device: null }), 'The model is starting.'],
    [engine({ state: 'absent', device: null }), 'No model is there.'],
    [engine({ state: 'failed', problem: 'weights.json is damaged.' }), 'weights.json is damaged.'],
    [null, 'The model is starting.'],
  ])('%#: say what is the matter with the model', (status, words) => {
    const said = wordsOf(dialog({}, { engine: status }));
    if (words === '') expect(said).toMatch(/Models…$/u);
    else expect(said).toContain(words);
  });
});
