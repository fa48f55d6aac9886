// What scenes may show: the name of each thing, its Noto icon, its family of look-alikes and the colours it may take.
import { COLOURS, type Colour } from './colours.ts';

export interface ThingKind {
  readonly name: string;
  readonly icon: string;
  readonly family: string;
  /** Empty: drawn as it is, and never called by a colour. */
  readonly colours: readonly Colour[];
}

// Members of a family may be mistaken for each other; no name is a kind of another name (no "taxi" beside "car").
const FAMILIES: Readonly<Record<string, string>> = {
  canine: 'dog fox wolf',
  feline: 'cat tiger lion',
  hoofed: 'horse zebra cow goat sheep pig',
  furry: 'rabbit koala panda hedgehog monkey elephant',
  bird: 'penguin duck owl parrot rooster',
  sea: 'dolphin octopus crab fish',
  reptile: 'turtle frog snake crocodile',
  insect: 'butterfly bee ladybug spider',
  fruit: 'apple pear lemon banana strawberry pineapple watermelon',
  vegetable: 'carrot tomato eggplant broccoli corn mushroom pepper',
  food: 'pizza hamburger taco hotdog cake donut cookie pretzel cheese',
  road: 'car bus truck tractor train ambulance scooter',
  boat: 'ship sailboat',
  aircraft: 'airplane helicopter rocket',
  instrument: 'guitar violin trumpet drum',
  ball: 'basketball volleyball baseball',
  tool: 'hammer axe screwdriver magnet key lock',
  device: 'camera telephone radio television laptop clock watch',
  light: 'bulb flashlight candle',
  home: 'umbrella teapot cup bucket chair bed bathtub hourglass',
  clothing: 'shirt dress shoe scarf cap helmet crown',
  bag: 'backpack handbag',
  toy: 'balloon gift dice teddy robot',
  plant: 'cactus rose tulip sunflower tree',
  building: 'house lighthouse tent',
  symbol: 'heart star shell anchor bell trophy',
  paper: 'book envelope mailbox pencil yarn',
};

// Where the icon is not called as the thing: thing=icon.
const ICONS = new Map(
  [
    'sheep=ewe bee=honeybee ladybug=lady-beetle fish=tropical-fish apple=red-apple corn=ear-of-corn',
    'pepper=bell-pepper hotdog=hot-dog cake=birthday-cake donut=doughnut cheese=cheese-wedge car=automobile',
    'truck=pickup-truck scooter=motor-scooter lock=locked clock=alarm-clock bulb=light-bulb cup=hot-beverage',
    'hourglass=hourglass-done shirt=t-shirt shoe=running-shoe cap=billed-cap helmet=rescue-workers-helmet',
    'gift=wrapped-gift dice=game-die teddy=teddy-bear tree=deciduous-tree heart=red-heart shell=spiral-shell',
    'book=closed-book mailbox=postbox',
  ].flatMap((line) =>
    line.split(' ').map((pair): [string, string] => [pair.replace(/=.*/, ''), pair.replace(/.*=/, '')]),
  ),
);

// Only icons of one dominant saturated hue; tests/scenes/atlas.test.ts measures every pair.
const ANY_COLOUR = [
  'car truck scooter umbrella telephone clock teapot bucket shirt dress shoe scarf cap helmet backpack',
  'balloon gift heart star book mailbox yarn guitar screwdriver flashlight magnet tent butterfly sailboat',
  'drum',
].flatMap((line) => line.split(' '));
const SOME_COLOURS: Readonly<Record<string, readonly Colour[]>> = {
  apple: ['red', 'green', 'yellow'],
  pepper: ['red', 'orange', 'yellow', 'green'],
  rose: ['red', 'orange', 'yellow', 'pink', 'purple'],
  tulip: ['red', 'orange', 'yellow', 'pink', 'purple'],
};

const coloursOf = (name: string): readonly Colour[] =>
  ANY_COLOUR.includes(name) ? COLOURS : (SOME_COLOURS[name] ?? []);

export const familyMembers = (family: string): readonly string[] => FAMILIES[family]?.split(' ') ?? [];

export const THINGS: readonly ThingKind[] = Object.keys(FAMILIES).flatMap((family) =>
  familyMembers(family).map((name) => ({ name, icon: ICONS.get(name) ?? name, family, colours: coloursOf(name) })),
);

const byName = new Map(THINGS.map((kind) => [kind.name, kind]));

export function kindOf(name: string): ThingKind {
  const kind = byName.get(name);
  if (!kind)
    throw new Error(`scenes: there is no thing called "${name}"; the names are those of main/scenes/things.ts`);
  return kind;
}
