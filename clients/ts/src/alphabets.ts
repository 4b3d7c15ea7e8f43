// Which alphabets may be mixed in a word: Latin and Greek letters, in the forms that names of genes and units have.
import { foldOf, plain, type Kind } from "./unicode.js";

export const OTHER = 0,
  LATIN = 1,
  GREEK = 2;

const within = (code: number, ...ranges: [number, number][]): boolean =>
  ranges.some(([first, last]) => code >= first && code <= last);

/** alphabetOf returns LATIN, GREEK or OTHER: the alphabet of a code point, which may be any form of a letter. */
export function alphabetOf(code: number): number {
  code = plain(code);
  if (code < 0x80) return within(code, [0x41, 0x5a], [0x61, 0x7a]) ? LATIN : OTHER;
  if (code === 0xb5 || within(code, [0x370, 0x3e1], [0x3f0, 0x3ff], [0x1f00, 0x1fff])) return GREEK;
  if (code === 0xd7 || code === 0xf7) return OTHER;
  return within(code, [0xc0, 0x2af], [0x1e00, 0x1eff], [0x2c60, 0x2c7f], [0xa720, 0xa7ff]) ? LATIN : OTHER;
}

type Script = "none" | "latin" | "greek" | "cyrillic" | "armenian" | "cherokee" | "coptic";

function scriptOf(code: number): Script {
  const alphabet = alphabetOf(code);
  if (alphabet === LATIN) return "latin";
  if (code !== 0xb5 && alphabet === GREEK) return "greek";
  if (within(code, [0x400, 0x52f], [0x1c80, 0x1c8f], [0x2de0, 0x2dff], [0xa640, 0xa69f])) return "cyrillic";
  if (within(code, [0x531, 0x58a])) return "armenian";
  if (within(code, [0x13a0, 0x13ff], [0xab70, 0xabbf])) return "cherokee";
  return within(code, [0x2c80, 0x2cff], [0x3e2, 0x3ef]) ? "coptic" : "none";
}

const LIKE = "αγεηικνρστχω"; // Greek letters that look like Latin ones
const SIGNS = "ΓΔΘΛΞΠΣΦΨΩβδζθλμξπφψϑϕϵϰϱϖ"; // Greek letters that do not
// Words that may stand directly before a Greek letter, and directly after one.
const HEADS = "cronbach interferon integrin casein kinase fc tocopherol amyloid thalassemia methyl receptor".split(" ");
const TAILS = (
  "max min eff obs rel ref crit abs syn synuclein actin tubulin globulin catenin tocopherol carotene helix " +
  "terpinene casein ketoglutarate fetoprotein linolenic p r s x y z n k"
).split(" ");
const MOST_GREEK = 3,
  MOST_RUN = 2,
  MOST_LATIN = 14;

/** Word follows the alphabets of one word. */
export class Word {
  private script: Script = "none";
  private greek = 0; // Greek letters so far
  private run = 0; // of these, in a row before here
  private letters = false; // a Greek letter was in neither list
  private like = false; // the last run has a letter that looks Latin
  private before = "start";
  private last = "start";
  private capitals = false;
  private latin: string[] = [];
  private smalls = 0;

  /** next takes the next code point, and reports whether it may stand in the word. */
  next(code: number, kind: Kind): boolean {
    if (kind && "MGJVF".includes(kind)) return true;
    if (kind !== "L") {
      Object.assign(this, new Word());
      return true;
    }
    const script = scriptOf(code);
    if (script === "none") {
      if (code >= 0x30 && code <= 0x39) this.last = "digit";
      [this.run, this.latin, this.smalls, this.like] = [0, [], 0, false];
      return true;
    }
    if (this.script === "none" || this.script === script) this.script = script;
    else if ([this.script, script].sort().join() === "greek,latin") {
      this.script = "latin"; // from here on both
      if (script === "latin" && (this.letters || this.greek > MOST_GREEK || this.run > MOST_RUN)) return false;
    } else return false;
    if (script === "greek") return this.nextGreek(code, this.script === "latin");
    return script === "latin" ? this.nextLatin(code) : true;
  }

  private nextGreek(code: number, mixed: boolean): boolean {
    const letter = String.fromCodePoint(code),
      like = LIKE.includes(letter);
    if (this.run === 0) [this.before, this.like] = [this.last, false];
    this.greek++;
    this.run++;
    this.letters ||= !like && !SIGNS.includes(letter);
    this.like ||= like;
    const smalls = this.smalls;
    [this.last, this.smalls] = ["greek", 0];
    if (!mixed) return true;
    if (this.letters || this.greek > MOST_GREEK || this.run > MOST_RUN) return false;
    return (
      !like || this.before !== "small" || (smalls === 1 && this.capitals) || this.run > 1 || this.listed(HEADS, false)
    );
  }

  private nextLatin(code: number): boolean {
    const small = (code >= 0x61 && code <= 0x7a) || (code >= 0x80 && !foldOf(code));
    const afterGreek = this.greek > 0 && this.like;
    if (this.last === "greek") [this.latin, this.smalls] = [[], 0];
    this.latin.push(code < 0x80 ? String.fromCharCode(code | 0x20) : "\0");
    this.run = 0;
    if (!small) {
      [this.last, this.smalls, this.capitals, this.like] = ["capital", 0, true, false];
      return true;
    }
    this.smalls++;
    this.last = "small";
    if (!afterGreek) return true;
    if (this.before === "start") return this.listed(TAILS, true);
    return this.before !== "small" && this.smalls <= 1;
  }

  private listed(words: string[], prefix: boolean): boolean {
    const word = this.latin.join("");
    return this.latin.length <= MOST_LATIN && words.some((one) => (prefix ? one.startsWith(word) : one === word));
  }
}
