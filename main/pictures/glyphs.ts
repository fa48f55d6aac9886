// Holds printable ASCII as 5 x 7 dots, so that labels need no installed font.

const WIDTH = 5;
const HEIGHT = 7;
/** Seven base-32 digits a character from space to tilde: one digit a row, its highest bit on the left. */
const ROWS = [
  '0000000 4444404 aa00000 aavavaa 4fke5u4 op248j3 cik8lid 4400000 2488842 8422248 04lel40 044v440 0000648 000v000',
  '00000cc 01248g0 ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888 ehhehhe ehhf12c 0cc0cc0 0cc0c48',
  '248g842 00v0v00 8421248 eh12404 ehnlnge ehhvhhh uhhuhhu ehggghe sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e',
  '72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla',
  'hha4ahh hhha444 v1248gv e88888e 0g84210 e22222e 4ah0000 000000v 8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge',
  '698s888 0fhhf1e ggmphhh 40c444e 20622ic ggikoki c44444e 00qllhh 00mphhh 00ehhhe 00uhugg 00djf11 00mpggg 00ege1u',
  '88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhf1e 00v248v 2448442 4444444 8442448 008l200',
].flatMap((line) => line.split(' '));
const UNKNOWN = 'vhhhhhv';

/** Dots of advance per character and of height per line, before scaling. */
export const glyphAdvance = WIDTH + 1;
export const glyphHeight = HEIGHT;

/** Accents dropped, everything else outside ASCII kept as it is (and drawn as an empty frame). */
export const plain = (text: string): string => text.normalize('NFKD').replace(/\p{Mn}/gu, '');

/** Calls `dot` with the column and row of every dot of one line of text. */
export function eachDot(text: string, dot: (column: number, row: number) => void): void {
  for (const [index, char] of [...text].entries()) {
    const rows = ROWS[(char.codePointAt(0) ?? 0) - 32] ?? UNKNOWN;
    for (let row = 0; row < HEIGHT; row++) {
      const bits = Number.parseInt(rows[row] ?? '0', 32);
      for (let column = 0; column < WIDTH; column++) {
        if (bits & (1 << (WIDTH - 1 - column))) dot(index * glyphAdvance + column, row);
      }
    }
  }
}
