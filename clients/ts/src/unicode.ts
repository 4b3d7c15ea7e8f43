// The table of code points of NormVersion 2, Unicode 15.0.0, which poa/unicode_v2.txt fixes.
import * as packed from "./gen/table.js";

/** Kind is the class of a code point; undefined is forbidden. */
export type Kind = "L" | "S" | "M" | "G" | "P" | "Z" | "N" | "I" | "J" | "V" | "F" | "B" | undefined;

export const VIRAMA = 9;
const HANGUL = 0xac00,
  LEAD = 0x1100,
  VOWEL = 0x1161,
  TAIL = 0x11a7;
const LEADS = 19,
  VOWELS = 21,
  TAILS = 28,
  SYLLABLES = LEADS * VOWELS * TAILS;

interface Range<T> {
  first: number;
  last: number;
  what: T;
}

const number = (text: string | undefined): number => Number.parseInt(text ?? "", 36);

function ranges<T>(text: string, read: (what: string) => T): Range<T>[] {
  let at = 0;
  return text.split(",").map((line) => {
    const [gap, length, what] = line.split(" ");
    const first = at + number(gap);
    at = first + number(length);
    return { first, last: at, what: read(what ?? "") };
  });
}

function find<T>(list: Range<T>[], code: number): T | undefined {
  let low = 0,
    high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = list[middle] as Range<T>;
    if (code < range.first) high = middle;
    else if (code > range.last) low = middle + 1;
    else return range.what;
  }
  return undefined;
}

function map(text: string): Map<number, number[]> {
  let at = 0;
  return new Map(
    text.split(",").map((line) => {
      const [gap, ...values] = line.split(" ").map(number);
      at += gap ?? 0;
      return [at, values.map((value) => value + at)];
    }),
  );
}

const kinds = ranges(packed.kinds, (what) => what as Kind);
const orders = ranges(packed.orders, (what) => Number.parseInt(what, 10));
const parts = map(packed.parts);
export const clean = map(packed.clean);
const folds = map(packed.fold); // those that cannot be derived; an empty list says that the code point has none
const derived = new Map<number, number[] | undefined>();
const whole = new Map<string, number>();
const backs = new Set<number>();
{
  let at = 0;
  for (const line of packed.whole.split(",")) {
    const [gap, second, more] = line.split(" ").map(number) as [number, number, number];
    at += gap;
    whole.set(`${at} ${second}`, at + more);
    backs.add(second);
  }
}

export const kindOf = (code: number): Kind => find(kinds, code);
export const orderOf = (code: number): number => find(orders, code) ?? 0;

/** composes reports whether a code point may compose with the one before it. */
export const composes = (code: number): boolean =>
  backs.has(code) ||
  orderOf(code) !== 0 ||
  (code >= VOWEL && code < VOWEL + VOWELS) ||
  (code >= TAIL && code < TAIL + TAILS);

/** decompose returns the canonical decomposition of a code point, not reordered. */
export function decompose(code: number): number[] {
  const s = code - HANGUL;
  if (s < 0 || s >= SYLLABLES) return parts.get(code) ?? [code];
  const out = [LEAD + Math.floor(s / (VOWELS * TAILS)), VOWEL + Math.floor((s % (VOWELS * TAILS)) / TAILS)];
  return s % TAILS ? [...out, TAIL + (s % TAILS)] : out;
}

/** foldOf returns the small letters that fold writes for a code point, if they differ from its decomposition. */
export function foldOf(code: number): number[] | undefined {
  const listed = folds.get(code);
  if (listed) return listed.length ? listed : undefined;
  const stands = clean.get(code) ?? parts.get(code);
  if (!stands) return undefined;
  if (!derived.has(code)) derived.set(code, derive(code, stands));
  return derived.get(code);
}

function derive(code: number, stands: number[]): number[] | undefined {
  if (!"LSMG".includes(kindOf(code) ?? "?")) return undefined;
  const small = (one: number): number[] =>
    one >= 0x41 && one <= 0x5a ? [one + 0x20] : (foldOf(one) ?? parts.get(one) ?? [one]);
  const folded = stands.flatMap((one) => parts.get(one) ?? [one]).flatMap(small);
  return String(folded) === String(parts.get(code) ?? [code]) ? undefined : folded;
}

/** compose turns decomposed text into Unicode's form NFC. */
export function compose(codes: number[]): number[] {
  const sorted = [...codes];
  for (let i = 1; i < sorted.length; i++) {
    // a stable sort: marks of the same order keep their places
    const code = sorted[i] as number,
      order = orderOf(code);
    let j = i;
    while (order && j > 0 && orderOf(sorted[j - 1] as number) > order) {
      sorted[j] = sorted[j - 1] as number;
      sorted[--j] = code;
    }
  }
  const out: number[] = [];
  let starter = -1,
    last = 0;
  for (const code of sorted) {
    const order = orderOf(code);
    if (starter >= 0 && (out.length - 1 === starter || last < order)) {
      const joined = pair(out[starter] as number, code);
      if (joined !== undefined) {
        out[starter] = joined;
        continue;
      }
    }
    if (order === 0) starter = out.length;
    last = order;
    out.push(code);
  }
  return out;
}

function pair(a: number, b: number): number | undefined {
  if (a >= LEAD && a < LEAD + LEADS && b >= VOWEL && b < VOWEL + VOWELS) {
    return HANGUL + ((a - LEAD) * VOWELS + b - VOWEL) * TAILS;
  }
  const s = a - HANGUL;
  if (s >= 0 && s < SYLLABLES && s % TAILS === 0 && b > TAIL && b < TAIL + TAILS) return a + b - TAIL;
  return whole.get(`${a} ${b}`);
}

const forms = new Set<number>(clean.keys()); // code points that are forms of others
for (const [code, list] of parts) {
  const composed = compose(list);
  if (composed.length !== 1 || composed[0] !== code) forms.add(code);
}

/** unclean reports whether a code point is a form of another, which clean text has instead. */
export const unclean = (code: number): boolean => forms.has(code);

/** plain returns the first code point of what an unclean one stands for, and others as they are. */
export const plain = (code: number): number =>
  (clean.get(code) ?? (forms.has(code) ? parts.get(code) : undefined))?.[0] ?? code;
