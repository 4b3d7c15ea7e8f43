// Bundles everything that a page can use, and fails when it is above 90 kB compressed by `gzip -9`, as servers do ahead of
// time. Node's own zlib is tuned for speed and takes one percent more.
import { execFileSync } from "node:child_process";
import { build } from "esbuild";

const LIMIT = 90_000;
const { outputFiles } = await build({
  entryPoints: ["dist/index.js"],
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  write: false,
  legalComments: "none",
});
const size = execFileSync("gzip", ["-9", "-c"], { input: outputFiles[0].contents }).length;
console.log(`bundle: ${outputFiles[0].contents.length} bytes, ${size} compressed, of ${LIMIT}`);
if (size > LIMIT) process.exit(1);
