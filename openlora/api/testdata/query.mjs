// The hash of a question, as docs/dapp.md specifies it. `node query.mjs query.json` prints the hash of each vector.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return "{" + Object.keys(value).sort().map((name) => JSON.stringify(name) + ":" + canonical(value[name])).join(",") + "}";
}

export function queryHash(callKey, request) {
  const { openledger, stream, stream_options, ...query } = request;
  return createHash("sha256").update("openledger/query/v2").update(callKey).update(canonical(query), "utf8").digest("hex");
}

for (const vector of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  console.log(queryHash(Buffer.from(vector.call_key, "hex"), JSON.parse(vector.request)));
}
