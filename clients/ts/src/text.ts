// Tokens of a text, the marks of its sentences, and what clean text is: poa/README.md, sections 1 and 4b.
import { alphabetOf, OTHER, Word } from "./alphabets.js";
import { hash, utf8 } from "./bytes.js";
import { STOP_WORDS } from "./stopwords.js";
import { clean, compose, composes, decompose, foldOf, unclean, kindOf, orderOf, VIRAMA, type Kind } from "./unicode.js";

const MAX_MARKS = 12,
  MAX_BLANKS = 64,
  SOFT_HYPHEN = 0xad,
  HYPHEN = 0x2010;

/** Token is a token of a text: its place, in code points, and its id. */
export interface Token {
  start: number;
  end: number;
  id: bigint;
}

const codesOf = (text: string): number[] => Array.from(text, (c) => c.codePointAt(0) as number);

/** tokenize cuts text into canonical tokens. */
export function tokenize(text: string): Token[] {
  const codes = codesOf(text),
    out: Token[] = [];
  for (let [start, end] = next(codes, 0); start < end; [start, end] = next(codes, end)) {
    out.push({ start, end, id: tokenId(codes.slice(start, end)) });
  }
  return out;
}

/** tokenId is the first eight bytes of SHA-256 of the folded token. */
function tokenId(codes: number[]): bigint {
  return new DataView(hash(utf8(fold(codes))).buffer).getBigUint64(0);
}

/** fold returns a token in small letters in form NFC, without invisible characters. */
function fold(codes: number[]): string {
  const out: number[] = [];
  for (const code of codes) {
    const kind = kindOf(code);
    if (!kind || !"LSMG".includes(kind)) continue;
    if (code >= 0x41 && code <= 0x5a) out.push(code + 0x20);
    else out.push(...(foldOf(code) ?? decompose(code)));
  }
  let letter = 0;
  const undotted = out.filter((code) => {
    if (orderOf(code) === 0) letter = code;
    else if (code === 0x307 && (letter === 0x69 || letter === 0x6a)) return false;
    return true;
  });
  return String.fromCodePoint(...compose(undotted));
}

function next(codes: number[], i: number): [number, number] {
  for (; i < codes.length; i++) {
    const kind = kindOf(codes[i] as number);
    if (kind === "L") return [i, wordEnd(codes, i)];
    if (kind === "S") return [i, aloneEnd(codes, i + 1)];
  }
  return [codes.length, codes.length];
}

function wordEnd(codes: number[], i: number): number {
  let end = i,
    alphabet = OTHER,
    marks = 0,
    letter = false;
  while (i < codes.length) {
    const code = codes[i] as number,
      kind = kindOf(code);
    if (kind === "L") {
      const here = alphabetOf(code);
      if (here !== OTHER) {
        if (alphabet !== OTHER && here !== alphabet) return end;
        alphabet = here;
      }
      end = ++i;
      marks = 0;
      letter = code < 0x30 || code > 0x39;
    } else if (kind === "M" || kind === "G") {
      if (++marks > MAX_MARKS) return end;
      end = ++i;
    } else if (kind === "I" || kind === "J" || kind === "F") {
      i = (code === SOFT_HYPHEN && letter ? overLineEnd(codes, i + 1) : 0) || i + 1;
    } else {
      const after = (code === 0x2d || code === HYPHEN) && letter ? overLineEnd(codes, i + 1) : 0;
      if (!after) return end;
      i = after;
    }
  }
  return end;
}

/** overLineEnd returns where a word continues after a hyphen at the end of a line, or 0. */
function overLineEnd(codes: number[], i: number): number {
  let lines = 0;
  for (const limit = i + MAX_BLANKS; i < codes.length && i < limit; i++) {
    const code = codes[i] as number;
    if (code === 0x20 || code === 0x09 || code === 0x0d) continue;
    if (code === 0x0a) {
      if (++lines > 1) return 0;
      continue;
    }
    if (lines === 0) return 0;
    if (code < 0x80) return code >= 0x61 && code <= 0x7a ? i : 0;
    return kindOf(code) === "L" && !foldOf(code) ? i : 0;
  }
  return 0;
}

function aloneEnd(codes: number[], i: number): number {
  let end = i,
    marks = 0,
    stacked = false;
  while (i < codes.length && (codes[i] as number) >= 0x80) {
    const code = codes[i] as number,
      kind = kindOf(code);
    if (kind === "M" || kind === "G") stacked ||= kind === "G";
    else if (kind === "S" && (stacked || composes(code))) stacked = false;
    else if (kind === "I" || kind === "J") {
      i++;
      continue;
    } else return end;
    if (++marks > MAX_MARKS) return end;
    end = ++i;
  }
  return end;
}

const STOPS = new Set("\n\r\u2028\u2029\u0085。！？｡।॥؟۔።។၊။…");

/** marksOf returns the mark of each token: 1 if a sentence starts with it, 2 if one ends with it, 3 for both, or 0. */
export function marksOf(text: string): number[] {
  const codes = codesOf(text),
    out: number[] = [];
  let last = 0;
  for (const { start, end } of tokenize(text)) {
    if (out.length === 0) out.push(1);
    else if (breaks(codes.slice(last, start))) {
      out[out.length - 1] = (out[out.length - 1] as number) | 2;
      out.push(1);
    } else out.push(0);
    last = end;
  }
  if (out.length) out[out.length - 1] = (out[out.length - 1] as number) | 2;
  return out;
}

