// The compressed table has the same content as the whole one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as unicode from "../dist/unicode.js";

test("every line of poa/unicode_v2.txt", () => {
  const hex = (field) => Number.parseInt(field, 16);
  const folds = new Map(),
    wholes = [];
  for (const line of readFileSync(new URL("../../../poa/unicode_v2.txt", import.meta.url), "ascii").split("\n")) {
    const [name, ...fields] = line.split(" ");
    const codes = fields.map(hex);
    if (name === "class") for (const code of [codes[0], codes[1]]) assert.equal(unicode.kindOf(code), fields[2], line);
    if (name === "order")
      for (const code of [codes[0], codes[1]]) assert.equal(unicode.orderOf(code), Number(fields[2]), line);
    if (name === "parts") assert.deepEqual(unicode.decompose(codes[0]), codes.slice(1), line);
    if (name === "clean") assert.deepEqual(unicode.clean.get(codes[0]), codes.slice(1), line);
    if (name === "fold") folds.set(codes[0], codes.slice(1));
    if (name === "whole") wholes.push(codes);
  }
  for (let code = 0; code < 0x110000; code++)
    assert.deepEqual(unicode.foldOf(code), folds.get(code), code.toString(16));
  for (const [first, second, whole] of wholes) assert.deepEqual(unicode.compose([first, second]), [whole]);
  assert.equal(unicode.kindOf(0xe000), undefined);
});
