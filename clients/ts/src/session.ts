// Sessions: keys that are stored before money moves, vouchers, and the check of answers before they are acknowledged.
import { ed25519 } from "@noble/curves/ed25519.js";
import { decodeAddress } from "./address.js";
import { base64, equal, fromBase64, fromHex, hex } from "./bytes.js";
import {
  ACK_CALL,
  answerBytes,
  answered,
  answerRoot,
  callHash,
  inputTokens,
  MEANING,
  nextHash,
  NO_HASH,
  noOutcome,
  queryHash,
  totalPrice,
  voucherBytes,
  withoutPayment,
  type Message,
  type Outcome,
  type Price,
  type Request,
} from "./poa.js";
import { checkText, tokenize } from "./text.js";

/** AnswerError says that an answer is not what the provider signed. It is not acknowledged: close the session. */
export class AnswerError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`the answer ${problem}`, options);
  }
}

/** GatewayError is an error that a gateway returned. With gap, the call is recorded as failed and not charged. */
export class GatewayError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly gap: boolean,
  ) {
    super(`${message} (${code})`);
  }
}

/** accepted returns a gateway's response, or throws a GatewayError that says why it refused. */
export async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; openledger_gap?: boolean } };
    throw new GatewayError(response.status, error.code, error.message, error.openledger_gap === true);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError(response.status, "unknown", response.statusText, false);
  }
}

/** Source is a contribution that is paid for an answer. */
export interface Source {
  contribution: number;
  contributor: string;
  datanet_id: number;
  title: string;
  licence: string;
  weight_ppm: number;
  /** lora_ppm is the part of weight_ppm for what it taught the adapter. */
  lora_ppm?: number;
}

/** Proof is the openledger object of an answer. */
export interface Proof {
  receipt_id: string;
  session: string;
  n: number;
  answer_root: string;
  input_tokens: number;
  output_tokens: number;
  fee: string;
  answer_signature: string | null;
  unattributed_ppm: number;
  spans: { start: number; end: number; contribution: number; contributor: string; segment: number }[];
  sources: Source[];
  gap?: boolean;
}

/** Answer is an answer and its proof. unproved is text that was sent after the signed text, at no charge. */
export interface Answer {
  message: Message;
  text: string;
  unproved: string;
  finish: string;
  proof: Proof;
}

/** Terms of a session on chain. */
export interface Terms {
  chainId: string;
  gateway: string;
  id: string; // hex
  provider: string;
  modelId: string;
  modelVersion: number;
  answerKey: string; // hex
  price: { input: string; output: string; royalty: string };
}

interface Paid {
  session: string;
  call_key: string;
  n: number;
  max_fee: string;
  cumulative_max: string;
  head: string;
  signature: string;
}

/** State is what a session must remember. It is JSON. */
export interface State extends Terms {
  seed: string; // of the session key, hex
  n: number;
  head: string;
  last: { answerRoot: string; inputTokens: number; outputTokens: number; fee: string } | null;
  spent: string;
  pending: { request: Request; paid: Paid; before: Pick<State, "n" | "head" | "last">; shown: string } | null;
}

/** Store keeps a state: save must return only when it cannot be lost. One program at a time uses a session. */
export interface Store {
  save(state: State): void | Promise<void>;
}

/** newKey draws a session key. Store the seed before you send the transaction that opens the session. */
export function newKey(): { seed: string; publicKey: Uint8Array } {
  const seed = crypto.getRandomValues(new Uint8Array(32));
  return { seed: hex(seed), publicKey: ed25519.getPublicKey(seed) };
}

/** publicKeyOf returns the public key of a seed in hex. */
export const publicKeyOf = (seed: string): Uint8Array => ed25519.getPublicKey(fromHex(seed));

/** begin returns the state of a session that was just opened with a key. */
export const begin = (seed: string, terms: Terms): State => ({
  ...terms,
  seed,
  n: 0,
  head: hex(NO_HASH),
  last: null,
  spent: "0",
  pending: null,
});

/** Session asks questions, pays for them, and checks the answers. */
export class Session {
  private busy: Promise<unknown> = Promise.resolve();

  constructor(
    readonly state: State,
    private readonly store: Store,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {}

  get price(): Price {
    const { input, output, royalty } = this.state.price;
    return { input: BigInt(input), output: BigInt(output), royalty: BigInt(royalty) };
  }

  /** spent on answers, in aopen. */
  get spent(): bigint {
    return BigInt(this.state.spent);
  }

  /** once runs one call after another: two at the same time would sign for different calls of one number. */
  private once<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.busy.then(work, work);
    this.busy = turn.catch(() => undefined);
    return turn;
  }

