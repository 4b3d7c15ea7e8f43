// Addresses, such as open1…
import type { Bytes } from "./bytes.js";

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/** decodeAddress returns the bytes of an address. It throws if the text is not an address. */
export function decodeAddress(address: string): Bytes {
  const text = address.toLowerCase(),
    split = text.lastIndexOf("1");
  const prefix = text.slice(0, split),
    data = Array.from(text.slice(split + 1), (c) => CHARSET.indexOf(c));
  const codes = Array.from(prefix, (c) => c.charCodeAt(0));
  if (
    split < 1 ||
    data.length < 6 ||
    data.includes(-1) ||
    checksum([...codes.map((c) => c >> 5), 0, ...codes.map((c) => c & 31), ...data]) !== 1
  ) {
    throw new SyntaxError(`"${address}" is not an address`);
  }
  const out: number[] = [];
  let bits = 0,
    value = 0;
  for (const five of data.slice(0, -6)) {
    value = ((value << 5) | five) & 0xfff;
    bits += 5;
    if (bits >= 8) out.push((value >> (bits -= 8)) & 255);
  }
  return Uint8Array.from(out);
}

function checksum(values: number[]): number {
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].forEach((generator, i) => {
      if ((top >> i) & 1) check ^= generator;
    });
  }
  return check;
}
