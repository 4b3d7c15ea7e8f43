// The client in a headless browser, on a running demo. OPENLEDGER_DEMO names a file with the output of
// `openlorad demo --keep --json`, CHROMIUM the browser.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";

/** browser returns the name of the first browser that is installed. */
function browser() {
  for (const name of [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].filter(Boolean))
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return name;
    } catch {}
}
const program = browser();
const skip =
  (!process.env.OPENLEDGER_DEMO && "OPENLEDGER_DEMO names no demo") ||
  (!program && "no Chromium: apt-get install chromium, or set CHROMIUM");
const { running } = skip ? {} : JSON.parse(readFileSync(process.env.OPENLEDGER_DEMO, "utf8"));

const keys = (...args) =>
  execFileSync("openledgerd", ["keys", ...args, "--home", `${running.home}/node0`, "--keyring-backend", "test"], {
    input: "y\n",
  })
    .toString()
    .trim();

/** forward passes a request of the page on to the node, as a server does behind which both page and node are. */
function forward(incoming, outgoing) {
  const to = new URL(incoming.url.replace(/^\/node/, ""), running.rest);
  const { host, origin, referer, ...headers } = incoming.headers;
  incoming.pipe(
    request(to, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    }).on("error", () => outgoing.destroy()),
  );
}

test("a page asks, checks, acknowledges and proves", { skip, timeout: 180_000 }, async (t) => {
  const { outputFiles } = await build({
    entryPoints: ["browser/page.mjs"],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  const config = {
    gateway: running.gateway,
    address: keys("show", "node0", "-a"),
    key: keys("export", "node0", "--unarmored-hex", "--unsafe"),
  };
  let done;
  const result = new Promise((resolve) => (done = resolve));
  const server = createServer((incoming, outgoing) => {
    const send = (type, body) => outgoing.writeHead(200, { "Content-Type": type }).end(body);
    if (incoming.url === "/") return send("text/html", '<!doctype html><script type="module" src="/page.js"></script>');
    if (incoming.url === "/page.js") return send("text/javascript", outputFiles[0].contents);
    if (incoming.url === "/config") return send("application/json", JSON.stringify(config));
    if (incoming.url.startsWith("/node/")) return forward(incoming, outgoing);
    if (incoming.url !== "/result") return outgoing.writeHead(404).end();
    let body = "";
    incoming.on("data", (piece) => (body += piece)).on("end", () => (send("text/plain", ""), done(JSON.parse(body))));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const chromium = spawn(
    program,
    [
      "--headless=new",
      "--no-sandbox", // root has no sandbox
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${server.address().port}/`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  chromium.stderr.on("data", (piece) => (log = (log + piece).slice(-4000)));
  const ended = once(chromium, "exit").then(([code]) => ({ error: `the browser ended with ${code}: ${log}` }));
  t.after(async () => {
    chromium.kill();
    await ended;
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  const page = await Promise.race([result, ended]);
  assert.equal(page.error, undefined);
  assert.match(page.agent, /Chrome/);
  assert.match(page.text, /Darier/);
  assert.equal(page.pieces.join(""), page.streamed);
  assert.ok(page.pieces.length > 1, "the answer comes in pieces");
  assert.deepEqual(
    page.proved,
    page.fees.map((fee) => ({ fee, acknowledged: true })),
  );
  assert.equal(page.refused, "unsupported_parameter");
  assert.equal(page.closed, 2);
  assert.ok(page.kept > 100, "the state is in the page's storage");
  assert.equal(page.unpaid.status, 402);
  assert.equal(page.unpaid.required.accepts[0].scheme, "batch-settlement");
});
