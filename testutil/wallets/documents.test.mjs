// What CosmJS signs for every message is what nodes verify: app/signing/testdata/sign_documents.json.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeSignDoc, serializeSignDoc } from "@cosmjs/amino";
import { amino, aminoName, lookup } from "./schema.mjs";

const documents = JSON.parse(readFileSync(new URL("../../app/signing/testdata/sign_documents.json", import.meta.url), "utf8"));

for (const { type, case: name, value, sign } of documents) {
  test(`${type} ${name}`, () => {
    const message = lookup(type);
    const json = amino(message, message.decode(Buffer.from(value, "base64")));
    const { fee, chain_id, memo, account_number, sequence } = JSON.parse(sign);
    const document = makeSignDoc([{ type: aminoName(message), value: json }], fee, chain_id, memo, account_number, sequence);
    assert.equal(Buffer.from(serializeSignDoc(document)).toString(), sign);
  });
}

test("there are documents", () => assert.ok(documents.length > 80, `${documents.length}`));
