// Plain values as Python 2 pickled them: protocol 0 in lines of text, protocol 2 in bytes.

type Plain = string | number | null | readonly Plain[] | { readonly [key: string]: Plain };

export function pickled(value: Plain, protocol: 0 | 2): Buffer {
  const out: Buffer[] = protocol === 2 ? [Buffer.from([0x80, 2])] : [];
  let memo = 0;
  const put = (...parts: (string | Buffer)[]) => out.push(...parts.map((part) => Buffer.from(part)));
  // Python memorises every container and every text, whether it is used again or not.
  const kept = () => (protocol === 0 ? put(`p${memo++}\n`) : put('r', uint32(memo++)));
  const write = (each: Plain): void => {
    if (each === null) put('N');
    else if (typeof each === 'number') protocol === 0 ? put(`I${each}\n`) : put('J', uint32(each));
    else if (typeof each === 'string') {
      if (protocol === 0) put(`S${repr(each)}\n`);
      else put('T', uint32(Buffer.byteLength(each)), each);
      kept();
    } else if (Array.isArray(each)) {
      put(protocol === 0 ? '(l' : ']');
      kept();
      for (const one of each) {
        write(one);
        put('a');
      }
    } else {
      put(protocol === 0 ? '(d' : '}');
      kept();
      for (const [key, one] of Object.entries(each)) {
        write(key);
        write(one as Plain);
        put('s');
      }
    }
  };
  write(value);
  put('.');
  return Buffer.concat(out);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** Python's repr: double quotes around what has single ones alone. */
const repr = (text: string): string => {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return escaped.includes("'") && !escaped.includes('"') ? `"${escaped}"` : `'${escaped.replaceAll("'", "\\'")}'`;
};
