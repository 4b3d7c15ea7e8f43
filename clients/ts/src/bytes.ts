// Conversions between bytes, numbers, text and hashes.
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";

export type Bytes = Uint8Array<ArrayBuffer>;

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text) as Bytes;

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const hash = (...parts: Uint8Array[]): Bytes => digest(concat(...parts)) as Bytes;

export const keyedHash = (key: Uint8Array, message: Uint8Array): Bytes => hmac(digest, key, message) as Bytes;

/** bigEndian writes a number in size bytes. */
export function bigEndian(number: bigint | number, size: number): Bytes {
  const out = new Uint8Array(size);
  let rest = BigInt(number);
  for (let i = size - 1; i >= 0; i--) {
    out[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new RangeError(`${number} does not fit into ${size} bytes`);
  return out;
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export function fromHex(text: string): Bytes {
  if (text.length % 2 || /[^0-9a-fA-F]/.test(text)) throw new SyntaxError("it is not in hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((x, i) => x === b[i]);
