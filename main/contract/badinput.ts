// The failure that the person can mend: a file, option or sentence that cannot be used, said in one line.

/** Thrown wherever untrusted input is refused; its message names the thing and the reason. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}
