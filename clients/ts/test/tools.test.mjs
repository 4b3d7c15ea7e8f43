// Tools and JSON through `openlorad connect`, with a model server that knows them: scripts/model.mjs. TOOLS_BASE_URL
// names the proxy, TOOLS_DEMO the demo. The requests of openai-python were recorded, and are sent again.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, stepCountIs, tool } from "ai";
import OpenAI from "openai";

const url = process.env.TOOLS_BASE_URL,
  skip = !(url && process.env.TOOLS_DEMO) && "TOOLS_BASE_URL names no proxy";
const model = "openledger/1";
const { rest } = skip ? {} : JSON.parse(readFileSync(process.env.TOOLS_DEMO, "utf8")).running;
const client = skip ? undefined : new OpenAI({ baseURL: url, apiKey: "unused" });
const schema = {
  type: "object",
  properties: { disease: { type: "string" } },
  required: ["disease"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "look_up", description: "Looks it up.", parameters: schema } }];
const asks = (content) => [{ role: "user", content }];

/** last returns the newest answer that the proxy has paid for. */
const last = async () => (await (await fetch(url.replace(/\/v1$/, "/usage?limit=1"))).json()).answers[0];

/** recorded waits until the chain has the receipt of an answer, at its fee. */
async function recorded(proof) {
  assert.equal((await last()).receipt, proof.receipt_id);
  for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 300))) {
    const response = await fetch(`${rest}/openledger/attribution/v1/receipts/${proof.receipt_id}`);
    if (response.ok) {
      const { receipt } = await response.json();
      assert.equal(receipt.fee, proof.fee);
      return assert.ok(receipt.acknowledged);
    }
    assert.ok(Date.now() < end, "the receipt comes on chain");
  }
}

test("a tool, whole, and what it says", { skip }, async () => {
  const messages = asks("How is Darier disease told apart?");
  const said = await client.chat.completions.create({ model, messages, tools, tool_choice: "auto" });
  const [{ message, finish_reason }] = said.choices;
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.content, null);
  assert.equal(message.tool_calls.length, 1);
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { disease: "Darier disease" });
  await recorded(said.openledger);
  const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "by its papules" };
  const behind = await client.chat.completions.create({ model, messages: [...messages, message, result], tools });
  assert.equal(behind.choices[0].message.content, "The tool says: by its papules");
  assert.equal(behind.choices[0].finish_reason, "stop");
  await recorded(behind.openledger);
});

test("two tools, streamed", { skip }, async () => {
  const messages = asks("How are both told apart?");
  const stream = client.chat.completions.stream({ model, messages, tools, stream_options: { include_usage: true } });
  let proof;
  stream.on("chunk", (chunk) => (proof = chunk.openledger ?? proof));
  const said = await stream.finalChatCompletion();
  assert.equal(said.choices[0].finish_reason, "tool_calls");
  assert.deepEqual(
    said.choices[0].message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments).disease]),
    [
      ["look_up", "Darier disease"],
      ["look_up", "Hailey-Hailey disease"],
    ],
  );
  assert.equal(said.usage.completion_tokens, proof.output_tokens);
  await recorded(proof);
});

test("a tool that is run", { skip }, async () => {
  const runner = client.chat.completions.runTools({
    model,
    messages: asks("How is Darier disease told apart?"),
    tools: [
      {
        type: "function",
        function: {
          name: "look_up",
          description: "Looks it up.",
          parameters: schema,
          parse: JSON.parse,
          function: ({ disease }) => `${disease} has papules`,
        },
      },
    ],
  });
  assert.equal(await runner.finalContent(), "The tool says: Darier disease has papules");
});

test("the AI SDK runs a tool", { skip }, async () => {
  const said = await generateText({
    model: createOpenAICompatible({ name: "openledger", baseURL: url })(model),
    prompt: "How is Darier disease told apart?",
    stopWhen: stepCountIs(3),
    tools: {
      look_up: tool({
        description: "Looks it up.",
        inputSchema: jsonSchema(schema),
        execute: async ({ disease }) => `${disease} has papules`,
      }),
    },
  });
  assert.match(said.text, /Darier disease has papules/);
  assert.equal(said.steps.length, 2);
});

test("JSON, whole and streamed", { skip }, async () => {
  const format = { type: "json_schema", json_schema: { name: "answer", schema, strict: true } };
  const request = { model, messages: asks("Which is it?"), response_format: format };
  const said = await client.chat.completions.create(request);
  assert.deepEqual(JSON.parse(said.choices[0].message.content), { disease: "Darier disease", inherited: true });
  await recorded(said.openledger);
  let text = "",
    proof;
  for await (const chunk of await client.chat.completions.create({
    ...request,
    response_format: { type: "json_object" },
    stream: true,
  })) {
    text += chunk.choices[0]?.delta.content ?? "";
    proof = chunk.openledger ?? proof;
  }
  assert.deepEqual(JSON.parse(text), { disease: "Darier disease", inherited: true });
  await recorded(proof);
});

/** send sends a recorded request unchanged. */
const send = ({ method, path, headers, body }) =>
  new Promise((resolve, reject) => {
    request(new URL(path, url), { method, headers }, (response) => {
      let content = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (content += piece)).on("end", () => resolve({ response, content }));
    })
      .on("error", reject)
      .end(body);
  });

test("what openai-python sends", { skip }, async () => {
  const { requests } = JSON.parse(readFileSync("../python/tests/wire/openai.json", "utf8"));
  assert.equal(requests.length, 10);
  const receipts = new Set();
  for (const recording of requests) {
    const { response, content } = await send(recording);
    assert.equal(response.statusCode, 200, `${recording.name}: ${content}`);
    if (recording.name === "models") {
      assert.equal(JSON.parse(content).data[0].id, model);
      continue;
    }
    const chunks = recording.body.includes('"stream":true')
      ? content
          .split("\n")
          .filter((line) => line.startsWith("data: {"))
          .map((line) => JSON.parse(line.slice(6)))
      : [JSON.parse(content)];
    const proof = chunks.find(({ openledger }) => openledger).openledger;
    receipts.add(proof.receipt_id);
    const said = chunks.map(
      ({ choices: [choice] }) => choice?.message?.content ?? choice?.delta?.content ?? choice?.text ?? "",
    );
    const calls = chunks.flatMap(({ choices: [choice] }) => choice?.message?.tool_calls ?? []);
    assert.equal(calls.length, recording.name === "tools" ? 1 : 0, recording.name);
    if (recording.name === "streamed") assert.equal(chunks.at(-1).usage.completion_tokens, proof.output_tokens);
    if (recording.name === "JSON") assert.equal(JSON.parse(said.join("")).inherited, true);
    else if (!calls.length) assert.match(said.join(""), /grow/, recording.name);
  }
  assert.equal(receipts.size, 9, "each request is a question of its own");
  await recorded({ receipt_id: [...receipts].at(-1), fee: (await last()).fee });
});
