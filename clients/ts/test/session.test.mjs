// The check of answers without a gateway: every answer that is wrong is an AnswerError that says why.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import * as ol from "../dist/index.js";

const seed = new Uint8Array(32).fill(7),
  callKey = new Uint8Array(32).fill(1);
const request = { messages: [{ role: "user", content: "Why does hair grow?" }] };
const terms = {
  chainId: "test-1",
  gateway: "http://gateway",
  id: "22".repeat(32),
  provider: "open1provider",
  modelId: "1",
  modelVersion: 1,
  answerKey: ol.hex(ed25519.getPublicKey(seed)),
  price: { input: "1000", output: "1000", royalty: "10" },
};
const pending = { request, paid: { n: 1, call_key: ol.hex(callKey), max_fee: "100" }, shown: "" };
const state = { ...ol.begin("33".repeat(32), terms), pending };

/** answer returns a sound answer, with some fields of its proof replaced. */
function answer(text, fields = {}) {
  const outcome = { answerRoot: ol.answerRoot(callKey, text), inputTokens: 4, outputTokens: 2, fee: 16n };
  const signed = ol.answerBytes(terms.chainId, ol.fromHex(terms.id), 1n, outcome);
  const proof = {
    session: terms.id,
    n: 1,
    answer_root: ol.hex(outcome.answerRoot),
    input_tokens: 4,
    output_tokens: 2,
    fee: "16",
    answer_signature: ol.base64(ed25519.sign(signed, seed)),
    sources: [],
    ...fields,
  };
  return { message: { role: "assistant", content: text }, text, unproved: "", finish: "stop", proof };
}

test("a sound answer", () => {
  assert.equal(ol.check(state, answer("Hair grows.")).fee, 16n);
});

test("wrong answers", () => {
  for (const [fields, why] of [
    [{ session: "11".repeat(32) }, /belongs to another call/],
    [{ n: 2 }, /belongs to another call/],
    [{ gap: true }, /but it charges/],
    [{ answer_root: "00".repeat(32) }, /the root of another text/],
    [{ input_tokens: 5 }, /bills other tokens/],
    [{ fee: "17" }, /costs more than the price/],
    [{ answer_signature: null }, /not signed by the provider/],
    [{ answer_signature: "AAAA" }, /not signed by the provider/],
    [{ answer_signature: ol.base64(new Uint8Array(64)) }, /not signed by the provider/],
  ])
    assert.throws(
      () => ol.check(state, answer("Hair grows.", fields)),
      (error) => error instanceof ol.AnswerError && why.test(error.message) && error.message.startsWith("the answer "),
      JSON.stringify(fields),
    );
  const hidden = answer("Hair gr\u200bows.");
  assert.throws(() => ol.check(state, hidden), /hides words from attribution: forbidden_code_point/);
});

test("a gateway that refuses to list its models", async (context) => {
  const refusal = { error: { code: "rate_limited", message: "too many requests" } };
  context.mock.method(globalThis, "fetch", async () => new Response(JSON.stringify(refusal), { status: 429 }));
  const keep = () => assert.fail("nothing was opened");
  await assert.rejects(
    new ol.Chain("http://node", "test-1").open({ address: "open1payer" }, "http://gateway/", 1n, {}, keep),
    (error) => error instanceof ol.GatewayError && error.status === 429 && error.code === "rate_limited",
  );
});