  /**
   * ask asks a question, in the form of POST /v1/chat/completions, for at most maxFee in aopen. With piece, the answer
   * is streamed: piece is called with each part of the text, before it can be checked. If the answer to an earlier
   * question has not arrived, ask settles that one first.
   */
  ask(request: Request, maxFee: bigint, piece?: (text: string) => void): Promise<Answer> {
    return this.once(async () => {
      if (this.state.pending) await this.settlePending();
      const s = this.state,
        callKey = crypto.getRandomValues(new Uint8Array(32)),
        n = s.n + 1;
      const query: Request = { ...withoutPayment(request), model: `openledger/${s.modelId}` };
      const head = nextHash(fromHex(s.head), callHash(queryHash(callKey, query), maxFee), this.last());
      const cumulative = this.spent + maxFee;
      const paid: Paid = {
        session: s.id,
        call_key: hex(callKey),
        n,
        max_fee: maxFee.toString(),
        cumulative_max: cumulative.toString(),
        head: hex(head),
        signature: this.sign(n, head, cumulative),
      };
      s.pending = { request: query, paid, before: { n: s.n, head: s.head, last: s.last }, shown: "" };
      [s.n, s.head, s.last] = [n, hex(head), null];
      await this.store.save(s);
      try {
        return await this.attempt(piece);
      } catch (error) {
        if (error instanceof GatewayError && error.gap) await this.settle(noOutcome);
        else if (error instanceof GatewayError && error.code !== "unknown") await this.withdraw();
        throw error;
      }
    });
  }

  /** recover asks again for a lost answer, with the voucher that pays for it. It returns none if the call failed. */
  recover(): Promise<Answer | undefined> {
    return this.once(() => this.settlePending());
  }

  private async settlePending(): Promise<Answer | undefined> {
    const asked = this.state.pending;
    if (!asked) return undefined;
    try {
      return await this.attempt();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (error.gap) return void (await this.settle(noOutcome));
      if (error.status >= 500 || error.status === 429 || ["session_busy", "unknown"].includes(error.code)) throw error;
      const status = await this.status();
      if (!status || status.n < asked.paid.n) return void (await this.withdraw());
      if (status.n === asked.paid.n && status.head === asked.paid.head && status.gap)
        return void (await this.settle(noOutcome));
      throw new AnswerError("is lost: close the session", { cause: error });
    }
  }

  /** acknowledge signs for the last answer without another question, so that its contributors are paid now. */
  acknowledge(): Promise<void> {
    return this.once(async () => {
      const s = this.state;
      if (!s.last) return;
      const { n, head } = this.acknowledged();
      await this.call(`/v1/openledger/sessions/${s.id}/voucher`, {
        n,
        head: hex(head),
        cumulative_max: s.spent,
        signature: this.sign(n, head, this.spent),
      });
      [s.n, s.head, s.last] = [n, hex(head), null];
      await this.store.save(s);
    });
  }

  /** closing returns the fields of MsgCloseSession that acknowledge the last answer; calls is 0 if there is none. */
  closing(): { calls: bigint; head: Uint8Array } {
    if (!this.state.last) return { calls: 0n, head: new Uint8Array() };
    const { n, head } = this.acknowledged();
    return { calls: BigInt(n), head };
  }

  private acknowledged(): { n: number; head: Uint8Array } {
    return { n: this.state.n + 1, head: nextHash(fromHex(this.state.head), ACK_CALL, this.last()) };
  }

  private last(): Outcome {
    const last = this.state.last;
    return last ? { ...last, answerRoot: fromHex(last.answerRoot), fee: BigInt(last.fee) } : noOutcome;
  }

  private sign(n: number, head: Uint8Array, cumulativeMax: bigint): string {
    const s = this.state;
    const voucher = voucherBytes({
      chainId: s.chainId,
      session: fromHex(s.id),
      provider: decodeAddress(s.provider),
      modelId: BigInt(s.modelId),
      modelVersion: s.modelVersion,
      price: this.price,
      n: BigInt(n),
      head,
      cumulativeMax,
    });
    return base64(ed25519.sign(voucher, fromHex(s.seed)));
  }

  private async settle(outcome: Outcome): Promise<void> {
    const s = this.state;
    s.pending = null;
    if (outcome !== noOutcome) {
      s.last = { ...outcome, answerRoot: hex(outcome.answerRoot), fee: outcome.fee.toString() };
      s.spent = (this.spent + outcome.fee).toString();
    }
    await this.store.save(s);
  }

  private async withdraw(): Promise<void> {
    Object.assign(this.state, this.state.pending?.before, { pending: null });
    await this.store.save(this.state);
  }

  private async call(path: string, body?: unknown): Promise<Response> {
    const response = await this.fetch(
      this.state.gateway + path,
      body === undefined
        ? {}
        : {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          },
    );
    return accepted(response);
  }

  private async status(): Promise<{ n: number; head: string; gap: boolean } | undefined> {
    try {
      return (await (await this.call(`/v1/openledger/sessions/${this.state.id}`)).json()) as {
        n: number;
        head: string;
        gap: boolean;
      };
    } catch (error) {
      if (error instanceof GatewayError && error.status === 404) return undefined;
      throw error;
    }
  }

