// A session on a running demo. OPENLEDGER_DEMO names a file with the output of `openlorad demo --keep --json`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import * as ol from "../dist/index.js";

const skip = !process.env.OPENLEDGER_DEMO && "OPENLEDGER_DEMO names no demo";
const QUESTION = {
  messages: [{ role: "user", content: "How is Hailey-Hailey disease told apart from Darier disease?" }],
};
const running = skip ? {} : JSON.parse(readFileSync(process.env.OPENLEDGER_DEMO, "utf8")).running;

function wallet() {
  const keys = (...args) =>
    execFileSync("openledgerd", ["keys", ...args, "--home", `${running.home}/node0`, "--keyring-backend", "test"], {
      input: "y\n",
    })
      .toString()
      .trim();
  const key = ol.fromHex(keys("export", "node0", "--unarmored-hex", "--unsafe"));
  return {
    address: keys("show", "node0", "-a"),
    publicKey: secp256k1.getPublicKey(key),
    sign: async (document) => secp256k1.sign(ol.signBytes(document), key),
  };
}

const until = async (what, ask) => {
  for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 300))) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < end, what);
  }
};

test("ask, check, acknowledge, prove, close", { skip, timeout: 180_000 }, async () => {
  const info = await (await fetch(`${running.rest}/cosmos/base/tendermint/v1beta1/node_info`)).json();
  const chain = new ol.Chain(running.rest, info.default_node_info.network),
    account = wallet();
  const kept = [],
    saved = [];
  const store = { save: (state) => void saved.push(structuredClone(state)) };
  const session = await chain.open(
    account,
    running.gateway,
    ol.parseAmount("3OPEN"),
    store,
    (opening) => void kept.push(opening),
  );
  assert.equal(kept.length, 1, "the opening is kept before it is sent");
  const again = await chain.finish(kept[0], store); // as after a crash: nothing is opened twice
  assert.equal(again.state.id, session.state.id);

  const said = await session.ask(QUESTION, ol.parseAmount("1OPEN"));
  assert.match(said.text, /Darier/);
  const pieces = [];
  const streamed = await session.ask(QUESTION, ol.parseAmount("1OPEN"), (text) => pieces.push(text));
  assert.equal(pieces.join(""), streamed.text);
  assert.equal(session.spent, BigInt(said.proof.fee) + BigInt(streamed.proof.fee));
  await assert.rejects(session.ask({ ...QUESTION, stop: ["a"] }, ol.parseAmount("1OPEN")), {
    code: "unsupported_parameter",
  });
  assert.equal(session.state.pending, null);

  // Two questions at the same time are asked one after the other.
  const both = await Promise.all([
    session.ask(QUESTION, ol.parseAmount("1OPEN")),
    session.ask(QUESTION, ol.parseAmount("1OPEN")),
  ]);
  assert.deepEqual(
    both.map(({ proof }) => proof.n),
    [3, 4],
  );
  await session.acknowledge();

  // A program that ends after it has asked goes on with the state that it stored, and pays once.
  const before = session.spent;
  const lost = new ol.Session(saved.at(-1), store, async (...call) => {
    await fetch(...call).then((response) => response.text());
    throw new TypeError("the connection is lost");
  });
  await assert.rejects(lost.ask(QUESTION, ol.parseAmount("1OPEN")), TypeError);
  const restarted = new ol.Session(saved.at(-1), store);
  const late = await restarted.recover();
  assert.equal(restarted.spent, before + BigInt(late.proof.fee));
  await restarted.acknowledge();

  // An answer that was tampered with is not acknowledged.
  const liar = new ol.Session(structuredClone(restarted.state), store, async (...call) => {
    const response = await (await fetch(...call)).json();
    response.choices[0].message.content += " And more.";
    response.openledger.output_tokens += 2;
    return Response.json(response);
  });
  await assert.rejects(liar.ask(QUESTION, ol.parseAmount("1OPEN")), ol.AnswerError);

  // The receipts are on chain, and proofs of them lead to its peaks.
  for (const { proof } of [said, streamed, ...both, late]) {
    const found = await until("the receipt comes on chain", () =>
      chain.attribution.receipt({ id: proof.receipt_id }).catch((error) => assert.equal(error.code, 5)),
    );
    assert.equal(found.receipt.fee, proof.fee);
    const verified = await until("the receipt can be proved", async () => {
      const answer = await fetch(`${running.gateway}/v1/openledger/receipts/${proof.receipt_id}/proof`);
      if (!answer.ok) return undefined;
      const made = await answer.json(),
        { accumulator } = await chain.attribution.accumulator({});
      const bytes = ol.fromBase64;
      const receiptProof = {
        record: bytes(made.record),
        batchRoot: bytes(made.batch_root),
        index: made.index ?? 0,
        receipts: made.receipts,
        path: (made.path ?? []).map(bytes),
        leaf: BigInt(made.leaf ?? 0),
        siblings: (made.siblings ?? []).map(bytes),
        count: BigInt(made.count),
      };
      if (receiptProof.count !== accumulator.count) return undefined; // another batch came in between
      return ol.verifyReceipt(receiptProof, accumulator);
    });
    assert.equal(verified.fee.toString(), proof.fee);
    assert.deepEqual(
      verified.entries.map(({ weightPpm }) => weightPpm),
      proof.sources.map((source) => source.weight_ppm),
    );
    assert.ok(verified.acknowledged);
  }
  await chain.close(account, restarted);
  const { session: closed } = await chain.attribution.session({ sessionId: session.state.id });
  assert.equal(closed.status, 2);
});
