// Bundles everything that a page can use, and fails if that is above 90 kB compressed. It compresses with `gzip -9`, as
// servers do in advance; Node's own zlib is tuned for speed, and its output is one percent larger.
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