  private async attempt(piece?: (text: string) => void): Promise<Answer> {
    const s = this.state,
      asked = s.pending;
    if (!asked) throw new Error("nothing is pending");
    let shown = "";
    const take = (text: string): void => {
      shown += text;
      piece?.(text);
    };
    let got: Omit<Answer, "text" | "unproved">;
    try {
      const response = await this.call("/v1/chat/completions", {
        ...asked.request,
        openledger: asked.paid,
        stream: piece !== undefined,
      });
      got = piece ? await readStream(response, take) : await readWhole(response);
    } catch (error) {
      if (shown.length > asked.shown.length) {
        asked.shown = shown;
        await this.store.save(s);
      }
      throw error;
    }
    const answer = { ...got, ...proved(got) };
    const outcome = check(s, answer);
    const said = answer.text + answer.unproved;
    if (!said.startsWith(asked.shown) && !asked.shown.startsWith(said)) {
      throw new AnswerError("differs from what was shown before the connection was lost");
    }
    await this.settle(outcome);
    return answer;
  }
}

/** proved splits an answer into the text that the provider signs for, and what was sent after it. */
function proved({ message, proof }: { message: Message; proof: Proof }): { text: string; unproved: string } {
  const said = answered(message),
    tokens = proof.output_tokens > 0 ? tokenize(said) : [];
  const end = tokens.length > proof.output_tokens ? tokens[proof.output_tokens - 1]?.end : undefined;
  if (end === undefined) return { text: said, unproved: "" };
  const letters = Array.from(said);
  return { text: letters.slice(0, end).join(""), unproved: letters.slice(end).join("") };
}

/** check recomputes root, tokens and fee of a pending answer, and checks the signature. It throws AnswerError. */
export function check(state: State, answer: Answer): Outcome {
  const { pending } = state,
    { proof } = answer;
  if (!pending || proof.session !== state.id || proof.n !== pending.paid.n)
    throw new AnswerError("belongs to another call");
  if (proof.gap) {
    if (proof.fee !== "0" || proof.sources.length || proof.input_tokens || proof.output_tokens) {
      throw new AnswerError("says that the sources say nothing, but it charges");
    }
    return noOutcome;
  }
  const key = fromHex(pending.paid.call_key),
    root = fromHex(proof.answer_root);
  if (!equal(root, answerRoot(key, answer.text)) && !equal(root, answerRoot(key, answer.text, MEANING))) {
    throw new AnswerError("has the root of another text");
  }
  const input = inputTokens(pending.request),
    output = tokenize(answer.text).length;
  if (proof.input_tokens !== input || proof.output_tokens !== output)
    throw new AnswerError("bills other tokens than there are");
  const problem = checkText(answer.text);
  if (problem) throw new AnswerError(`hides words from attribution: ${problem.code} at ${problem.position}`);
  const fee = BigInt(proof.fee),
    { price } = state;
  const quoted = totalPrice(
    { input: BigInt(price.input), output: BigInt(price.output), royalty: BigInt(price.royalty) },
    input,
    output,
  );
  if (fee < 0n || fee > quoted || fee > BigInt(pending.paid.max_fee))
    throw new AnswerError("costs more than the price or the maximum");
  const outcome: Outcome = { answerRoot: root, inputTokens: input, outputTokens: output, fee };
  const signed = answerBytes(state.chainId, fromHex(state.id), BigInt(proof.n), outcome);
  const signature = fromBase64(proof.answer_signature ?? "");
  if (signature.length !== 64 || !ed25519.verify(signature, signed, fromHex(state.answerKey), { zip215: true })) {
    throw new AnswerError("is not signed by the provider");
  }
  return outcome;
}

type Got = Omit<Answer, "text" | "unproved">;

async function readWhole(response: Response): Promise<Got> {
  const whole = (await response.json()) as {
    choices: { message: Message; finish_reason: string }[];
    openledger: Proof;
  };
  const choice = whole.choices[0];
  if (!choice) throw new Error("the answer has no choice");
  return { message: choice.message, finish: choice.finish_reason, proof: whole.openledger };
}

interface Chunk {
  choices: { delta?: { content?: string; tool_calls?: Message["tool_calls"] }; finish_reason?: string | null }[];
  openledger?: Proof;
  error?: { code: string; message: string; openledger_gap?: boolean };
}

async function readStream(response: Response, piece: (text: string) => void): Promise<Got> {
  const message: Message & { content: string } = { role: "assistant", content: "" };
  let finish = "",
    proof: Proof | undefined;
  for await (const data of events(response)) {
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error)
      throw new GatewayError(200, chunk.error.code, chunk.error.message, chunk.error.openledger_gap === true);
    proof = chunk.openledger ?? proof;
    for (const { delta, finish_reason: why } of chunk.choices) {
      finish = why ?? finish;
      if (delta?.tool_calls) message.tool_calls = [...(message.tool_calls ?? []), ...delta.tool_calls];
      if (!delta?.content) continue;
      message.content += delta.content;
      piece(delta.content);
    }
  }
  if (!proof) throw new Error("the stream ended without a signature");
  return { message, finish, proof };
}

/** events yields the data of server-sent events, up to [DONE]. */
async function* events(response: Response): AsyncGenerator<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader(),
    decoder = new TextDecoder();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield data;
    }
    if (done) return;
  }
}
