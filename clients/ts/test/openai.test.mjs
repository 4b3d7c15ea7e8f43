// OpenAI's own client and others, through `openlorad connect`: the answer arrives, its receipt is on chain, and the
// author's wealth rises by exactly what the receipt says. OPENAI_BASE_URL names the proxy, OPENLEDGER_DEMO the demo.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";

const url = process.env.OPENAI_BASE_URL,
  skip = !(url && process.env.OPENLEDGER_DEMO) && "OPENAI_BASE_URL names no proxy";
const MODEL = "openledger/1",
  CONTENT = "How is Hailey-Hailey disease told apart from Darier disease?";
const messages = [{ role: "user", content: CONTENT }];
const { rest } = skip ? {} : JSON.parse(readFileSync(process.env.OPENLEDGER_DEMO, "utf8")).running;

const get = async (path) => {
  const response = await fetch(rest + path);
  return response.ok ? response.json() : undefined;
};
const until = async (what, ask) => {
  for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 300))) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < end, what);
  }
};

/** wealth returns an author's balance and claimable earnings, once nothing waits to be settled. */
async function wealth(author) {
  await until("everything is settled", async () => (await get("/openledger/rewards/v1/settlement")).lists.length === 0);
  const [{ balances }, earned] = await Promise.all([
    get(`/cosmos/bank/v1beta1/balances/${author}`),
    get(`/openledger/rewards/v1/earnings/${author}`),
  ]);
  return BigInt(balances.find((coin) => coin.denom === "aopen")?.amount ?? 0) + BigInt(earned?.claimable?.amount ?? 0);
}

/** last returns the newest answer that the proxy has paid for. */
const last = async () => (await (await fetch(url.replace(/\/v1$/, "/usage?limit=1"))).json()).answers[0];

/** each runs a client, and checks the receipt and the payment of its answer. */
async function each(client) {
  const known = (await last())?.receipt;
  const author = (await authors())[0],
    had = await wealth(author);
  const text = await client();
  assert.match(text, /Darier disease differs/);
  const answer = await last();
  assert.notEqual(answer.receipt, known, "a receipt of its own");
  const { receipt, payout } = await until("the receipt comes on chain", () =>
    get(`/openledger/attribution/v1/receipts/${answer.receipt}`),
  );
  assert.equal(receipt.fee, answer.fee);
  assert.ok(receipt.acknowledged);
  const mine = payout.entries.filter((entry) => entry.contributor === author);
  assert.ok(mine.length, "the author is paid");
  const rise = mine.reduce((sum, entry) => sum + BigInt(entry.amount) + BigInt(entry.bonus), 0n);
  assert.equal((await wealth(author)) - had, rise);
}

let paid;
/** authors returns the authors of the answer, the one with the most weight first. */
async function authors() {
  paid ??= await new OpenAI().chat.completions.create({ model: MODEL, messages }).then(async ({ openledger }) => {
    await until("the receipt comes on chain", () =>
      get(`/openledger/attribution/v1/receipts/${openledger.receipt_id}`),
    );
    return openledger.sources.map((source) => source.contributor);
  });
  return paid;
}

before(async () => {
  if (!skip) await authors();
});

test("openai, whole", { skip }, () =>
  each(async () => {
    const said = await new OpenAI().chat.completions.create({ model: MODEL, messages });
    assert.equal(said.choices[0].finish_reason, "stop");
    assert.ok(said.openledger.sources.length);
    return said.choices[0].message.content;
  }),
);

test("openai, streamed", { skip }, () =>
  each(async () => {
    const stream = await new OpenAI().chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "",
      usage,
      proof;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
      proof = chunk.openledger ?? proof;
    }
    assert.equal(usage.completion_tokens, proof.output_tokens);
    return text;
  }),
);

test("openai, prompts, models and errors", { skip }, async () => {
  const client = new OpenAI();
  await each(async () => (await client.completions.create({ model: MODEL, prompt: CONTENT })).choices[0].text);
  const models = await client.models.list();
  assert.deepEqual(
    models.data.map(({ id }) => id),
    [MODEL],
  );
  assert.equal((await client.models.retrieve(MODEL)).openledger.model_id, 1);
  await assert.rejects(client.chat.completions.create({ model: "gpt-4o", messages }), {
    status: 404,
    code: "model_not_found",
  });
  await assert.rejects(client.chat.completions.create({ model: MODEL, messages, stop: "a" }), {
    status: 400,
    code: "unsupported_parameter",
  });
  await assert.rejects(client.embeddings.create({ model: MODEL, input: "x" }), { status: 404 });
});

test("LangChain, whole and streamed", { skip }, async () => {
  const model = new ChatOpenAI({ model: MODEL, configuration: { baseURL: url }, apiKey: "unused" });
  await each(async () => (await model.invoke(CONTENT)).content);
  await each(async () => {
    let text = "";
    for await (const chunk of await model.stream(CONTENT)) text += chunk.content;
    return text;
  });
});

test("AI SDK, whole and streamed", { skip }, async () => {
  const model = createOpenAICompatible({ name: "openledger", baseURL: url })(MODEL);
  await each(async () => (await generateText({ model, prompt: CONTENT })).text);
  await each(async () => await streamText({ model, prompt: CONTENT }).text);
});

test("the call pattern of Open WebUI", { skip }, () =>
  each(async () => {
    assert.equal(
      (await (await fetch(`${url}/models`, { headers: { Authorization: "Bearer unused" } })).json()).data[0].id,
      MODEL,
    );
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { Authorization: "Bearer unused", "Content-Type": "application/json" },
      body: JSON.stringify({ stream: true, model: MODEL, messages, stream_options: { include_usage: true } }),
    });
    const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: {"));
    return lines.map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? "").join("");
  }),
);
