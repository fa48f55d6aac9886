// Every prompt is true of its target and of nothing else: the words are read again here and checked against the boxes.
import { describe, expect, it } from 'vitest';
import { boxIou } from '../../main/contract/geometry.ts';
import { DESCRIPTIONS } from '../../main/scenes/implicit.ts';
import { wordsOf } from '../../main/scenes/phrases.ts';
import type { PromptCategory, Scene, SceneThing } from '../../main/scenes/scene.ts';
import { visibleMask } from '../../main/scenes/scene.ts';
import { THINGS } from '../../main/scenes/things.ts';
import { type Asked, promptsIn, scenesOf } from './drawing.ts';

const asked = promptsIn([...scenesOf('train', 250), ...scenesOf('test', 250)]);
const of = (category: PromptCategory): Asked[] => asked.filter(({ prompt }) => prompt.category === category);

const phraseOf = ({ name, colour }: SceneThing): string[] => (colour ? [name, `${colour} ${name}`] : [name]);

/** Indices of all that the words can mean; "thing" means everything. */
const meant = ({ things }: Scene, what: string): number[] =>
  [...things.entries()]
    .filter(([, thing]) => what === 'thing' || phraseOf(thing).includes(what))
    .map(([index]) => index);

const boxOf = ({ things }: Scene, index: number): SceneThing['box'] => {
  const thing = things[index];
  if (!thing) throw new Error(`no thing ${index}`);
  return thing.box;
};

const midX = (scene: Scene, index: number): number => (boxOf(scene, index).x1 + boxOf(scene, index).x2) / 2;
const midY = (scene: Scene, index: number): number => (boxOf(scene, index).y1 + boxOf(scene, index).y2) / 2;

const DEPTH: Record<string, (scene: Scene, index: number) => number> = {
  left: midX,
  right: (scene, index) => -midX(scene, index),
  top: midY,
  bottom: (scene, index) => -midY(scene, index),
};
const ends: Record<string, string> = { leftmost: 'left', rightmost: 'right', topmost: 'top', lowest: 'bottom' };
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth'];

const sorted = (scene: Scene, what: string, side: string): number[] => {
  const depth = DEPTH[side];
  if (!depth) throw new Error(`no side ${side}`);
  return meant(scene, what).toSorted((a, b) => depth(scene, a) - depth(scene, b));
};

/** How many prompts match a pattern, each of them checked. */
function checkAll(prompts: readonly Asked[], pattern: RegExp, check: (found: Asked, words: string[]) => void): number {
  const matching = prompts.flatMap((found) => {
    const match = pattern.exec(found.prompt.text);
    return match ? [{ found, words: match.slice(1) }] : [];
  });
  for (const { found, words } of matching) check(found, words);
  return matching.length;
}

