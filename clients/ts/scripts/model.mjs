// A stand-in for a model server that knows tools and JSON, as vLLM and llama.cpp do. It prints its URL. If the request
// has tools, it calls one, or two if the question says "both"; after a tool's answer it repeats that answer.
import { createServer } from "node:http";

const chunk = (delta, finish_reason = null) => ({
  id: "1",
  object: "chat.completion.chunk",
  created: 1,
  model: "stand-in",
  choices: [{ index: 0, delta, finish_reason }],
});

/** called yields the deltas of a tool call in pieces, as servers send them. */
function* called(index, name, parameters) {
  yield { tool_calls: [{ index, id: `call_${index}`, type: "function", function: { name, arguments: "" } }] };
  for (const piece of JSON.stringify(parameters).match(/.{1,7}/gs))
    yield { tool_calls: [{ index, function: { arguments: piece } }] };
}

/** answer yields the chunks of an answer; the last says why it ends. */
function* answer({ messages, tools, tool_choice, response_format }) {
  const last = messages.at(-1),
    question = messages.findLast(({ role }) => role === "user").content;
  yield chunk({ role: "assistant", content: "" });
  if (tools && tool_choice !== "none" && last.role !== "tool") {
    const wanted = /both/.test(question) ? ["Darier disease", "Hailey-Hailey disease"] : ["Darier disease"];
    for (const [index, disease] of wanted.entries())
      for (const delta of called(index, tools[0].function.name, { disease })) yield chunk(delta);
    return yield chunk({}, "tool_calls");
  }
  let said = "Hair grows from its roots.";
  if (last.role === "tool") said = `The tool says: ${last.content}`;
  if (response_format?.type?.startsWith("json")) said = JSON.stringify({ disease: "Darier disease", inherited: true });
  for (const piece of said.match(/.{1,9}/gsu)) yield chunk({ content: piece });
  yield chunk({}, "stop");
}

const server = createServer((incoming, outgoing) => {
  let body = "";
  incoming.on("data", (piece) => (body += piece));
  incoming.on("end", () => {
    if (incoming.url === "/v1/models")
      return outgoing.end(JSON.stringify({ object: "list", data: [{ id: "stand-in", object: "model" }] }));
    outgoing.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const event of answer(JSON.parse(body))) outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
    outgoing.end("data: [DONE]\n\n");
  });
}).listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/v1`));
