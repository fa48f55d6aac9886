// Settings, jobs, addresses and the page's policy: small agreements that many files rely on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pictureAddress, thumbnailAddress, tileAddress, tileSide, wholeSide } from '../../main/contract/addresses.ts';
import { BadInput } from '../../main/contract/badInput.ts';
import { contentPolicy } from '../../main/contract/contentPolicy.ts';
import { same } from '../../main/contract/equal.ts';
import { ExportSettings, ImportReport, Job, VerifyReport } from '../../main/contract/jobs.ts';
import { Settings, SettingsChange } from '../../main/contract/settings.ts';
import { portsChannel, shellOrigin } from '../../main/contract/shell.ts';

describe('settings', () => {
  it('are whole from the start', () => {
    const defaults = Settings.parse({});
    expect(Settings.parse(defaults)).toEqual(defaults);
    expect(Object.values(defaults).every((value) => value !== undefined)).toBe(true);
    expect(defaults).toMatchObject({ device: 'cpu', weights: null, rebound: {} });
  });

  it('have the same fields as their changes, and no default comes with a change', () => {
    expect(Object.keys(SettingsChange.shape).toSorted()).toEqual(Object.keys(Settings.shape).toSorted());
    expect(SettingsChange.parse({})).toEqual({});
    expect(SettingsChange.parse({ wheel: 'scrolls' })).toEqual({ wheel: 'scrolls' });
  });

  it('that a change names are those of the change, all others stay', () => {
    const change = fc.record(
      {
        theme: fc.constantFrom('light', 'dark', 'as the system'),
        keys: fc.constantFrom('Loupe', 'X-AnyLabeling', 'CVAT'),
        // The one key that no record may hold; it has a test of its own.
        rebound: fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          fc.string(),
        ),
        wheel: fc.constantFrom('zooms', 'scrolls'),
        device: fc.constantFrom('cpu', 'webgpu', 'cuda', 'dml', 'coreml'),
        weights: fc.option(fc.string()),
        segmenter: fc.option(fc.string()),
        colourBy: fc.constantFrom('label', 'object', 'review'),
        maskOpacity: fc.double({ min: 0, max: 1, noNaN: true }),
        brushUnit: fc.constantFrom('screen pixels', 'image pixels'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(change, change, (first, second) => {
        const before = Settings.parse(SettingsChange.parse(first));
        const after = Settings.parse({ ...before, ...SettingsChange.parse(second) });
        for (const key of Settings.keyof().options) {
          expect(same(after[key], key in second ? second[key] : before[key])).toBe(true);
        }
      }),
    );
  });

  it('drop a key that would be a prototype, and touch nobody’s', () => {
    const change = SettingsChange.parse(JSON.parse('{"rebound": {"__proto__": "B", "tool.brush": "B"}}'));
    expect(Object.entries(change.rebound ?? {})).toEqual([['tool.brush', 'B']]);
    expect(Object.getPrototypeOf(change.rebound)).toBe(Object.prototype);
  });

  it.each<[string, object]>([
    ['a theme of another program', { theme: 'solarised' }],
    ['a preset that there is not', { keys: 'Photoshop' }],
    ['keys that are no text', { rebound: { 'tool.brush': 4 } }],
    ['a device that nobody has', { device: 'tpu' }],
    ['masks that are more than opaque', { maskOpacity: 1.01 }],
    ['masks that are less than nothing', { maskOpacity: -0.01 }],
    ['an opacity that is no number', { maskOpacity: Number.NaN }],
  ])('%s is refused', (_, value) => {
    expect(SettingsChange.safeParse(value).success).toBe(false);
    expect(Settings.safeParse(value).success).toBe(false);
  });
});

const job = {
  ...{ id: 'a', kind: 'prompt all', title: 'Asking', state: 'running', done: 3, total: null, secondsLeft: 1.5 },
  ...{ message: null, notes: ['Nothing was found on a.png.'] },
};

describe('jobs', () => {
  it('go through JSON and stay themselves', () => expect(Job.parse(JSON.parse(JSON.stringify(job)))).toEqual(job));

  it.each<[string, object]>([
    ['of no kind', { ...job, kind: 'train' }],
    ['that are neither running nor over', { ...job, state: 'paused' }],
    ['without notes', { ...job, notes: null }],
    ['that do not say whether their length is known', { ...job, total: undefined }],
  ])('%s are none', (_, value) => expect(Job.safeParse(value).success).toBe(false));

  it('report what was taken, with a reason for what was not', () => {
    const report = {
      ...{ format: 'COCO', images: 1, shapes: 2, labels: 1, unresolved: ['b.png'], notes: [] },
      leftOut: [{ what: 'annotation 7', why: 'it has no area' }],
    };
    expect(ImportReport.parse(report)).toEqual(report);
    expect(ImportReport.safeParse({ ...report, leftOut: [{ what: 'annotation 7' }] }).success).toBe(false);
    expect(ImportReport.safeParse({ ...report, shapes: 1.5 }).success).toBe(false);
    const verified = { file: 'a.json', images: 1, annotations: 2, boxes: 0, problems: [], compared: false };
    expect(VerifyReport.parse(verified)).toEqual(verified);
  });

  it('export everything where nothing is said', () => {
    expect(ExportSettings.parse({})).toEqual({ masks: 'auto', onlyAccepted: false });
    expect(ExportSettings.safeParse({ onlyAccepted: 'yes' }).success).toBe(false);
  });
});

describe('addresses of pixels', () => {
  const place = fc.record({
    id: fc.integer({ min: 1 }),
    version: fc.stringMatching(/^[0-9a-f]{1,64}$/u),
    tile: fc.record({ level: fc.nat(8), column: fc.nat(500), row: fc.nat(500) }),
  });
  const all = ({ id, version, tile }: { id: number; version: string; tile: Parameters<typeof tileAddress>[2] }) => [
    pictureAddress(id, version),
    thumbnailAddress(id, version),
    tileAddress(id, version, tile),
  ];

  it('are paths on the page that name the image and the version of its file', () => {
    fc.assert(
      fc.property(place, (one) => {
        for (const address of all(one)) {
          const url = new URL(address, 'http://127.0.0.1:9');
          expect(url.host).toBe('127.0.0.1:9');
          expect(url.pathname.split('/').slice(0, 3)).toEqual(['', 'images', String(one.id)]);
          expect([...url.searchParams]).toEqual([['v', one.version]]);
        }
      }),
    );
  });

  it('are the same only for the same pixels', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [first, second] = [all(a), all(b)];
        const alike = first.filter((address, i) => address === second[i]).length;
        const image = a.id === b.id && a.version === b.version;
        expect(alike).toBe(image ? (same(a.tile, b.tile) ? 3 : 2) : 0);
        expect(new Set(first).size).toBe(3);
      }),
    );
  });

  it('lead to tiles of which an image that is shown whole needs few', () => {
    expect((wholeSide / tileSide) ** 2).toBeLessThanOrEqual(64);
    expect(Number.isInteger(Math.log2(tileSide))).toBe(true);
  });
});

