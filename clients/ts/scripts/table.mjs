// Writes the table of code points (poa/unicode_v2.txt) in a form that compresses well.
import { readFileSync, writeFileSync } from "node:fs";

const text = readFileSync(new URL("../../../poa/unicode_v2.txt", import.meta.url), "ascii");
const lists = { class: [], order: [], parts: [], clean: [], fold: [], whole: [] };
for (const line of text.split("\n")) {
  const [name, ...fields] = line.split(" ");
  if (lists[name]) lists[name].push(fields);
}
const hex = (field) => Number.parseInt(field, 16);
const short = (number) => number.toString(36);

// Of each range: its distance from the end of the range before, its length, and its value.
const ranges = (list) => {
  let at = 0;
  return list.map(([first, last, what]) => {
    const line = `${short(hex(first) - at)} ${short(hex(last) - hex(first))} ${what}`;
    at = hex(last);
    return line;
  });
};
// Of each entry of a map: the distance of its key from the key before, and each value minus the key.
const maps = (list) => {
  let at = 0;
  return list.map(([key, ...values]) => {
    const line = [hex(key) - at, ...values.map((value) => hex(value) - hex(key))].map(short).join(" ");
    at = hex(key);
    return line;
  });
};
const pairs = (list) => {
  let at = 0;
  return list.map(([first, second, whole]) => {
    const line = [hex(first) - at, hex(second), hex(whole) - hex(first)].map(short).join(" ");
    at = hex(first);
    return line;
  });
};

// Folds that can be derived are left out: those of a code point whose parts have that fold. src/unicode.ts derives them
// again; a test compares the result with the whole table.
const codes = (list) => new Map(list.map(([key, ...values]) => [hex(key), values.map(hex)]));
const parts = codes(lists.parts),
  clean = codes(lists.clean),
  folds = codes(lists.fold);
const kinds = lists.class.map(([first, last, what]) => [hex(first), hex(last), what]);
const lettered = (code) => "LSMG".includes(kinds.find(([first, last]) => code >= first && code <= last)?.[2] ?? "?");
const small = (code) => (code >= 0x41 && code <= 0x5a ? [code + 0x20] : (folds.get(code) ?? parts.get(code) ?? [code]));
const derived = (code) => {
  const stands = clean.get(code) ?? parts.get(code);
  if (!stands || !lettered(code)) return undefined;
  const folded = stands.flatMap((one) => parts.get(one) ?? [one]).flatMap(small);
  return String(folded) === String(parts.get(code) ?? [code]) ? undefined : folded;
};
const candidates = new Set([...clean.keys(), ...parts.keys()]);
const foldList = lists.fold.filter(([key, ...values]) => String(derived(hex(key))) !== String(values.map(hex)));
// An empty list says that nothing may be derived for this code point.
for (const code of [...candidates].sort((a, b) => a - b)) {
  if (derived(code) && !folds.has(code)) foldList.push([code.toString(16)]);
}
foldList.sort(([a], [b]) => hex(a) - hex(b));
const tables = {
  kinds: ranges(lists.class),
  orders: ranges(lists.order),
  parts: maps(lists.parts),
  clean: maps(lists.clean),
  fold: maps(foldList),
  whole: pairs(lists.whole),
};
console.error(`folds: ${foldList.length} of ${lists.fold.length}`);
const out = Object.entries(tables).map(([name, lines]) => `export const ${name} = "${lines.join(",")}";\n`);
writeFileSync(new URL("../src/gen/table.ts", import.meta.url), out.join(""));