describe('all prompts', () => {
  it('decide with the number of the target, or with none', () => {
    for (const { prompt } of asked) {
      expect(prompt.decision.endsWith(prompt.target === null ? 'none.' : ` ${prompt.target + 1}.`)).toBe(true);
      expect(prompt.target === null).toBe(prompt.category === 'nothing');
    }
  });

  // A list of eight with two words each is the longest that is measured.
  it('decide in few words', () => {
    const lengths = asked.map(({ prompt }) => wordsOf(prompt.decision).filter((word) => /\w/.test(word)).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(30);
    expect(lengths.reduce((a, b) => a + b, 0) / lengths.length).toBeLessThan(12);
  });

  it('are written in small letters, with all slots filled', () => {
    for (const { prompt } of asked) expect(`${prompt.text} ${prompt.decision}`).toMatch(/^[a-z0-9 ,.:?'[\]]+$/);
  });
});

describe('names', () => {
  it('mean one thing only', () => {
    for (const category of ['name', 'coarse', 'misleading'] as const) {
      for (const { scene, prompt } of of(category)) {
        const words = prompt.text.replace(/\[[^\]]*\]/g, ' ');
        const longest = scene.things
          .flatMap(phraseOf)
          .filter((what) => ` ${words.replace(/[,?]/g, ' ')} `.includes(` ${what} `));
        const what = longest.toSorted((a, b) => b.length - a.length)[0] ?? '';
        expect([prompt.text, meant(scene, what)]).toEqual([prompt.text, [prompt.target]]);
      }
    }
  });
});

describe('spatial prompts', () => {
  const ofPlace = of('spatial');

  it('count from the side that they name', () => {
    const check = ({ scene, prompt }: Asked, [ordinal = '', what = '', side = '']: string[]): void => {
      expect([prompt.text, sorted(scene, what, side)[ordinals.indexOf(ordinal)]]).toEqual([prompt.text, prompt.target]);
    };
    const plain = /the (first|second|third|fourth|fifth) ([a-z ]+?),? (?:counted )?from the (left|right|top|bottom)/;
    expect(checkAll(ofPlace, plain, check)).toBeGreaterThan(40);
    const that = /the ([a-z ]+) that is (first|second|third|fourth|fifth) from the (left|right|top|bottom)/;
    expect(
      checkAll(ofPlace, that, (found, [what = '', ordinal = '', side = '']) => check(found, [ordinal, what, side])),
    ).toBeGreaterThan(15);
  });

  it('find the outermost one', () => {
    const pattern = /the (leftmost|rightmost|topmost|lowest) ([a-z ]+?)(?: of all)?\??$/;
    const count = checkAll(ofPlace, pattern, ({ scene, prompt }, [most = '', what = '']) => {
      expect(sorted(scene, what, ends[most] ?? '')[0]).toBe(prompt.target);
    });
    expect(count).toBeGreaterThan(10);
  });

  it('find the largest and the smallest, by area too', () => {
    const pattern = /the (largest|biggest|smallest) ([a-z ]+?)\??$/;
    const count = checkAll(ofPlace, pattern, ({ scene, prompt }, [word = '', what = '']) => {
      const area = (index: number): number => scene.things[index]?.area ?? 0;
      const order = meant(scene, what).toSorted((a, b) => area(a) - area(b));
      expect(word === 'smallest' ? order[0] : order.at(-1)).toBe(prompt.target);
    });
    expect(count).toBeGreaterThan(20);
  });

  it('read the clock face', () => {
    const pattern = /the ([a-z ]+?) (?:at|where) (\d+) o'clock/;
    const count = checkAll(ofPlace, pattern, ({ scene, prompt }, [what = '', hour = '']) => {
      const turn = (index: number): number => {
        const hours = (Math.atan2(midX(scene, index) - 112, 112 - midY(scene, index)) / Math.PI) * 6;
        return Math.abs(((hours - Number(hour) + 30) % 12) - 6);
      };
      const near = meant(scene, what).filter((index) => turn(index) < 1);
      expect([prompt.text, near]).toEqual([prompt.text, [prompt.target]]);
    });
    expect(count).toBeGreaterThan(10);
  });

  it('relate to a thing that has a name of its own', () => {
    const pattern = /(?:the|what is) ?([a-z ]*?) (left of|right of|above|below) the ([a-z ]+?)\??$/;
    const plain = ofPlace.filter(({ prompt }) => !/to the|closest|nearest|picture/.test(prompt.text));
    const count = checkAll(plain, pattern, ({ scene, prompt }, [, relation = '', anchor = '']) => {
      const [index, ...more] = meant(scene, anchor);
      expect([prompt.text, index === undefined, more]).toEqual([prompt.text, false, []]);
      const target = prompt.target ?? -1;
      const [dx, dy] = [midX(scene, target) - midX(scene, index ?? -1), midY(scene, target) - midY(scene, index ?? -1)];
      const away = { 'left of': -dx, 'right of': dx, above: -dy, below: dy }[relation] ?? 0;
      expect(away).toBeGreaterThan(10);
    });
    expect(count).toBeGreaterThan(5);
  });
});

describe('disambiguation', () => {
  it('tells by colour, size or name what is not alone', () => {
    const text = of('disambiguation');
    const byColour = checkAll(
      text,
      /the ([a-z]+) that is not ([a-z]+)/,
      ({ scene, prompt }, [name = '', colour = '']) => {
        const left = meant(scene, name).filter((index) => scene.things[index]?.colour !== colour);
        expect(left).toEqual([prompt.target]);
      },
    );
    const bySize = checkAll(
      text,
      /the (small|smaller|large|bigger) ([a-z]+)/,
      ({ scene, prompt }, [word = '', name = '']) => {
        const order = meant(scene, name).toSorted(
          (a, b) => (scene.things[a]?.area ?? 0) - (scene.things[b]?.area ?? 0),
        );
        expect(word.startsWith('small') ? order[0] : order.at(-1)).toBe(prompt.target);
      },
    );
    const byName = checkAll(
      text,
      /the ([a-z]+)(?:, not| and not| rather than) the ([a-z]+)/,
      ({ scene, prompt }, [name = '', other = '']) => {
        if (name === 'other') return;
        expect(meant(scene, name)).toEqual([prompt.target]);
        expect(meant(scene, other)).toHaveLength(1);
      },
    );
    for (const count of [byColour, bySize, byName]) expect(count).toBeGreaterThan(8);
  });
});

describe('compositional prompts', () => {
  const ways: Record<string, (dx: number, dy: number) => boolean> = {
    left: (dx) => dx < -10,
    right: (dx) => dx > 10,
    above: (_, dy) => dy < -10,
    higher: (_, dy) => dy < -10,
    below: (_, dy) => dy > 10,
    lower: (_, dy) => dy > 10,
  };

  it('hold in both parts for the target, and for nothing else of its name', () => {
    const pattern =
      /^the (?:small |large )?([a-z ]+?)(?: that is| that you see)? (?:to the )?(left|right|above|higher|below|lower)(?: of| than)? the ([a-z ]+?)(?:,| and(?: also)?) (?:to the )?(left|right|above|higher|below|lower)(?: of| than)? the ([a-z ]+)$/;
    const count = checkAll(
      of('compositional'),
      pattern,
      ({ scene, prompt }, [what = '', way = '', a = '', other = '', b = '']) => {
        const holds = (index: number, by: string, anchor: number): boolean =>
          ways[by]?.(midX(scene, index) - midX(scene, anchor), midY(scene, index) - midY(scene, anchor)) ?? false;
        const [one, two] = [meant(scene, a), meant(scene, b)];
        expect([one.length, two.length]).toEqual([1, 1]);
        const fitting = meant(scene, what).filter(
          (index) => holds(index, way, one[0] ?? 0) && holds(index, other, two[0] ?? 0),
        );
        expect([prompt.text, fitting]).toEqual([prompt.text, [prompt.target]]);
      },
    );
    expect(count).toBe(of('compositional').length);
    expect(count).toBeGreaterThan(350);
  });
});

describe('misleading prompts', () => {
  it('name a box that is far from the target, in the words', () => {
    for (const { scene, prompt } of of('misleading')) {
      const hint = prompt.hint;
      if (!hint) throw new Error('a misleading prompt has no hint');
      expect(boxIou(hint, boxOf(scene, prompt.target ?? -1))).toBeLessThan(0.1);
      const inText = /\[(\d+), (\d+), (\d+), (\d+)\]/.exec(prompt.text)?.slice(1).map(Number) ?? [];
      const exact = [hint.x1, hint.y1, hint.x2, hint.y2];
      for (const [i, edge] of inText.entries()) expect(Math.abs(edge - (exact[i] ?? 0))).toBeLessThanOrEqual(1);
      expect(inText).toHaveLength(4);
    }
  });
});

describe('coarse prompts', () => {
  it('bring a mask that is near the true one but wrong', () => {
    for (const { scene, prompt } of of('coarse')) {
      const truth = visibleMask(scene, prompt.target ?? -1);
      const rough = prompt.coarse ?? new Uint8Array();
      expect(rough).toHaveLength(truth.length);
      const both = truth.filter((value, i) => value === 1 && rough[i] === 1).length;
      const either = truth.filter((value, i) => value === 1 || rough[i] === 1).length;
      expect(both / either).toBeGreaterThanOrEqual(0.4);
      expect(both / either).toBeLessThanOrEqual(0.88);
    }
  });
});

describe('implicit prompts', () => {
  it('describe one thing, and nothing that one could argue about is there', () => {
    for (const { scene, prompt } of of('implicit')) {
      const description = DESCRIPTIONS.find(({ says }) => prompt.text.replace(/\?$/, '').endsWith(` that ${says}`));
      const names = scene.things.map(({ name }) => name);
      const fitting = [...names.entries()]
        .filter(([, name]) => description?.names.includes(name))
        .map(([index]) => index);
      expect([prompt.text, fitting]).toEqual([prompt.text, [prompt.target]]);
      expect(names.filter((name) => description?.doubtful.includes(name))).toEqual([]);
      expect(wordsOf(prompt.text)).not.toContain(names[prompt.target ?? -1]);
    }
  });
});

describe('nothing', () => {
  it('asks for what is not there', () => {
    const kinds = new Set<string>();
    for (const { scene, prompt } of of('nothing')) {
      const description = DESCRIPTIONS.find(({ says }) => prompt.text.replace(/\?$/, '').endsWith(` that ${says}`));
      const words = wordsOf(prompt.text);
      const name = THINGS.map((kind) => kind.name).find((candidate) => words.includes(candidate)) ?? '';
      const there = meant(scene, name);
      const ordinal = ordinals.findIndex((word) => words.includes(word));
      if (description) {
        kinds.add('use');
        expect(scene.things.some((thing) => description.names.includes(thing.name))).toBe(false);
      } else if (there.length === 0) kinds.add('name');
      else if (ordinal >= 0) {
        kinds.add('count');
        expect(there.length).toBe(ordinal);
      } else {
        kinds.add('colour');
        const colours = there.map((index) => scene.things[index]?.colour ?? '');
        expect([prompt.text, colours.filter((colour) => words.includes(colour))]).toEqual([prompt.text, []]);
      }
    }
    expect([...kinds].toSorted()).toEqual(['colour', 'count', 'name', 'use']);
  });
});