let stopIds: Set<bigint> | undefined;

/** weightOf returns a text's weight: 13/8 a word, 4/8 a letter of a script without spaces, nothing for stop words. */
export function weightOf(text: string): number {
  stopIds ??= new Set(
    STOP_WORDS.trim()
      .split(/\s+/)
      .map((word) => tokenId(codesOf(word))),
  );
  const codes = codesOf(text);
  let eighths = 0;
  for (const { start, end, id } of tokenize(text)) {
    if (stopIds.has(id)) continue;
    const first = fold(codes.slice(start, end)).codePointAt(0) as number;
    eighths += first >= 0x80 && kindOf(first) === "S" ? 4 : 13;
  }
  return Math.floor(eighths / 8);
}

function breaks(gap: number[]): boolean {
  let stop = false;
  for (const code of gap) {
    if (STOPS.has(String.fromCodePoint(code))) return true;
    if (code === 0x2e || code === 0x21 || code === 0x3f) stop = true;
    else if (stop && (code === 0x20 || code === 0x09 || kindOf(code) === "Z" || kindOf(code) === "N")) return true;
  }
  return false;
}

const JOINERS: [number, number][] = [
  [0x0600, 0x074f],
  [0x0750, 0x077f],
  [0x07c0, 0x07ff],
  [0x0840, 0x08ff],
  [0x0900, 0x0dff],
  [0x0f00, 0x109f],
  [0x1780, 0x18af],
  [0x1a20, 0x1aaf],
  [0x1b00, 0x1c4f],
  [0xa840, 0xa87f],
  [0xa8e0, 0xa8ff],
  [0xa980, 0xa9ff],
  [0xaa60, 0xaa7f],
  [0x10a00, 0x10fff],
  [0x11000, 0x11fff],
  [0x1e900, 0x1e95f],
];
const SYMBOLS: [number, number][] = [
  [0x23, 0x23],
  [0x2a, 0x2a],
  [0x30, 0x39],
  [0xa9, 0xa9],
  [0xae, 0xae],
  [0x203c, 0x203c],
  [0x2049, 0x2049],
  [0x2122, 0x2122],
  [0x2139, 0x2139],
  [0x2190, 0x2bff],
  [0x3030, 0x3030],
  [0x303d, 0x303d],
  [0x3297, 0x3297],
  [0x3299, 0x3299],
  [0x1f000, 0x1faff],
];
const within = (ranges: [number, number][], code: number): boolean => ranges.some(([a, b]) => code >= a && code <= b);
const scriptLetter = (code: number): boolean => within(JOINERS, code) && "LSMG".includes(kindOf(code) ?? "?");

function mayFollow(previous: number, code: number): boolean {
  if (code === 0xfe0e || code === 0xfe0f) return within(SYMBOLS, previous);
  if (code === 0x200d)
    return previous === 0xfe0f || (previous >= 0x2190 && within(SYMBOLS, previous)) || scriptLetter(previous);
  if (code === 0x200c) return scriptLetter(previous);
  return previous >= 0x1800 && previous <= 0x18af;
}

const joins = (previous: number, code: number): boolean =>
  scriptLetter(previous) ? scriptLetter(code) : code >= 0x2190 && within(SYMBOLS, code);

/** TextProblem says where a text is not clean. An answer with such text is not acknowledged. */
export interface TextProblem {
  code: "invalid_utf8" | "forbidden_code_point" | "mixed_script";
  position: number; // of a code point
}

/** checkText returns the first problem of a text that is not clean, or undefined. */
export function checkText(text: string): TextProblem | undefined {
  let previous = 0,
    joined = 0,
    first = 0,
    run: number[] = [];
  const word = new Word(),
    codes = codesOf(text);
  for (const [position, code] of codes.entries()) {
    if (code >= 0xd800 && code <= 0xdfff) return { code: "invalid_utf8", position };
    const kind = kindOf(code);
    if (refused(code, kind, previous, joined, first, run)) return { code: "forbidden_code_point", position };
    if (!word.next(code, kind)) return { code: "mixed_script", position };
    joined = 0;
    if (kind === "J" && orderOf(previous) !== VIRAMA) [joined, first] = [code, previous];
    run = composes(code) && run.length ? [...run, code] : [code];
    previous = code;
  }
  return joined ? { code: "forbidden_code_point", position: codes.length - 1 } : undefined;
}

function refused(code: number, kind: Kind, previous: number, joined: number, first: number, run: number[]): boolean {
  if (joined && !joins(first, code)) return true;
  if (!kind || "NZIB".includes(kind)) return true;
  if ("JVF".includes(kind) && (joined || !mayFollow(previous, code))) return true;
  if (unclean(code) || clean.has(code)) return true;
  if (!composes(code) || run.length === 0) return false;
  if (run.length >= MAX_MARKS + 1) return true;
  const composed = compose([...run, code].flatMap(decompose));
  return composed.length !== run.length + 1 || composed.some((c, i) => c !== (run[i] ?? code));
}
