// Copies the .proto files to the folder .proto, without the options that only servers read: they would be a third of
// what pages load.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url)),
  out = join(here, ".proto");
const sources = [
  [join(here, "../../proto"), /^openledger\/(?!attestor)/],
  [join(here, "../../third_party/proto"), /^cosmos\/base\//],
  [join(here, "proto"), /^/],
];
const dropped = /^import "(gogoproto|amino|cosmos_proto|google\/api|cosmos\/msg|cosmos\/query)\//;

rmSync(out, { recursive: true, force: true });
for (const [folder, wanted] of sources) {
  for (const name of readdirSync(folder, { recursive: true }).filter(
    (one) => one.endsWith(".proto") && wanted.test(one),
  )) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), strip(readFileSync(join(folder, name), "utf8")));
  }
}
writeFileSync(join(out, "buf.yaml"), "version: v2\n");

/** strip removes imports, options, and the bodies of calls, which hold only options. */
function strip(text) {
  text = text
    .split("\n")
    .filter((line) => !dropped.test(line))
    .join("\n")
    .replace(/\/\/.*$/gm, "");
  let kept = "";
  for (let i = 0; i < text.length;) {
    const rest = text.slice(i);
    if (/^option (\(|go_package)/.test(rest)) i = behind(i, ";");
    else if (rest[0] === "[") i = behind(i + 1, "]");
    else if (/^returns\s*\([^)]*\)\s*\{/.test(rest)) {
      const head = /^returns\s*\([^)]*\)/.exec(rest)[0];
      kept += `${head};`;
      i = behind(i + rest.indexOf("{") + 1, "}");
    } else if (rest[0] === '"') {
      const end = closing(i);
      kept += text.slice(i, end);
      i = end;
    } else kept += text[i++];
  }
  return kept;

  function closing(at) {
    // returns the place after the string that begins here
    for (at++; text[at] !== '"'; at++) if (text[at] === "\\") at++;
    return at + 1;
  }

  function behind(at, end) {
    // returns the place after the sign that ends what is open here
    for (let open = 0; at < text.length;) {
      const c = text[at];
      if (c === '"') {
        at = closing(at);
        continue;
      }
      at++;
      if (c === end && open === 0) return at;
      if ("{[".includes(c)) open++;
      if ("}]".includes(c)) open--;
    }
    throw new Error(`an option has no ${end} at its end: mend the .proto file`);
  }
}
