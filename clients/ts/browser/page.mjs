// A page for the test in a browser: it opens a session, asks, checks, acknowledges, and proves the receipt.
// browser.test.mjs bundles it; its server tells the page who pays and where, and takes the result.
import { secp256k1 } from "@noble/curves/secp256k1.js";
import * as ol from "../dist/index.js";

const QUESTION = {
  messages: [{ role: "user", content: "How is Hailey-Hailey disease told apart from Darier disease?" }],
};

const until = async (ask) => {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 300))) {
    const found = await ask();
    if (found) return found;
  }
  throw new Error("this takes more than a minute: " + ask);
};

/** proved asks the gateway for a receipt's proof, and verifies it against the accumulator of the chain. */
const proved = (gateway, chain, id) =>
  until(async () => {
    const answer = await fetch(`${gateway}/v1/openledger/receipts/${id}/proof`);
    if (!answer.ok) return undefined;
    const made = await answer.json(),
      { accumulator } = await chain.attribution.accumulator({});
    const bytes = ol.fromBase64;
    if (BigInt(made.count) !== accumulator.count) return undefined; // another batch came in between
    return ol.verifyReceipt(
      {
        record: bytes(made.record),
        batchRoot: bytes(made.batch_root),
        index: made.index ?? 0,
        receipts: made.receipts,
        path: (made.path ?? []).map(bytes),
        leaf: BigInt(made.leaf ?? 0),
        siblings: (made.siblings ?? []).map(bytes),
        count: BigInt(made.count),
      },
      accumulator,
    );
  });

async function run({ gateway, address, key }) {
  const secret = ol.fromHex(key);
  const wallet = {
    address,
    publicKey: secp256k1.getPublicKey(secret),
    sign: async (document) => secp256k1.sign(ol.signBytes(document), secret),
  };
  const node = `${location.origin}/node`; // nodes refuse other origins until their operator allows them
  const info = await (await fetch(`${node}/cosmos/base/tendermint/v1beta1/node_info`)).json();
  const chain = new ol.Chain(node, info.default_node_info.network);
  const store = {
    save: (state) =>
      localStorage.setItem(
        "session",
        JSON.stringify(state, (_, value) => (typeof value === "bigint" ? value.toString() : value)),
      ),
  };
  const session = await chain.open(wallet, gateway, ol.parseAmount("3OPEN"), store, () => {});
  const said = await session.ask(QUESTION, ol.parseAmount("1OPEN"));
  const pieces = [];
  const streamed = await session.ask(QUESTION, ol.parseAmount("1OPEN"), (text) => pieces.push(text));
  const refused = await session.ask({ ...QUESTION, stop: ["a"] }, ol.parseAmount("1OPEN")).catch((error) => error);
  await session.acknowledge();
  const unpaid = await fetch(`${gateway}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model: "openledger/1", ...QUESTION }),
  });
  const receipts = [];
  for (const { proof } of [said, streamed]) receipts.push(await proved(gateway, chain, proof.receipt_id));
  await chain.close(wallet, session);
  const { session: closed } = await chain.attribution.session({ sessionId: session.state.id });
  return {
    text: said.text,
    pieces,
    streamed: streamed.text,
    fees: [said, streamed].map(({ proof }) => proof.fee),
    proved: receipts.map(({ fee, acknowledged }) => ({ fee: fee.toString(), acknowledged })),
    refused: refused.code,
    unpaid: { status: unpaid.status, required: JSON.parse(atob(unpaid.headers.get("PAYMENT-REQUIRED"))) },
    closed: closed.status,
    kept: localStorage.getItem("session").length,
    agent: navigator.userAgent,
  };
}

const config = await (await fetch("/config")).json();
const result = await run(config).catch((error) => ({ error: `${error.stack ?? error}` }));
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