describe("the page's policy", () => {
  const rules = new Map(contentPolicy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]));

  it('begins with nothing, and lets no address of the network in', () => {
    expect(rules.get('default-src')).toEqual(["'none'"]);
    for (const [name, sources] of rules) {
      const known = ["'self'", "'none'", "'unsafe-inline'", "'wasm-unsafe-eval'", 'data:', 'blob:'];
      expect([name, sources.filter((one) => !known.includes(one))]).toEqual([name, []]);
    }
  });

  it('runs scripts of our own alone: none inline, none from text', () => {
    expect(rules.get('script-src')).not.toContain("'unsafe-inline'");
    expect(rules.get('script-src')).not.toContain("'unsafe-eval'");
    expect(rules.get('connect-src')).toEqual(["'self'"]);
  });

  it('says each thing once, and goes into one header line', () => {
    expect(rules.size).toBe(contentPolicy.split(';').length);
    expect(contentPolicy).not.toMatch(/[\r\n]/u);
    for (const name of ['base-uri', 'form-action', 'frame-ancestors']) expect(rules.get(name)).toEqual(["'none'"]);
  });
});

describe('names that two programs share', () => {
  it('are an address and a channel of our own', () => {
    expect(new URL(shellOrigin).protocol).toBe('app:');
    expect(new URL(shellOrigin).host).toBe('loupe');
    expect(portsChannel).toMatch(/^loupe:/u);
  });

  it('tell bad input from faults by its class and name', () => {
    const error = new BadInput('a.json: line 3 is no number');
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('BadInput');
    expect(String(error)).toBe('BadInput: a.json: line 3 is no number');
  });
});

describe('equal values', () => {
  const json = fc.jsonValue({ maxDepth: 4 });

  it('are the same after a copy, and in any order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(same(value, structuredClone(value))).toBe(true);
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
        expect(same(value, Object.fromEntries(Object.entries(value).toReversed()))).toBe(true);
      }),
    );
  });

  it('are equal to no more than their text says', () => {
    // The text of 0 and -0 is one.
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(same(a, b)).toBe(same(b, a));
        if (JSON.stringify(a) === JSON.stringify(b)) expect(same(a, b)).toBe(true);
      }),
    );
  });

  it.each<[string, unknown, unknown, boolean]>([
    ['a missing and an undefined key', { a: 1 }, { a: 1, b: undefined }, true],
    ['a missing key and null', { a: 1 }, { a: 1, b: null }, false],
    ['a list and a record', [], {}, false],
    ['a list and a longer one', [1], [1, undefined], false],
    ['a list in another order', [1, 2], [2, 1], false],
    ['zero of either sign', 0, -0, true],
    ['a number and its text', 1, '1', false],
    ['not a number and itself', Number.NaN, Number.NaN, true],
    ['null and an empty record', null, {}, false],
    ['deep below', { a: [{ b: { c: [1] } }] }, { a: [{ b: { c: [2] } }] }, false],
  ])('%s', (_, a, b, equal) => {
    expect(same(a, b)).toBe(equal);
    expect(same(b, a)).toBe(equal);
  });
});
