// Vouchers, hash chains, answers, Merkle trees and receipts: poa/README.md, sections 2, 5 and 6. Amounts are in aopen.
import { bigEndian, concat, equal, hash, keyedHash, utf8, type Bytes } from "./bytes.js";
import { canonical, type Json } from "./canonical.js";
import { marksOf, tokenize, weightOf } from "./text.js";

export const SPAN = 1,
  RAG = 2,
  MEANING = 3; // methods of attribution
export const NO_HASH: Bytes = new Uint8Array(32);
export const ACK_CALL = hash(utf8("openledger/ack/v1"));

const field = (content: Uint8Array): Bytes => concat(bigEndian(content.length, 4), content);
const amount16 = (amount: bigint): Bytes => bigEndian(amount, 16);

/** Request is a question in the form of OpenAI's API. */
export type Request = { [name: string]: Json | undefined };

/** withoutPayment returns a request without the fields on payment and delivery. */
export function withoutPayment(request: Request): Request {
  const { openledger: _paid, stream: _stream, stream_options: _options, ...query } = request;
  return query;
}

/** queryHash returns the commitment to a question. */
export const queryHash = (callKey: Uint8Array, request: Request): Bytes =>
  hash(utf8("openledger/query/v2"), callKey, utf8(canonical(withoutPayment(request))));

export const callHash = (query: Uint8Array, maxFee: bigint): Bytes =>
  hash(utf8("openledger/call/v1"), query, amount16(maxFee));

/** Outcome is the outcome of a call. noOutcome is that of a gap, and what stands before the first call. */
export interface Outcome {
  answerRoot: Uint8Array;
  inputTokens: number;
  outputTokens: number;
  fee: bigint;
}

export const noOutcome: Outcome = { answerRoot: NO_HASH, inputTokens: 0, outputTokens: 0, fee: 0n };

/** nextHash is the head of a session's chain after one more call. Signing it acknowledges the answer before. */
export const nextHash = (previous: Uint8Array, call: Uint8Array, last: Outcome): Bytes =>
  hash(
    utf8("openledger/chain/v1"),
    previous,
    call,
    last.answerRoot,
    bigEndian(last.inputTokens, 4),
    bigEndian(last.outputTokens, 4),
    amount16(last.fee),
  );

/** Price is that of 1,000 tokens in, of 1,000 tokens out, and the royalty of an answer. */
export interface Price {
  input: bigint;
  output: bigint;
  royalty: bigint;
}

const rounded = (price: bigint, tokens: number): bigint => (price * BigInt(tokens) + 999n) / 1000n;

/** totalPrice is the whole fee of a call. */
export const totalPrice = (price: Price, inputTokens: number, outputTokens: number): bigint =>
  rounded(price.input, inputTokens) + rounded(price.output, outputTokens) + price.royalty;

/** Voucher is the payer's authorisation of all calls of a session up to n. */
export interface Voucher {
  chainId: string;
  session: Uint8Array;
  provider: Uint8Array; // its address, raw
  modelId: bigint;
  modelVersion: number;
  price: Price;
  n: bigint;
  head: Uint8Array;
  cumulativeMax: bigint;
}

export const voucherBytes = (v: Voucher): Bytes =>
  concat(
    utf8("openledger/voucher/v1"),
    ...[
      utf8(v.chainId),
      v.session,
      v.provider,
      bigEndian(v.modelId, 8),
      bigEndian(v.modelVersion, 4),
      concat(amount16(v.price.input), amount16(v.price.output), amount16(v.price.royalty)),
      bigEndian(v.n, 8),
      v.head,
      amount16(v.cumulativeMax),
    ].map(field),
  );

/** answerBytes is what a provider signs. The signature is in the last chunk of the answer. */
export const answerBytes = (chainId: string, session: Uint8Array, n: bigint, o: Outcome): Bytes =>
  concat(
    utf8("openledger/answer/v1"),
    ...[
      utf8(chainId),
      session,
      bigEndian(n, 8),
      o.answerRoot,
      bigEndian(o.inputTokens, 4),
      bigEndian(o.outputTokens, 4),
      amount16(o.fee),
    ].map(field),
  );

const node = (left: Uint8Array, right: Uint8Array): Bytes => hash(Uint8Array.of(1), left, right);

/** merkleRoot is the root of a tree of RFC 6962 over leaf hashes. */
export function merkleRoot(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length < 2) return leaves[0] ?? hash();
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return node(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

/** verifyPath checks an audit path of RFC 9162, 2.1.3.2. */
export function verifyPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index >= count) return false;
  let at = leaf,
    first = BigInt(index),
    last = BigInt(count) - 1n;
  for (const sibling of path) {
    if (last === 0n) return false;
    if (first & 1n || first === last) {
      at = node(sibling, at);
      while (first && !(first & 1n)) [first, last] = [first >> 1n, last >> 1n];
    } else at = node(at, sibling);
    [first, last] = [first >> 1n, last >> 1n];
  }
  return last === 0n && equal(at, root);
}

/** answerRoot is the commitment to the text of an answer under a method. */
export function answerRoot(callKey: Uint8Array, text: string, method = SPAN): Bytes {
  const tokens = tokenize(text),
    marks = method === MEANING ? marksOf(text) : [];
  const leaves = tokens.map(({ id }, i) => {
    const salt = keyedHash(callKey, concat(utf8("openledger/salt/v1"), bigEndian(i, 4))).slice(0, 16);
    return hash(Uint8Array.of(0), bigEndian(i + (marks[i] ?? 0) * 2 ** 30, 4), bigEndian(id, 8), salt);
  });
  const weight = method === MEANING ? weightOf(text) : 0;
  return hash(Uint8Array.of(3), bigEndian(tokens.length, 4), merkleRoot(leaves), bigEndian(weight, weight ? 4 : 0));
}

