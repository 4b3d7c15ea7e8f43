// Bundles everything that a page can use, and fails when it is above 90 kB compressed.
import { gzipSync } from "node:zlib";
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
const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
console.log(`bundle: ${outputFiles[0].contents.length} bytes, ${size} compressed, of ${LIMIT}`);
if (size > LIMIT) process.exit(1);
