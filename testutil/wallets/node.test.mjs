// CosmJS simulates, signs and sends a message of each module to a running node, with direct signing and with amino JSON, as hardware
// wallets do. OPENLEDGERD names the program; by default it is build/openledgerd.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Secp256k1HdWallet } from "@cosmjs/amino";
import { DirectSecp256k1HdWallet, Registry } from "@cosmjs/proto-signing";
import {
  AminoTypes, GasPrice, SigningStargateClient, createDefaultAminoConverters, defaultRegistryTypes,
} from "@cosmjs/stargate";
import { converter, lookup } from "./schema.mjs";

const binary = process.env.OPENLEDGERD ?? fileURLToPath(new URL("../../build/openledgerd", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "openledger-wallets-"));
const env = { ...process.env, HOME: home };
const base = await freePorts();
const rpc = `http://127.0.0.1:${base + 1}`;

/** freePorts returns the first of ten ports in a row of which none is taken. */
async function freePorts() {
  const free = (port) => new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
  for (let first = 21_000 + (process.pid % 1000) * 10; first < 32_000; first += 10) {
    if ((await Promise.all([...Array(10).keys()].map((i) => free(first + i)))).every(Boolean)) return first;
  }
  throw new Error("no ten free ports in a row");
}

const coins = (aopen) => ({ denom: "aopen", amount: aopen });

const urls = [
  "/openledger.datanet.v1.MsgCreateDataNet", "/openledger.datanet.v1.MsgUpdateDataNet", "/openledger.models.v1.MsgRegisterModel",
  "/openledger.models.v1.MsgRegisterProvider", "/openledger.models.v1.MsgSetOffer", "/openledger.attribution.v1.MsgOpenSession",
  "/openledger.rewards.v1.MsgFundBountyPool",
];
const registry = new Registry([...defaultRegistryTypes, ...urls.map((url) => [url, lookup(url)])]);
const aminoTypes = new AminoTypes({
  ...createDefaultAminoConverters(), ...Object.fromEntries(urls.map((url) => [url, converter(lookup(url))])),
});

const mnemonics = {
  direct: "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
  amino: "legal winner thank year wave sausage worth useful legal winner thank yellow",
};
const wallets = {
  direct: await DirectSecp256k1HdWallet.fromMnemonic(mnemonics.direct, { prefix: "open" }),
  amino: await Secp256k1HdWallet.fromMnemonic(mnemonics.amino, { prefix: "open" }),
};
const addresses = {};
for (const [mode, wallet] of Object.entries(wallets)) addresses[mode] = (await wallet.getAccounts())[0].address;

let node;
let log = "";

before(async () => {
  const laid = spawnSync(binary, [
    "testnet", "init-files", "--validators", "1", "--output-dir", home, "--base-port", `${base}`,
    ...Object.values(addresses).flatMap((address) => ["--account", `${address}=1000000000000000000000000aopen`]),
  ], { env, encoding: "utf8" });
  assert.equal(laid.status, 0, laid.stderr || String(laid.error));
  node = spawn(binary, ["start", "--home", join(home, "node0")], { env });
  for (const stream of [node.stdout, node.stderr]) stream.on("data", (data) => { log = (log + data).slice(-20_000); });
  for (let tries = 0; ; tries++) {
    const status = await fetch(`${rpc}/status`).then((response) => response.json(), () => undefined);
    if (Number(status?.result?.sync_info.latest_block_height) > 0) return;
    assert.ok(tries < 300 && node.exitCode === null, `no block:\n${log}`);
    await setTimeout(200);
  }
});

after(async () => {
  if (node?.exitCode === null) {
    node.kill("SIGTERM");
    await once(node, "exit");
  }
  rmSync(home, { recursive: true, force: true });
});

for (const mode of ["direct", "amino"]) {
  test(`CosmJS signs by ${mode}`, async (t) => {
    const from = addresses[mode];
    const client = await SigningStargateClient.connectWithSigner(rpc, wallets[mode], {
      registry, aminoTypes, gasPrice: GasPrice.fromString("1000000000aopen"),
    });
    t.after(() => client.disconnect());
    const send = async (typeUrl, value) => {
      const messages = [{ typeUrl, value }];
      const gas = await client.simulate(from, messages, "");
      const result = await client.signAndBroadcast(from, messages, 1.5, `${mode} & <${typeUrl}>`);
      assert.equal(result.code, 0, `${typeUrl}: ${result.rawLog}`);
      assert.ok(result.gasUsed > 0n && gas > 0);
      return result;
    };
    const created = (result, type, key) =>
      JSON.parse(result.events.find((event) => event.type === type).attributes.find((attribute) => attribute.key === key).value);

    await t.test("bank: send", () =>
      send("/cosmos.bank.v1beta1.MsgSend", { fromAddress: from, toAddress: addresses.direct, amount: [coins("1")] }));

    await t.test("datanet: create and change, amounts left out and not", async () => {
      const result = await send(urls[0], { owner: from, name: `Notes by ${mode}`, review_policy: 1 });
      const id = created(result, "openledger.datanet.v1.EventDataNetCreated", "datanet_id");
      await send(urls[1], {
        owner: from, datanet_id: id, name: "Doses < 5 & \u2028more", royalty_floor: "1500000000000000001",
        curators: [{ address: addresses.amino, ppm: 10 }],
      });
    });

    await t.test("models and attribution: register, offer, open a session", async () => {
      const digest = new Uint8Array(32).fill(7);
      const result = await send(urls[2], { owner: from, name: `model of ${mode}`, kind: 1, digest, method: 1 });
      const model = created(result, "openledger.models.v1.EventModelRegistered", "model_id");
      await send(urls[3], {
        provider: from, name: mode, endpoint: "http://127.0.0.1:8080", answer_key: new Uint8Array(32).fill(mode === "amino" ? 8 : 9),
        bond: coins("1000000000000000000000"),
      });
      await send(urls[4], { provider: from, model_id: model, input_price: "1000", output_price: "2000" });
      await send(urls[5], {
        payer: from, provider: from, model_id: model, session_key: new Uint8Array(32).fill(3), deposit: coins("1000000000000000000"),
      });
    });

    await t.test("rewards: fund the bounty pool", () => send(urls[6], { funder: from, amount: coins("1000000000000000000") }));
  });
}