interface ToolCall {
  function: { name: string; arguments: string };
}

/** Message of a conversation, in the form of OpenAI's API. */
export interface Message {
  role: string;
  content?: string | { type: string; text: string }[] | null;
  tool_calls?: (ToolCall & { id: string; type: string })[];
}

const callText = (call: ToolCall): string => `${call.function.name} ${call.function.arguments}`;

/** answered returns the text of an answer: its content and then its tool calls, each on a line of its own. */
export function answered(message: Message): string {
  const content = typeof message.content === "string" ? message.content : "";
  return [...(content ? [content] : []), ...(message.tool_calls ?? []).map(callText)].join("\n");
}

/** inputTokens counts the tokens that are billed for a question. */
export function inputTokens(request: Request): number {
  let count = 0;
  const add = (text: string) => void (count += tokenize(text).length);
  for (const message of (request.messages ?? []) as unknown as Message[]) {
    add(Array.isArray(message.content) ? message.content.map((part) => part.text).join("\n") : (message.content ?? ""));
    for (const call of message.tool_calls ?? []) add(callText(call));
  }
  for (const value of [request.tools, request.response_format]) if (value != null) add(canonical(value));
  return count;
}

/** ReceiptProof leads from a receipt to the peaks that the chain keeps, as in openledger.attribution.v1. */
export interface ReceiptProof {
  record: Uint8Array;
  batchRoot: Uint8Array;
  index: number;
  receipts: number;
  path: Uint8Array[];
  leaf: bigint;
  siblings: Uint8Array[];
  count: bigint;
}

/** Receipt that a proof opens. */
export interface Receipt {
  session: Uint8Array;
  call: bigint;
  commitment: Uint8Array;
  inputTokens: number;
  outputTokens: number;
  fee: bigint;
  /** loraPpm is the part of weightPpm for what a contribution taught the adapter (method LORA). */
  entries: { contribution: bigint; weightPpm: number; loraPpm?: number }[];
  unattributedPpm: number;
  acknowledged: boolean;
  modelId: bigint;
  modelVersion: number;
  method: number;
}

/** verifyReceipt checks a proof against the accumulator of the chain, and returns the receipt. It throws on failure. */
export function verifyReceipt(proof: ReceiptProof, accumulator: { count: bigint; peaks: Uint8Array[] }): Receipt {
  if (proof.count !== accumulator.count)
    throw new Error("the proof was made for another number of batches: ask for it again");
  const receipt = readRecord(proof.record);
  const leaf = hash(Uint8Array.of(0), proof.record);
  if (!verifyPath(leaf, proof.index, proof.receipts, proof.path, proof.batchRoot))
    throw new Error("the receipt is not in its batch");
  let index = proof.leaf,
    height = accumulator.count.toString(2).length,
    peak = 0;
  for (height--; height >= 0; height--) {
    const size = 1n << BigInt(height);
    if (!(accumulator.count & size)) continue;
    if (index < size) break;
    index -= size;
    peak++;
  }
  let at = proof.batchRoot;
  for (const [i, sibling] of proof.siblings.entries())
    at = (index >> BigInt(i)) & 1n ? node(sibling, at) : node(at, sibling);
  const top = accumulator.peaks[peak];
  if (proof.leaf >= proof.count || proof.siblings.length !== height || !top || !equal(at, top)) {
    throw new Error("the batch is not one of the chain's");
  }
  return receipt;
}

/** readRecord reads the packed form of a receipt. It throws if anything else follows. */
export function readRecord(data: Uint8Array): Receipt {
  let at = 0;
  const bytes = (n: number): Uint8Array => {
    if (at + n > data.length) throw new Error("the record ends early");
    return data.slice(at, (at += n));
  };
  const byte = (): number => bytes(1)[0] as number;
  const uvarint = (most: bigint): bigint => {
    let value = 0n,
      shift = 0n,
      b: number;
    do {
      b = byte();
      value |= BigInt(b & 127) << shift;
      shift += 7n;
    } while (b & 128 && shift < 70n);
    if (value > most || (b === 0 && shift > 7n)) bad("number"); // it is too large, or not in its shortest form
    return value;
  };
  const small = (): number => Number(uvarint(2n ** 32n - 1n));
  const wide = (): bigint => uvarint(2n ** 64n - 1n);
  const amount = (): bigint => {
    const written = bytes(byte());
    if (written.length > 16 || written[0] === 0) bad("amount");
    return written.reduce((sum, b) => (sum << 8n) | BigInt(b), 0n);
  };
  // A number of 128 or more says that the entries have a part by influence.
  const entries = (number: number): Receipt["entries"] =>
    Array.from({ length: number & 127 }, () => {
      const entry = { contribution: wide(), weightPpm: small() };
      return number < 128 ? entry : { ...entry, loraPpm: small() };
    });
  const receipt: Receipt = {
    session: bytes(32),
    call: wide(),
    commitment: bytes(32),
    inputTokens: small(),
    outputTokens: small(),
    fee: amount(),
    entries: entries(byte()),
    unattributedPpm: small(),
    acknowledged: [false, true][byte()] ?? bad("flag"),
    modelId: wide(),
    modelVersion: small(),
    method: byte(),
  };
  const sum = receipt.entries.reduce((all, entry) => all + entry.weightPpm, receipt.unattributedPpm);
  if (at !== data.length || (sum !== 1_000_000 && sum !== 0)) throw new Error("the record does not add up");
  return receipt;
}

function bad(part: string): never {
  throw new Error(`the record has a wrong ${part}`);
}
