// This client computes what the chain's own code computes: clients/vectors/vectors.json.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import * as ol from "../dist/index.js";

const read = (path) => JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
const vectors = read("clients/vectors/vectors.json");
const { fromHex, hex } = ol;
const callKey = fromHex(vectors.call_key);
const priceOf = ({ input, output, royalty }) => ({
  input: BigInt(input),
  output: BigInt(output),
  royalty: BigInt(royalty),
});

test("texts", () => {
  for (const v of vectors.texts) {
    assert.deepEqual(
      ol.tokenize(v.text).map(({ id }) => id.toString(16).padStart(16, "0")),
      v.ids,
      v.text,
    );
    assert.deepEqual(ol.marksOf(v.text), v.marks, v.text);
    assert.equal(hex(ol.answerRoot(callKey, v.text)), v.span_root, v.text);
    assert.equal(hex(ol.answerRoot(callKey, v.text, ol.MEANING)), v.meaning_root, v.text);
    assert.equal(ol.checkText(v.text)?.code ?? "", v.error, JSON.stringify(v.text));
  }
});

test("a session", () => {
  const s = vectors.session;
  assert.equal(hex(ed25519.getPublicKey(fromHex(s.seed))), s.public_key);
  let head = ol.NO_HASH,
    last = ol.noOutcome;
  for (const c of s.calls) {
    const call = c.max_fee === "0" ? ol.ACK_CALL : ol.callHash(fromHex(c.query_hash), BigInt(c.max_fee));
    head = ol.nextHash(head, call, last);
    assert.equal(hex(call), c.call);
    assert.equal(hex(head), c.head);
    const bytes = ol.voucherBytes({
      chainId: s.chain_id,
      session: fromHex(s.id),
      provider: fromHex(s.provider),
      modelId: BigInt(s.model_id),
      modelVersion: s.model_version,
      price: priceOf(s.price),
      n: BigInt(c.n),
      head,
      cumulativeMax: BigInt(c.cumulative_max),
    });
    assert.equal(hex(bytes), c.sign_bytes);
    assert.equal(hex(ed25519.sign(bytes, fromHex(s.seed))), c.signature);
    last = {
      answerRoot: fromHex(c.answer_root),
      inputTokens: c.input_tokens,
      outputTokens: c.output_tokens,
      fee: BigInt(c.fee),
    };
    if (!c.answer_signature) continue;
    const signed = ol.answerBytes(s.chain_id, fromHex(s.id), BigInt(c.n), last);
    assert.equal(hex(signed), c.answer_bytes);
    assert.ok(ed25519.verify(fromHex(c.answer_signature), signed, fromHex(s.answer_key), { zip215: true }));
  }
});

test("prices", () => {
  for (const v of vectors.prices)
    assert.equal(ol.totalPrice(priceOf(v.price), v.input_tokens, v.output_tokens).toString(), v.total);
});

test("paths", () => {
  for (const v of vectors.merkle) {
    const leaves = v.leaves.map(fromHex),
      path = v.path.map(fromHex),
      root = fromHex(v.root);
    assert.equal(hex(ol.merkleRoot(leaves)), v.root);
    for (let index = 0; index <= leaves.length; index++) {
      assert.equal(ol.verifyPath(leaves[v.index], index, leaves.length, path, root), index === v.index);
    }
    assert.ok(!ol.verifyPath(leaves[v.index], v.index, leaves.length, [...path, root], root));
  }
});

test("receipts", () => {
  for (const v of vectors.receipts) {
    const proof = {
      record: fromHex(v.record),
      batchRoot: fromHex(v.batch_root),
      index: v.index,
      receipts: v.receipts,
      path: v.path.map(fromHex),
      leaf: BigInt(v.leaf),
      siblings: v.siblings.map(fromHex),
      count: BigInt(v.count),
    };
    const accumulator = { count: BigInt(v.count), peaks: v.peaks.map(fromHex) };
    const receipt = ol.verifyReceipt(proof, accumulator);
    assert.equal(receipt.call, BigInt(v.call));
    assert.equal(receipt.fee.toString(), v.fee);
    assert.deepEqual(
      receipt.entries.map((entry) => entry.weightPpm),
      v.weights,
    );
    assert.deepEqual(
      receipt.entries.map((entry) => entry.loraPpm ?? 0),
      v.lora,
    );
    assert.equal(receipt.unattributedPpm, v.unattributed_ppm);
    const flip = (bytes, i) => bytes.map((b, j) => (i === j ? b ^ 1 : b));
    const wrong = [
      ...Array.from(proof.record, (_, i) => ({ ...proof, record: flip(proof.record, i) })),
      { ...proof, record: proof.record.slice(0, -1) },
      { ...proof, record: fromHex(`${v.record}00`) },
      { ...proof, index: v.index + 1 },
      { ...proof, batchRoot: flip(proof.batchRoot, 0) },
      { ...proof, leaf: proof.count },
      { ...proof, count: proof.count + 1n },
      { ...proof, siblings: [...proof.siblings, proof.batchRoot] },
      { ...proof, path: proof.path.slice(1) },
    ];
    for (const one of wrong) assert.throws(() => ol.verifyReceipt(one, accumulator), Error);
    const padded = fromHex(v.record.slice(0, 64) + "8100" + v.record.slice(66)); // the number of the call in two bytes
    assert.throws(() => ol.verifyReceipt({ ...proof, record: padded }, accumulator), /wrong number/);
  }
});

test("amounts", () => {
  for (const v of vectors.amounts) {
    if (!v.aopen) {
      assert.throws(() => ol.parseAmount(v.text), v.text);
      continue;
    }
    assert.equal(ol.parseAmount(v.text).toString(), v.aopen);
    assert.equal(ol.formatAmount(BigInt(v.aopen)), v.shown);
  }
});

test("requests", () => {
  for (const v of vectors.requests) assert.equal(ol.inputTokens(v.request), v.input_tokens);
  for (const v of read("openlora/api/testdata/query.json")) {
    assert.equal(hex(ol.queryHash(fromHex(v.call_key), JSON.parse(v.request))), v.query_hash, v.name);
  }
});

test("what wallets are told", () => {
  const info = ol.chainInfo({
    chainId: "openledger-1",
    rpc: "https://rpc.example.org",
    rest: "https://rest.example.org",
  });
  assert.equal(info.bip44.coinType, 118);
  assert.equal(info.bech32Config.bech32PrefixAccAddr, "open");
  assert.deepEqual(info.currencies, [{ coinDenom: "OPEN", coinMinimalDenom: "aopen", coinDecimals: 18 }]);
  assert.ok(info.feeCurrencies[0].gasPriceStep.average > 0);
});
