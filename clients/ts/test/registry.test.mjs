// The files for the registry of chains have the form of its schemas, from which @chain-registry/types is made.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFileSync(new URL(`../../registry/${name}.json`, import.meta.url), "utf8");

/** compile checks the files against the registry's types, as literals: a field unknown to the types is an error. */
function compile(chain, assets) {
  const folder = mkdtempSync(join(here, ".registry-"));
  try {
    const camel = (text) =>
      text.replace(
        /"([a-z0-9$_]+)":/gi,
        (_, name) => `"${name.replace(/_([a-zA-Z0-9])/g, (_m, c) => c.toUpperCase())}":`,
      );
    const source =
      'import type { AssetList, Chain } from "@chain-registry/types";\n' +
      `export const chain: Chain = ${camel(chain)};\nexport const assets: AssetList = ${camel(assets)};\n`;
    writeFileSync(join(folder, "registry.ts"), source);
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext"];
    execFileSync(join(here, "node_modules/.bin/tsc"), [...flags, join(folder, "registry.ts")], { stdio: "pipe" });
  } catch (error) {
    return error.stdout?.toString() ?? String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return "";
}

test("the registry's types", () => {
  const chain = read("chain"),
    assets = read("assetlist");
  assert.equal(compile(chain, assets), "");
  assert.match(compile(chain.replace('"upcoming"', '"perhaps"'), assets), /perhaps/);
  assert.match(compile(chain, assets.replace('"base"', '"basis"')), /basis/);
});

test("the logo is at its address", () => {
  for (const { logo_URIs: logo } of [JSON.parse(read("chain")), ...JSON.parse(read("assetlist")).assets]) {
    const name =
      /^https:\/\/raw\.githubusercontent\.com\/cosmos\/chain-registry\/master\/openledger\/(images\/[a-z]+\.svg)$/.exec(
        logo.svg,
      );
    assert.match(readFileSync(new URL(`../../registry/${name[1]}`, import.meta.url), "utf8"), /^<svg /);
  }
});
